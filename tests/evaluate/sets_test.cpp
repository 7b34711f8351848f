#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "evaluate/markers.hpp"
#include "evaluate/set_summary.hpp"
#include "evaluate/small_study.hpp"

namespace grids::core {
namespace {

TEST(Markers, AreGenesOfTheirTypeInOrderOfTheDifference) {
  const auto study = small_study(300, 20, 12, 3);
  const auto validation = study.cells_of(Split::kValidation);
  const auto perfect = from_matrix(to_dense(select_rows(study.expression, validation)), 12);
  const auto choice = choose_markers(study, validation, perfect, {.per_type = 2});
  EXPECT_TRUE(choice.gated);
  ASSERT_EQ(choice.markers.size(), 6u);
  // By construction of the study gene g is high in type g mod 3.
  for (const auto& marker : choice.markers) EXPECT_EQ(marker.gene % 3, marker.type);
  EXPECT_EQ(marker_names(study, choice.markers).front().cell_type, "type 0");
}

TEST(Markers, LeaveOutGenesThatAreNotPredictedBetterThanTheirMean) {
  const auto study = small_study(300, 20, 12, 3);
  const auto validation = study.cells_of(Split::kValidation);
  auto predicted = to_dense(select_rows(study.expression, validation));
  const auto choose = [&](const MarkerOptions& options) {
    return choose_markers(study, validation, from_matrix(predicted, 12), options);
  };
  const auto first = choose({.per_type = 1}).markers[0].gene;
  for (size_t i = 0; i < validation.size(); ++i) {
    predicted[i * 12 + static_cast<size_t>(first)] = 100;
  }
  const auto choice = choose({});
  for (const auto& marker : choice.markers) EXPECT_NE(marker.gene, first);
  EXPECT_FALSE(choose_markers(study, {}, {}, {}).gated);
}

TEST(Markers, AvoidedGenesOnlyFillWhatOthersLeave) {
  const auto study = small_study(300, 20, 12, 3);
  const auto validation = study.cells_of(Split::kValidation);
  const auto perfect = from_matrix(to_dense(select_rows(study.expression, validation)), 12);
  const auto free = choose_markers(study, validation, perfect, {.per_type = 4}).markers;
  std::vector<uint8_t> avoided(12, 0);
  avoided[static_cast<size_t>(free[0].gene)] = 1;
  auto choice = choose_markers(study, validation, perfect, {.per_type = 1, .avoided = avoided});
  EXPECT_EQ(choice.markers[0], free[1]);  // the next of type 0
  choice = choose_markers(study, validation, perfect, {.per_type = 4, .avoided = avoided});
  EXPECT_EQ(choice.markers[3], free[0]);  // the last of type 0
  avoided.assign(12, 1);
  choice = choose_markers(study, validation, perfect, {.per_type = 4, .avoided = avoided});
  EXPECT_EQ(choice.markers, free);
}

TEST(Markers, OfTheUserAreFoundOrAllReported) {
  const auto study = small_study(300, 20, 12, 3);
  const std::vector<MarkerRequest> requests = {
      {"type 2", "gene5"}, {"all", "ENSG4"}, {"", "gene4"}, {"type 2", "gene5"}};
  const std::vector<Marker> expected = {{2, 5}, {0, 4}, {1, 4}, {2, 4}};
  EXPECT_EQ(find_markers(study, requests), expected);  // gene4 is highest in type 1: there already
  const std::vector<MarkerRequest> wrong = {{"T", "gene1"}, {"type 1", "nope"}};
  try {
    find_markers(study, wrong);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("'T'"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("'nope'"), std::string::npos);
  }
}

EvaluatedSet example_set() {
  EvaluatedSet set;
  set.type = 1;
  set.gene = 2;
  set.method = "coordinate";
  set.peaks = {13, 3, 11};
  set.change = {40, -2.5, -0.125, -0.25, -7};
  set.objective = 0.75;
  set.evaluations = 321;
  set.seed = 9;
  set.contrast.cells = 40;
  set.contrast.predicted = -0.5;
  set.contrast.slope = 0.75;
  set.contrast.low = 0.5;
  set.contrast.high = 1;
  set.contrast.p = 1e-60;
  set.contrast.note = "few";
  set.contrast.p_below_half = 0.25;
  set.contrast.q_below_half = 0.5;
  set.contrast.detectable = 0.375;
  set.contrast.verdict = Verdict::kContradicted;
  set.partners = {.rate = 8,
                  .change = -2,
                  .minimal = {3, 11},
                  .minimal_change = -1.9,
                  .partners = {{13, -1.5, 0.02}, {17, -0.5, 0}}};
  set.caution = "few cells";
  return set;
}

TEST(SetSummary, WritesARowForEachPeakByRank) {
  const auto study = small_study(60, 24, 9, 3);
  const EvaluatedSet set = example_set();
  const auto table = subsets_table(study, std::span(&set, 1));
  ASSERT_EQ(table.rows(), 3u);
  EXPECT_EQ(table.text(0, "peak"), "peak13");
  EXPECT_EQ(table.text(0, "chrom"), "chr2");
  EXPECT_EQ(table.text(0, "distance_to_tss"), "NA");  // gene2 lies on chr1
  EXPECT_EQ(table.text(1, "rank"), "2");
  // TSS of gene2 (plus strand) 102,000; peak 3 ends at 30,500, half-open: its last base is 30,499.
  EXPECT_EQ(table.number(1, "distance_to_tss"), 30'499 - 102'000);
  EXPECT_EQ(table.text(0, "in_transcribed_part"), "NA");
  EXPECT_EQ(table.text(1, "in_transcribed_part"), "no");
  EXPECT_EQ(table.number(2, "relative_change"), -0.125);
  EXPECT_EQ(table.number(2, "rate_change"), -0.25);
  EXPECT_EQ(table.number(2, "change_cp100k"), -7);
  EXPECT_EQ(table.number(1, "contrast_slope"), 0.75);
  EXPECT_EQ(table.text(1, "contrast_p"), "1e-60");  // no float: still not 0
  EXPECT_EQ(table.text(1, "contrast_q"), "NA");
  EXPECT_EQ(table.text(1, "contrast_note"), "few");
  EXPECT_EQ(table.text(1, "verdict"), "contradicted");
  EXPECT_EQ(table.text(0, "in_minimal"), "no");
  EXPECT_EQ(table.text(1, "in_minimal"), "yes");
  EXPECT_EQ(table.text(1, "score"), "NA");  // a search has none
  auto scored = set;
  scored.scores = {{.score = 3}, {2, 1.5, 2.5}, {.score = 1}};
  const auto with_scores = subsets_table(study, std::span(&scored, 1));
  EXPECT_EQ(with_scores.number(0, "score"), 3);
  EXPECT_EQ(with_scores.text(0, "score_low"), "NA");
  EXPECT_EQ(with_scores.number(1, "score_low"), 1.5);
  EXPECT_EQ(with_scores.number(1, "score_high"), 2.5);
  auto nothing = set;
  nothing.partners = {};
  EXPECT_EQ(subsets_table(study, std::span(&nothing, 1)).text(0, "in_minimal"), "NA");
}

TEST(SetSummary, PartnersTableHoldsChangesRelativeToTheUnmaskedRate) {
  const auto study = small_study(60, 24, 9, 3);
  const EvaluatedSet set = example_set();
  const auto table = partners_table(study, std::span(&set, 1));
  ASSERT_EQ(table.rows(), 2u);
  EXPECT_EQ(table.text(0, "L"), "3");
  EXPECT_EQ(table.text(0, "peak"), "peak13");
  EXPECT_EQ(table.text(0, "in_set"), "yes");
  EXPECT_EQ(table.number(0, "single_change"), -0.1875);
  EXPECT_EQ(table.number(0, "change_after_minimal"), 0.0025);
  EXPECT_EQ(table.number(0, "set_change"), -0.25);
  EXPECT_EQ(table.number(0, "minimal_change"), -0.2375);
  EXPECT_EQ(table.text(1, "partner"), "2");
  EXPECT_EQ(table.text(1, "in_set"), "no");
}

TEST(SetSummary, ContrastsTableHoldsFoundAndRandomSetsAndTurnsIntervals) {
  const auto study = small_study(60, 24, 9, 3);
  const std::vector<EvaluatedSet> sets = {example_set()};
  Contrast random;
  random.predicted = 0.25;
  random.slope = -1;
  random.low = -2;
  random.high = 0.5;
  const std::vector<RandomSets> beside = {{1, 2, 3, {}, {random}}};
  const auto table = contrasts_table(study, sets, beside);
  ASSERT_EQ(table.rows(), 2u);
  EXPECT_EQ(table.text(0, "set"), "found");
  EXPECT_EQ(table.number(0, "predicted"), -0.5);
  EXPECT_EQ(table.number(0, "observed"), -0.375);  // slope × predicted
  EXPECT_EQ(table.number(0, "observed_low"), -0.5);
  EXPECT_EQ(table.number(0, "observed_high"), -0.25);
  EXPECT_EQ(table.number(0, "p_below_half"), 0.25);
  EXPECT_EQ(table.number(0, "q_below_half"), 0.5);
  EXPECT_EQ(table.number(0, "detectable"), 0.375);
  EXPECT_EQ(table.text(0, "verdict"), "contradicted");
  EXPECT_EQ(table.text(1, "verdict"), "NA");  // nobody claims anything of it
  EXPECT_EQ(table.text(1, "set"), "random 1");
  EXPECT_EQ(table.number(1, "observed_low"), -0.5);
  EXPECT_EQ(table.number(1, "observed_high"), 0.125);
  const std::vector<EvaluatedSet> two(2, sets[0]);
  const auto of_two = contrasts_table(study, two, std::vector<RandomSets>(2, beside[0]));
  ASSERT_EQ(of_two.rows(), 4u);
  EXPECT_EQ(of_two.text(2, "set"), "found");
}

TEST(SetSummary, NearnessHasAColumnForEachDistance) {
  auto study = small_study(60, 24, 9, 3);
  study.peaks.start[3] = 5'000'000;  // the TSS lies at 102,000 of the same chromosome
  study.peaks.end[3] = 5'000'500;
  const auto set = example_set();
  const std::vector<RandomSets> random(1);
  const auto table = set_summary_table(study, std::span(&set, 1), random, ChangeDirection::kDown);
  EXPECT_EQ(table.text(0, "verdict"), "contradicted");
  EXPECT_EQ(table.text(0, "direction"), "down");
  const std::vector<int64_t> distances = {1'000'000, 10'000'000};
  const auto near = nearness(study, set.gene, set.peaks, distances);
  ASSERT_LT(near[0].share, near[1].share);
  // 1e-6: tables hold floats.
  EXPECT_NEAR(table.number(0, "share_within_1mb"), near[0].share, 1e-6);
  EXPECT_NEAR(table.number(0, "share_within_10mb"), near[1].share, 1e-6);
  EXPECT_NEAR(table.number(0, "chance_within_1mb"), near[0].chance, 1e-6);
  EXPECT_NEAR(table.number(0, "chance_within_10mb"), near[1].chance, 1e-6);
}

TEST(SetSummary, PercentileCountsRandomSetsThatGoLessFar) {
  RandomSets random;
  for (const double change : {-0.3, -0.2, -0.1, 0.0, 0.1}) {
    random.changes.push_back({10, change, change, change});
  }
  EXPECT_EQ(effect_size_percentile(-0.5, random, ChangeDirection::kDown), 100);
  EXPECT_EQ(effect_size_percentile(-0.5, random, ChangeDirection::kUp), 0);
  EXPECT_EQ(effect_size_percentile(-0.2, random, ChangeDirection::kDown), 70);  // a tie counts half
  EXPECT_TRUE(std::isnan(effect_size_percentile(0, {}, ChangeDirection::kDown)));
}

TEST(SetSummary, NearnessOfAllPeaksIsItsChance) {
  const auto study = small_study(60, 24, 9, 3);
  std::vector<int32_t> all(24);
  std::iota(all.begin(), all.end(), 0);
  const std::vector<int64_t> distances = {30'000, 1'000'000};
  const auto near = nearness(study, 2, all, distances);
  EXPECT_EQ(near[0].share, near[0].chance);
  // Starts at multiples of 10,000 on chr1; TSS 102,000: 80,000 (last base 80,499) to 110,000.
  EXPECT_DOUBLE_EQ(near[0].share, 4.0 / 24);
  EXPECT_DOUBLE_EQ(near[1].share, 12.0 / 24);
  auto nowhere = study;
  nowhere.genes.chromosome[2].clear();
  EXPECT_TRUE(std::isnan(nearness(nowhere, 2, all, distances)[0].share));
}

TEST(SetSummary, TablesHoldOneRowAnEntry) {
  const auto study = small_study(60, 24, 9, 3);
  const std::vector<EvaluatedSet> sets = {example_set()};
  const std::vector<RandomSets> random = {{1, 2, 3, {{40, -1, -0.01, 0}, {40, 1, 0.02, 0}}}};
  const auto summary = set_summary_table(study, sets, random, ChangeDirection::kDown);
  EXPECT_EQ(summary.number(0, "percentile"), 100);
  EXPECT_EQ(summary.number(0, "cells"), 40);
  EXPECT_EQ(summary.text(0, "counts"), "yes");
  EXPECT_EQ(summary.number(0, "minimal_peaks"), 2);
  EXPECT_EQ(summary.number(0, "minimal_share"), 0.95);
  EXPECT_EQ(summary.number(0, "partners"), 2);
  EXPECT_EQ(summary.text(0, "caution"), "few cells");
  EXPECT_EQ(random_sets_table(study, random).rows(), 2u);
  const std::vector<ChangeInType> changes = {{1, 2, 0, {30, -1, -0.25, -0.5, -2}}};
  const auto table = change_by_type_table(study, changes);
  EXPECT_EQ(table.text(0, "tested_in"), "type 0");
  EXPECT_EQ(table.number(0, "relative_change"), -0.25);
  EXPECT_EQ(table.number(0, "rate_change"), -0.5);
}

}  // namespace
}  // namespace grids::core
