#include "validate/combinations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <fstream>

#include "base/error.hpp"
#include "base/random.hpp"
#include "support/fixture.hpp"
#include "support/temp_folder.hpp"
#include "validate/judge_combinations.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;

Combination pair_of(double a, double b, double both, double error) {
  Combination combination;
  combination.gene = "G";
  combination.names = {"chr1:100-200", "chr1:900-1000"};
  combination.elements = {{"1", 100, 200}, {"1", 900, 1000}};
  combination.single = {{std::log(a), error}, {std::log(b), error}};
  combination.joint = {std::log(both), error};
  return combination;
}

TEST(Combinations, HiddenShareIsWhatNoSinglePerturbationShows) {
  const auto stand_ins = measure_combination(pair_of(1, 1, 0.4, 0.02));
  EXPECT_NEAR(stand_ins.share.value, 1, 1e-12);
  EXPECT_NEAR(stand_ins.share_log.value, 1, 1e-12);
  EXPECT_EQ(stand_ins.interaction, Interaction::kRedundant);
  const auto needed = measure_combination(pair_of(0.4, 0.4, 0.4, 0.02));
  EXPECT_NEAR(needed.share.value, -1, 1e-12);
  EXPECT_EQ(needed.interaction, Interaction::kCooperative);
  const auto additive = measure_combination(pair_of(0.7, 0.7, 0.4, 0.02));
  EXPECT_NEAR(additive.share.value, 0, 1e-12);
  EXPECT_EQ(additive.interaction, Interaction::kNeither);
  const auto multiplicative = measure_combination(pair_of(0.5, 0.8, 0.4, 0.02));
  EXPECT_NEAR(multiplicative.share_log.value, 0, 1e-12);
  EXPECT_EQ(multiplicative.interaction, Interaction::kNeither);
}

TEST(Combinations, RepressorsAreReadTheRightWay) {
  const auto measured = measure_combination(pair_of(1, 1, 2.5, 0.02));
  EXPECT_NEAR(measured.share.value, 1, 1e-12);
  EXPECT_EQ(measured.interaction, Interaction::kRedundant);
}

TEST(Combinations, WithoutJointEffectNothingIsConcluded) {
  const auto measured = measure_combination(pair_of(0.9, 1.3, 1.02, 0.1));
  EXPECT_EQ(measured.interaction, Interaction::kNoJointEffect);
  EXPECT_TRUE(std::isnan(measured.share.low));
}

// Arms drawn around a known truth: the interval is to hold it in 95 of 100 (binomial error 0.9).
TEST(Combinations, IntervalsHoldTheTruth) {
  const double truth = 1 - (0.15 + 0.2) / 0.6, truth_log = 1 - std::log(0.85 * 0.8) / std::log(0.4);
  RandomStream random(7, Purpose::kSimulate);
  int held = 0, held_log = 0;
  constexpr int kTrials = 600;
  for (int i = 0; i < kTrials; ++i) {
    auto drawn = pair_of(0.85, 0.8, 0.4, 0.08);
    for (auto* arm : {&drawn.single[0], &drawn.single[1], &drawn.joint}) {
      arm->log_fold += arm->error * random.normal();
    }
    const auto measured = measure_combination(drawn);
    held += measured.share.low <= truth && truth <= measured.share.high ? 1 : 0;
    held_log += measured.share_log.low <= truth_log && truth_log <= measured.share_log.high ? 1 : 0;
  }
  EXPECT_NEAR(held / double{kTrials}, 0.95, 0.03);
  EXPECT_NEAR(held_log / double{kTrials}, 0.95, 0.03);
}

// Folds and their logs say the same; the order of elements and of rows does not matter.
TEST(Combinations, AreReadFromFoldsOrLogs) {
  const test::TempFolder folder;
  std::ofstream(folder / "folds.tsv")
      << "gene\telements\tarm\tfold\tfold_error\n"
         "G\tchr1:100-200;chr1:900-1000\tchr1:100-200\t0.5\t0.05\n"
         "G\tchr1:900-1000;chr1:100-200\tchr1:900-1000;chr1:100-200\t0.4\t0.02\n"
         "G\tchr1:100-200;chr1:900-1000\tchr1:900-1000\t0.8\t0.08\n";
  std::ofstream(folder / "logs.tsv")
      << "gene\telements\tarm\tlog_fold\tlog_fold_error\n"
         "G\tchr1:100-200;chr1:900-1000\tchr1:900-1000\t-0.22314355131420976\t0.1\n"
         "G\tchr1:100-200;chr1:900-1000\tchr1:100-200\t-0.6931471805599453\t0.1\n"
         "G\tchr1:100-200;chr1:900-1000\tchr1:100-200;chr1:900-1000\t-0.916290731874155\t0.05\n";
  const auto folds = read_combinations(folder / "folds.tsv");
  const auto logs = read_combinations(folder / "logs.tsv");
  ASSERT_EQ(folds.size(), 1U);
  ASSERT_EQ(logs.size(), 1U);
  EXPECT_EQ(folds[0].elements, (std::vector<Interval>{{"1", 100, 200}, {"1", 900, 1000}}));
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(folds[0].single[i].log_fold, logs[0].single[i].log_fold, 1e-12);
    EXPECT_NEAR(folds[0].single[i].error, 0.1, 1e-12);
  }
  EXPECT_NEAR(folds[0].joint.error, 0.05, 1e-12);
}

// Of three elements arms of two may be there; H needs each alone and all.
TEST(Combinations, MayHaveMoreThanTwoElements) {
  const test::TempFolder folder;
  std::ofstream(folder / "three.tsv") << "gene\telements\tarm\tfold\tfold_error\n"
                                         "G\tc:1-2;c:3-4;c:5-6\tc:1-2\t1\t0.01\n"
                                         "G\tc:1-2;c:3-4;c:5-6\tc:3-4\t1\t0.01\n"
                                         "G\tc:1-2;c:3-4;c:5-6\tc:5-6\t0.9\t0.01\n"
                                         "G\tc:1-2;c:3-4;c:5-6\tc:1-2;c:5-6\t0.7\t0.01\n"
                                         "G\tc:1-2;c:3-4;c:5-6\tc:5-6;c:1-2;c:3-4\t0.5\t0.01\n";
  const auto combinations = read_combinations(folder / "three.tsv");
  ASSERT_EQ(combinations.size(), 1U);
  EXPECT_NEAR(measure_combination(combinations[0]).share.value, 0.8, 1e-12);
}

void expect_bad(const std::string& rows, const std::string& message) {
  const test::TempFolder folder;
  std::ofstream(folder / "bad.tsv") << "gene\telements\tarm\tfold\tfold_error\n" << rows;
  try {
    read_combinations(folder / "bad.tsv");
    FAIL() << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr(message));
  }
}

TEST(Combinations, SayWhatIsWrong) {
  expect_bad("G\tc:1-2;c:3-4\tc:1-2\t0\t0.1\n", "line 2, column 'fold': '0' must be");
  expect_bad("G\tc:1-2;c:3-4\tc:1-2\t1\t0\n", "line 2, column 'fold_error'");
  expect_bad("G\tc:1-2\tc:1-2\t1\t1\n", "must name two elements or more");
  expect_bad("G\tc:1-2;enhancer\tc:1-2\t1\t1\n", "has 'enhancer', which is no place");
  expect_bad("G\tc:1-2;c:3-4\tc:5-6\t1\t1\n", "has 'c:5-6', which is not among the elements");
  expect_bad("G\tc:1-2;c:3-4\tc:1-2\t1\t1\nG\tc:1-2;c:3-4\tc:1-2\t1\t1\n", "is there twice");
  expect_bad("G\tc:1-2;c:3-4\tc:1-2\t1\t1\n", "gene G: the arm 'c:3-4' is missing");
  expect_bad("", "no combinations");
}

PairSet set_of_two(int32_t gene, int32_t first, double hidden, const std::string& call) {
  PairSet set;
  set.method = "grids";
  set.cell_type = "all";
  set.gene = gene;
  set.hidden_share = hidden;
  set.call = call;
  set.members = {{first, 1, false, {}}, {first + 1, 0.5, false, {}}};
  return set;
}

// Four genes with two peaks each. G0 and G1 agree in sign, G2 does not, G3's set has a further
// peak; the combination of G4 has no set.
struct FourGenes {
  Pairs pairs;
  std::vector<Combination> combinations;

  FourGenes() {
    pairs.source = "links.tsv";
    for (int g = 0; g < 5; ++g) {
      PairGene gene;
      gene.name = fmt::format("G{}", g);
      pairs.genes.push_back(gene);
    }
    for (int p = 0; p < 9; ++p) {
      pairs.peaks.push_back({fmt::format("p{}", p), "1", p * 10'000, p * 10'000 + 500});
    }
    pairs.sets = {set_of_two(0, 0, 0.9, "redundant"), set_of_two(1, 2, -0.8, "cooperative"),
                  set_of_two(2, 4, -0.1, "not_called"), set_of_two(3, 6, 0.5, "redundant")};
    pairs.sets[3].members.push_back({8, 0.1, false, {}});
    combinations = {pair_of(1, 1, 0.4, 0.02), pair_of(0.4, 0.4, 0.4, 0.02),
                    pair_of(0.95, 0.95, 0.4, 0.02), pair_of(0.8, 0.8, 0.4, 0.02),
                    pair_of(0.8, 0.8, 0.4, 0.02)};
    for (int g = 0; g < 5; ++g) {
      auto& combination = combinations[static_cast<size_t>(g)];
      combination.gene = fmt::format("G{}", g);
      combination.elements = {{"1", g * 20'000 + 100, g * 20'000 + 200},
                              {"1", g * 20'000 + 10'400, g * 20'000 + 10'600}};
    }
  }
};

ValidationRow combination_row_of(const std::vector<ValidationRow>& rows, const std::string& what,
                                 const std::string& subset) {
  for (const auto& row : rows) {
    if (row.what == what && row.subset == subset) return row;
  }
  ADD_FAILURE() << what << ", " << subset;
  return {};
}

TEST(Combinations, AreHeldBesideTheSetsThatHaveTheirElements) {
  const test::Fixture fixture;
  const FourGenes four;
  const auto judged = judge_combinations(four.pairs, four.combinations, false, fixture.context);
  const auto value = [&](const char* what, const char* subset) {
    return combination_row_of(judged.rows, what, subset);
  };
  EXPECT_DOUBLE_EQ(value("combinations_coverage", "same elements").value, 0.6);
  EXPECT_DOUBLE_EQ(value("combinations_coverage", "all found").value, 0.8);
  const auto same = value("combinations_sign_agreement", "hidden_share, same elements");
  EXPECT_EQ(same.n, 3);
  EXPECT_DOUBLE_EQ(same.value, 2.0 / 3);
  // Predicted + − −, measured + − +.
  EXPECT_DOUBLE_EQ(same.chance, 1.0 / 3 * 2 / 3 + 2.0 / 3 * 1 / 3);
  EXPECT_DOUBLE_EQ(value("combinations_sign_agreement", "hidden_share, all found").value, 0.75);
  EXPECT_DOUBLE_EQ(value("combinations_rank_correlation", "hidden_share, same elements").value, 1);
  const auto redundant = value("combinations_calls", "redundant");
  EXPECT_EQ(redundant.n, 2);
  EXPECT_DOUBLE_EQ(redundant.value, 1);
  EXPECT_DOUBLE_EQ(redundant.chance, 0.75);
  EXPECT_DOUBLE_EQ(value("combinations_called", "redundant").value, 2.0 / 3);
  ASSERT_EQ(judged.table.rows(), 5U);
  EXPECT_EQ(judged.table.text(3, "same_elements"), "no");
  EXPECT_EQ(judged.table.text(4, "call"), "");
  EXPECT_EQ(judged.table.text(0, "interaction"), "redundant");
}

// Peaks of one element count once, and its place is what perturbed elements must overlap.
TEST(Combinations, ElementsOfSeveralPeaksAreOne) {
  const test::Fixture fixture;
  FourGenes four;
  auto& members = four.pairs.sets[3].members;
  members[0].element = members[2].element = "chr1:60000-60500";
  const auto judged = judge_combinations(four.pairs, four.combinations, false, fixture.context);
  EXPECT_EQ(judged.table.text(3, "same_elements"), "yes");
}

// The hidden share of a set is that of its judged elements.
TEST(Combinations, MembersThatWereNotJudgedDoNotMatter) {
  const test::Fixture fixture;
  FourGenes four;
  four.pairs.sets[3].members[2].judged = false;
  const auto judged = judge_combinations(four.pairs, four.combinations, false, fixture.context);
  EXPECT_EQ(judged.table.text(3, "same_elements"), "yes");
}

// As links.tsv tells: the distal ones of the minimal sub-set, and partners.
TEST(Combinations, WhichMembersWereJudgedIsRead) {
  const test::TempFolder folder;
  std::ofstream(folder / "links.tsv") << "gene\tpeak\trank\tin_minimal\tpartner\tclass\n"
                                         "X\tchr1:10-20\t1\tyes\tno\tdistal\n"
                                         "X\tchr1:30-40\t2\tno\tno\tdistal\n"
                                         "X\tchr1:50-60\tNA\tno\tyes\tdistal\n"
                                         "X\tchr1:70-80\t3\tyes\tno\tpromoter\n";
  const auto pairs = read_pairs({folder / "links.tsv", {}, {}, {}}, nullptr);
  ASSERT_EQ(pairs.sets.size(), 1U);
  std::vector<bool> judged;
  for (const auto& member : pairs.sets[0].members) judged.push_back(member.judged);
  EXPECT_EQ(judged, (std::vector<bool>{true, false, true, false}));
}

TEST(Combinations, NeedSetsWithAnswers) {
  const test::Fixture fixture;
  FourGenes four;
  for (auto& set : four.pairs.sets) {
    set.call.clear();
    set.hidden_share = kNaN;
  }
  EXPECT_THROW(judge_combinations(four.pairs, four.combinations, false, fixture.context), Error);
}

std::string refused(const FourGenes& four, const Context& context) {
  try {
    judge_combinations(four.pairs, four.combinations, false, context);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "nothing";
}

TEST(Combinations, OfOtherCellsAreRefusedUnlessTheyMayBe) {
  const test::Fixture fixture;
  FourGenes four;
  for (auto& set : four.pairs.sets) set.cell_type = "B cells";
  for (auto& combination : four.combinations) combination.cell_type = "K562";
  const auto told = refused(four, fixture.context);
  EXPECT_THAT(told, HasSubstr("5 of 5 perturbed combinations were made in K562"));
  EXPECT_THAT(told, HasSubstr("learned in B cells"));
  EXPECT_THAT(told, HasSubstr("--other-cell-type"));
  const auto judged = judge_combinations(four.pairs, four.combinations, true, fixture.context);
  EXPECT_DOUBLE_EQ(combination_row_of(judged.rows, "combinations_coverage", "all found").value,
                   0.8);
  four.combinations[0].cell_type = "b cells";
  const auto some = judge_combinations(four.pairs, four.combinations, false, fixture.context);
  EXPECT_DOUBLE_EQ(combination_row_of(some.rows, "combinations_coverage", "all found").value, 0.2);
}

TEST(Combinations, OfGenesThatThePairsLackAreRefused) {
  const test::Fixture fixture;
  FourGenes four;
  for (auto& combination : four.combinations) combination.gene = "ENSG1";
  EXPECT_THAT(refused(four, fixture.context), HasSubstr("are names symbols in one and ids"));
}

// A draw of one gene is that gene: there is nothing to make an interval from.
TEST(Combinations, OfOneGeneHaveNoInterval) {
  const test::Fixture fixture;
  FourGenes four;
  four.combinations.resize(1);
  const auto judged = judge_combinations(four.pairs, four.combinations, false, fixture.context);
  const auto row =
      combination_row_of(judged.rows, "combinations_sign_agreement", "hidden_share, same elements");
  EXPECT_EQ(row.n, 1);
  EXPECT_DOUBLE_EQ(row.value, 1);
  EXPECT_TRUE(std::isnan(row.low));
  EXPECT_TRUE(std::isnan(row.high));
}

}  // namespace
}  // namespace grids::core
