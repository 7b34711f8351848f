#include "compare/recovery.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/error.hpp"
#include "evaluate/set_summary.hpp"
#include "evaluate/small_study.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;

/// 40 peaks on two chromosomes, 10 kb apart, and 4 genes; gene0 (chr1, TSS 100,499) is held up
/// together by peak5 and peak11 and by a peak that was filtered away;
/// peak6 is a bystander. gene1 is free.
Study study() {
  return small_study(20, 40, 4, 2);
}

Truth planted() {
  Truth truth;
  truth.types = {"type 0", "type 1"};
  truth.genes.resize(2);
  truth.genes[0].gene = "gene0";
  truth.genes[0].kind = Regulation::kTogether;
  truth.genes[0].peaks = {"peak5", "peak11", "filtered"};
  truth.genes[0].effect = -1;
  truth.genes[0].types = {"type 0"};
  truth.genes[0].bystanders = {"peak6"};
  truth.genes[1].gene = "gene1";
  return truth;
}

/// A set as the pipeline writes it.
EvaluatedSet found(int32_t type, int32_t gene, std::vector<int32_t> peaks,
                   std::string method = "coordinate") {
  EvaluatedSet set;
  set.type = type;
  set.gene = gene;
  set.method = std::move(method);
  set.peaks = std::move(peaks);
  set.seed = 3;
  return set;
}

Table table_of(const std::vector<EvaluatedSet>& sets) {
  auto table = subsets_table(study(), sets);
  table.source = "subsets.tsv";
  return table;
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Recovery, CountsMembersBystandersAndChance) {
  const auto table = table_of({found(0, 0, {11, 6, 30, 2})});
  const auto sets = measure_recovery(table, planted(), study(), {.window = 59'900});
  ASSERT_EQ(sets.size(), 1u);
  const auto& set = sets[0];
  EXPECT_EQ(set.cell_type, "type 0");
  EXPECT_EQ(set.gene, "gene0");
  EXPECT_EQ(set.method, "coordinate");
  EXPECT_EQ(set.seed, "3");
  EXPECT_EQ(set.kind, Regulation::kTogether);
  EXPECT_EQ(set.set_size, 4);
  EXPECT_EQ(set.members, 3) << "a member that was filtered away counts as not found";
  EXPECT_EQ(set.members_found, 1);
  EXPECT_DOUBLE_EQ(set.recall, 1.0 / 3);
  EXPECT_EQ(set.bystanders_found, 1);
  // Two of 40 peaks are members; four are drawn.
  EXPECT_DOUBLE_EQ(set.expected_by_chance, 4 * 2 / 40.0);
  // Peaks 5 … 16 lie within 59.9 kb of 100,499: 12 of 40, peaks 11 and 6 of the found four.
  EXPECT_DOUBLE_EQ(set.near_tss_chance, 12 / 40.0);
  EXPECT_DOUBLE_EQ(set.near_tss_share, 0.5);
  EXPECT_DOUBLE_EQ(set.expected_near_tss, 4 * 2 / 12.0);
}

TEST(Recovery, PartnersTakeThePlaceOfMembersThatCanBeSpared) {
  auto set = found(0, 0, {30, 11, 2});
  set.partners = {.rate = 1,
                  .change = -0.5,
                  .minimal = {11},
                  .minimal_change = -0.5,
                  .partners = {{5, -0.5, 0}, {6, -0.25, 0}, {7, -0.25, 0}}};
  const auto alone = found(0, 1, {1, 2});
  const auto partners = partners_table(study(), std::vector{set, alone});
  const auto with =
      measure_recovery(table_of({set, alone}), planted(), study(), {}, nullptr, &partners);
  ASSERT_EQ(with.size(), 2u);
  EXPECT_EQ(with[0].members_found, 1);
  EXPECT_EQ(with[0].members_with_partners, 2);  // peaks 11, 5 and 6: as many as the set has
  EXPECT_DOUBLE_EQ(with[0].recall_with_partners, 2.0 / 3);
  EXPECT_TRUE(std::isnan(with[1].recall_with_partners));
  const auto without = measure_recovery(table_of({set, alone}), planted(), study());
  EXPECT_EQ(without[0].members_with_partners, 1);
  const auto kinds = summarise_recovery(with);
  EXPECT_DOUBLE_EQ(kinds.back().recall_with_partners, 2.0 / 3);
  EXPECT_EQ(kinds.back().whole_sets_with_partners, 0);
}

TEST(Recovery, ASetHasNothingToFindWhereItDoesNotAct) {
  const auto sets =
      measure_recovery(table_of({found(1, 0, {5, 11}), found(0, 1, {5, 11})}), planted(), study());
  ASSERT_EQ(sets.size(), 2u);
  for (const auto& set : sets) {
    EXPECT_EQ(set.kind, Regulation::kNone);
    EXPECT_EQ(set.members, 0);
    EXPECT_EQ(set.members_found, 0);
    EXPECT_TRUE(std::isnan(set.recall));
  }
}

TEST(Recovery, SetsOfDifferentMethodsStayApartAndTheSummaryPoolsThem) {
  const auto table = table_of({found(0, 0, {5, 11}), found(0, 0, {5, 6}, "random"),
                               found(0, 0, {1, 11}, "random"), found(0, 1, {1, 2})});
  // Two sets of one method, type, gene, L and seed cannot be told apart: four peaks in one.
  const auto sets = measure_recovery(table, planted(), study());
  ASSERT_EQ(sets.size(), 3u);
  EXPECT_EQ(sets[1].set_size, 4);
  const auto kinds = summarise_recovery(sets);
  ASSERT_EQ(kinds.size(), 3u);
  EXPECT_EQ(kinds[0].method, "coordinate");
  EXPECT_EQ(kinds[0].kind, Regulation::kNone);
  EXPECT_TRUE(std::isnan(kinds[0].recall));
  EXPECT_EQ(kinds[1].kind, Regulation::kTogether);
  EXPECT_DOUBLE_EQ(kinds[1].recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(kinds[1].recall_by_chance, (2 * 2 / 40.0) / 3);
  EXPECT_EQ(kinds[1].whole_sets, 0);
  EXPECT_EQ(kinds[2].method, "random");
  EXPECT_EQ(kinds[2].bystanders_found, 1);
  EXPECT_EQ(recovery_columns().table(sets).rows(), 3u);
  EXPECT_EQ(recovery_by_kind_columns().table(kinds).rows(), 3u);
}

TEST(Recovery, WithoutGenePositionsOnlyNearnessIsUnknown) {
  auto blind = study();
  for (auto& chromosome : blind.genes.chromosome) chromosome.clear();
  const auto sets = measure_recovery(table_of({found(0, 0, {5, 11})}), planted(), blind);
  EXPECT_EQ(sets[0].members_found, 2);
  EXPECT_TRUE(std::isnan(sets[0].near_tss_share));
  EXPECT_TRUE(std::isnan(sets[0].expected_near_tss));
  EXPECT_FALSE(std::isnan(sets[0].expected_by_chance));
}

TEST(Recovery, ChanceIsWhatRandomSetsGive) {
  // The law behind `expected_by_chance`: many sets drawn at random find that many members.
  RandomStream random(5, Purpose::kBenchmark);
  std::vector<EvaluatedSet> sets;
  const int draws = 2000;
  for (int i = 0; i < draws; ++i) {
    std::vector<int32_t> peaks(40);
    for (int32_t j = 0; j < 40; ++j) peaks[static_cast<size_t>(j)] = j;
    random.shuffle(std::span(peaks));
    peaks.resize(10);
    sets.push_back(found(0, 0, peaks));
    sets.back().seed = static_cast<uint64_t>(i);
  }
  const auto recovered = measure_recovery(table_of(sets), planted(), study());
  ASSERT_EQ(recovered.size(), static_cast<size_t>(draws));
  double mean = 0;
  for (const auto& set : recovered) mean += static_cast<double>(set.members_found) / draws;
  // Variance of a hypergeometric count of 2 in 40, 10 drawn: 0.365; four standard errors.
  EXPECT_NEAR(mean, recovered[0].expected_by_chance, 4 * std::sqrt(0.365 / draws));
}

/// Every fourth peak follows the programme of type 0, others a state's: 1, 11, 21 and 31.
PeakTruth programmes() {
  PeakTruth peaks;
  for (const auto& name : study().peaks.names) {
    const auto i = peaks.names.size();
    peaks.names.push_back(name);
    peaks.role.push_back(PeakRole::kBackground);
    peaks.programme.push_back(i % 4 == 0 ? 0 : i % 10 == 1 ? 2 : -1);
    peaks.level.push_back(peaks.programme.back() >= 0 ? 0.5 : 0);
    peaks.type_level.push_back(peaks.level.back());
  }
  return peaks;
}

TEST(Recovery, TellsWhichProgrammeTheFoundPeaksFollow) {
  auto truth = planted();
  truth.genes[0].programme = 2;
  truth.genes[1].programme = 0;
  auto peaks = programmes();
  peaks.type_level[8] = 0;  // a cause, say: no more open in the type
  const std::vector<int32_t> set = {0, 4, 8, 11, 2};
  const auto table = table_of({found(0, 0, set), found(0, 1, set), found(1, 0, set)});
  // All peaks count as similar: 40 less the 5 found, of which 7 follow type 0 and 3 the state.
  const auto sets = measure_recovery(table, truth, study(), {.similar_peaks = 40}, &peaks);
  ASSERT_EQ(sets.size(), 3u);
  EXPECT_DOUBLE_EQ(sets[0].programme.share, 2 / 5.0);
  EXPECT_DOUBLE_EQ(sets[0].programme.chance, 7 / 35.0);
  EXPECT_DOUBLE_EQ(sets[0].gene_programme.share, 1 / 5.0);
  EXPECT_DOUBLE_EQ(sets[0].gene_programme.chance, 3 / 35.0);
  EXPECT_DOUBLE_EQ(sets[1].programme.share, 2 / 5.0);
  EXPECT_TRUE(std::isnan(sets[1].gene_programme.share)) << "the gene follows the type's programme";
  EXPECT_DOUBLE_EQ(sets[2].programme.share, 0) << "no peak marks type 1";
  EXPECT_DOUBLE_EQ(sets[2].programme.chance, 0);
  EXPECT_DOUBLE_EQ(sets[2].gene_programme.share, 1 / 5.0);

  const auto kinds = summarise_recovery(sets);
  ASSERT_EQ(kinds.size(), 2u);
  EXPECT_EQ(kinds[0].kind, Regulation::kNone);
  EXPECT_DOUBLE_EQ(kinds[0].programme.share, (2 / 5.0 + 0) / 2);
  EXPECT_DOUBLE_EQ(kinds[0].programme.chance, (7 / 35.0 + 0) / 2);
  EXPECT_DOUBLE_EQ(kinds[0].gene_programme.share, 1 / 5.0) << "over the one set that has it";
  EXPECT_EQ(recovery_columns().table(sets).text(0, "programme_share"), "0.4");
  EXPECT_EQ(recovery_columns().table(sets).text(1, "gene_programme_share"), "NA");
  EXPECT_EQ(recovery_by_kind_columns().table(kinds).text(0, "programme_share"), "0.2");
}

TEST(Recovery, AProgrammesChanceIsThatOfPeaksOpenAsOftenInTheType) {
  // In training cells of type 0 the peaks of its programme are always open and no others are; in
  // all other cells it is the other way round. A found peak of the programme is then compared with
  // peaks of the programme only, a closed one with closed ones.
  auto marked = study();
  marked.open = {};
  marked.open.columns = marked.peaks.size();
  for (int64_t cell = 0; cell < marked.cells.size(); ++cell) {
    const bool trains = marked.cells.split[static_cast<size_t>(cell)] == Split::kTrain &&
                        marked.cells.type.codes[static_cast<size_t>(cell)] == 0;
    for (int32_t peak = 0; peak < 40; ++peak) {
      if (trains == (peak % 4 == 0)) marked.open.indices.push_back(peak);
    }
    marked.open.offsets.push_back(marked.open.nonzeros());
    ++marked.open.rows;
  }
  const auto peaks = programmes();
  // The ten commonest peaks are those of the programme; 20 and 24 lie in the middle of them.
  const auto sets = measure_recovery(table_of({found(0, 0, {20, 24, 1})}), planted(), marked,
                                     {.similar_peaks = 10}, &peaks);
  EXPECT_DOUBLE_EQ(sets[0].programme.share, 2 / 3.0);
  EXPECT_DOUBLE_EQ(sets[0].programme.chance, 2 / 3.0);
}

TEST(Recovery, WithoutPeakTruthProgrammesAreUnknown) {
  const auto sets = measure_recovery(table_of({found(0, 0, {5, 11})}), planted(), study());
  EXPECT_TRUE(std::isnan(sets[0].programme.share));
  EXPECT_EQ(recovery_columns().table(sets).text(0, "programme_share"), "NA");
  const auto kinds = recovery_by_kind_columns().table(summarise_recovery(sets));
  EXPECT_EQ(kinds.text(0, "programme_chance"), "NA");
}

TEST(Recovery, SaysWhatDoesNotBelongTogether) {
  auto other = planted();
  other.genes[0].gene = "someone else";
  EXPECT_THAT(message_of([&] { measure_recovery(table_of({found(0, 0, {5})}), other, study()); }),
              HasSubstr("subsets.tsv: the truth knows no gene 'gene0'"));
  auto smaller = study();
  smaller.peaks.names[5] = "renamed";
  EXPECT_THAT(
      message_of([&] { measure_recovery(table_of({found(0, 0, {5})}), planted(), smaller); }),
      HasSubstr("subsets.tsv: row 1: the study has no peak 'peak5'"));
  auto peaks = programmes();
  peaks.names[7] = "renamed";
  EXPECT_THAT(message_of([&] {
                measure_recovery(table_of({found(0, 0, {5})}), planted(), study(), {}, &peaks);
              }),
              HasSubstr("the truth about peaks does not know 'peak7'"));
}

}  // namespace
}  // namespace grids::core
