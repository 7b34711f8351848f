#include "compare/compare_tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "math/paired_tests.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;

ComparedSet set(const std::string& method, const std::string& gene, uint64_t seed, double change) {
  ComparedSet result;
  result.cell_type = gene < "m" ? "A" : "B";
  result.gene = gene;
  result.method = method;
  result.set_size = 10;
  result.seed = seed;
  result.relative_change = change;
  result.average_change = 100 * change;
  result.p = 0.5;
  result.z = 0;
  result.q = 0.5;
  result.evaluations = 100;
  return result;
}

/// Two methods, three genes, two seeds: `other` changes less, but for one pair.
std::vector<ComparedSet> two_methods() {
  std::vector<ComparedSet> sets;
  const std::vector<std::string> genes = {"a", "b", "z"};
  const double grids[] = {-0.5, -0.4, -0.3, -0.35, -0.2, -0.25};
  const double other[] = {-0.1, -0.15, -0.32, -0.05, -0.01, -0.12};
  for (size_t i = 0; i < 6; ++i) sets.push_back(set("grids", genes[i / 2], i % 2, grids[i]));
  for (size_t i = 0; i < 6; ++i) sets.push_back(set("other", genes[i / 2], i % 2, other[i]));
  return sets;
}

double cell(const Table& table, size_t row, const char* column) {
  return table.number(row, column);
}

TEST(OwnObjective, TestsThePairsOfTargetAndSeed) {
  const auto table = own_objective_table(two_methods(), "grids", ChangeDirection::kDown);
  ASSERT_EQ(table.rows(), 2u);
  EXPECT_EQ(table.text(0, "method"), "grids");  // goes further
  EXPECT_EQ(table.text(0, "t_p"), "NA");
  const std::vector<double> differences = {0.4, 0.25, -0.02, 0.3, 0.19, 0.13};
  // 1e-6: tables hold floats.
  EXPECT_EQ(cell(table, 1, "pairs"), 6);
  EXPECT_NEAR(cell(table, 1, "t_p"), paired_t_test(differences).p, 1e-6);
  EXPECT_NEAR(cell(table, 1, "wilcoxon_p"), signed_rank_test(differences).p, 1e-6);
  EXPECT_EQ(cell(table, 1, "wilcoxon_p_targets"), 0.125);  // three targets, all positive
  EXPECT_NEAR(cell(table, 1, "reference_further"), 5.0 / 6, 1e-6);
}

TEST(OwnObjective, SaysHowFarSeedsLieApart) {
  auto sets = two_methods();
  const auto table = own_objective_table(sets, "grids", ChangeDirection::kDown);
  // Of two numbers the variance is half of the squared difference: 0.1, 0.05 and 0.05 apart.
  EXPECT_NEAR(cell(table, 0, "relative_sd_seeds"), std::sqrt((0.01 + 0.0025 + 0.0025) / 2 / 3),
              1e-6);
  std::erase_if(sets, [](const ComparedSet& entry) { return entry.seed > 0; });
  const auto one_seed = own_objective_table(sets, "grids", ChangeDirection::kDown);
  EXPECT_EQ(one_seed.text(0, "relative_sd_seeds"), "NA");
}

TEST(OwnObjective, ARaisedGeneTurnsTheTestRound) {
  const auto down = own_objective_table(two_methods(), "grids", ChangeDirection::kDown);
  auto sets = two_methods();
  for (auto& entry : sets) entry.relative_change *= -1;
  const auto up = own_objective_table(sets, "grids", ChangeDirection::kUp);
  EXPECT_EQ(up.text(0, "method"), "grids");
  EXPECT_EQ(up.text(1, "t_p"), down.text(1, "t_p"));
}

TEST(OwnObjective, AMethodThatWinsIsShownWinning) {
  auto sets = two_methods();
  for (auto& entry : sets) {
    if (entry.method == "other") entry.relative_change -= 1;
  }
  const auto table = own_objective_table(sets, "grids", ChangeDirection::kDown);
  EXPECT_EQ(table.text(0, "method"), "other");
  EXPECT_GT(cell(table, 0, "t_p"), 0.95);
}

TEST(OwnObjective, TestsWhatIsMinimisedApartFromTheChangeOnTestCells) {
  auto sets = two_methods();
  // `other` goes less far on test cells, and is lower on the training cells on which it searched.
  for (size_t i = 0; i < sets.size(); ++i) {
    sets[i].objective =
        (sets[i].method == "other" ? 0.5 : 0.6) + 0.001 * static_cast<double>(i % 6);
  }
  sets[8].objective = 0.9;
  const auto table = own_objective_table(sets, "grids", ChangeDirection::kDown);
  EXPECT_EQ(table.text(0, "method"), "grids");
  EXPECT_EQ(table.text(0, "objective_t_p"), "NA");
  // 1e-6: tables hold floats.
  EXPECT_NEAR(cell(table, 0, "objective"), 0.6025, 1e-6);
  const std::vector<double> differences = {-0.1, -0.1, 0.298, -0.1, -0.1, -0.1};
  EXPECT_NEAR(cell(table, 1, "objective_t_p"), paired_t_test(differences).p, 1e-6);
  EXPECT_NEAR(cell(table, 1, "objective_wilcoxon_p"), signed_rank_test(differences).p, 1e-6);
}

TEST(OwnObjective, UnlimitedRowsAreTestedAgainstTheReferenceThatThereIs) {
  auto sets = two_methods();
  auto more = sets[6];
  more.allowance = Allowance::kUnlimited;
  sets.push_back(more);
  more = sets[7];
  more.allowance = Allowance::kUnlimited;
  sets.push_back(more);
  const auto table = own_objective_table(sets, "grids", ChangeDirection::kDown);
  ASSERT_EQ(table.rows(), 3u);
  EXPECT_EQ(table.text(2, "allowance"), "unlimited");
  EXPECT_EQ(cell(table, 2, "pairs"), 2);
}

TEST(HeldOut, RanksByWhatMeasuredExpressionBearsOut) {
  auto sets = two_methods();
  for (size_t i = 6; i < 9; ++i) sets[i].q = 0.01;  // of `other`
  sets[6].p = 0.001;
  sets[6].z = 3.1;
  sets[7].p = sets[7].z = ComparedSet::kNone;
  const auto table = held_out_table(sets);
  EXPECT_EQ(table.text(0, "method"), "other");
  EXPECT_EQ(table.text(0, "sets"), "6");
  EXPECT_EQ(table.text(0, "tested"), "5");
  EXPECT_EQ(cell(table, 0, "share_called"), 0.5);
  EXPECT_EQ(cell(table, 0, "median_z"), 0);
  EXPECT_EQ(table.text(0, "recall"), "NA");
}

TEST(HeldOut, TheMedianIsTheMiddleOrHalfwayBetweenTheTwo) {
  auto sets = two_methods();
  const double z[] = {7, 1, 3, 8, 2, 4};
  for (size_t i = 0; i < 6; ++i) sets[i].z = z[i];
  EXPECT_EQ(cell(held_out_table(sets), 0, "median_z"), 3.5);
  sets[0].z = ComparedSet::kNone;
  EXPECT_EQ(cell(held_out_table(sets), 0, "median_z"), 3);
}

TEST(HeldOut, MethodsWithoutAnyTestComeLast) {
  auto sets = two_methods();
  for (size_t i = 0; i < 6; ++i) sets[i].p = sets[i].z = ComparedSet::kNone;
  for (size_t i = 6; i < 12; ++i) sets[i].z = -2.3;
  EXPECT_EQ(held_out_table(sets).text(0, "method"), "other");
}

TEST(HeldOut, EqualSharesAreRankedByTheMedianZ) {
  auto sets = two_methods();
  for (size_t i = 6; i < 12; ++i) sets[i].z = 1.5;
  const auto table = held_out_table(sets);
  EXPECT_EQ(table.text(0, "method"), "other");
  EXPECT_EQ(cell(table, 0, "median_z"), 1.5);
}

TEST(HeldOut, RecallIsOverTheSetsWithPlantedMembers) {
  auto sets = two_methods();
  sets[0].members = 2;
  sets[0].members_found = 1;
  sets[0].recall_with_partners = 1;  // NaN in all others
  const auto table = held_out_table(sets);
  const size_t row = table.text(0, "method") == "grids" ? 0 : 1;
  EXPECT_EQ(cell(table, row, "recall"), 0.5);
  EXPECT_EQ(cell(table, row, "recall_with_partners"), 1);
}

TEST(TablesOfThePaper, LeaveOutWhatHadNoLimit) {
  auto sets = two_methods();
  const auto by_type = table_by_type(sets);
  const auto by_method = table_by_method(sets);
  sets.push_back(set("grids", "a", 0, -0.9));
  sets.back().allowance = Allowance::kUnlimited;
  ASSERT_EQ(table_by_type(sets).rows(), by_type.rows());
  for (size_t i = 0; i < by_type.rows(); ++i) {
    EXPECT_EQ(table_by_type(sets).row(i), by_type.row(i));
  }
  for (size_t i = 0; i < by_method.rows(); ++i) {
    EXPECT_EQ(table_by_method(sets).row(i), by_method.row(i));
  }
}

TEST(TableByType, HasARowForEachTypeAndTheirMean) {
  const auto table = table_by_type(two_methods());
  EXPECT_THAT(table.columns(),
              ElementsAre("L", "cell_type", "grids average_change", "grids relative_percent",
                          "other average_change", "other relative_percent"));
  ASSERT_EQ(table.rows(), 3u);
  EXPECT_EQ(table.text(0, "cell_type"), "A");
  EXPECT_NEAR(cell(table, 0, "grids relative_percent"), -38.75, 1e-5);
  EXPECT_NEAR(cell(table, 1, "grids relative_percent"), -22.5, 1e-5);
  EXPECT_EQ(table.text(2, "cell_type"), "mean");
  EXPECT_NEAR(cell(table, 2, "grids relative_percent"), (-38.75 - 22.5) / 2, 1e-5);
}

TEST(TableByMethod, IsTheSameTheOtherWayRound) {
  const auto table = table_by_method(two_methods());
  ASSERT_EQ(table.rows(), 2u);
  EXPECT_EQ(table.text(1, "method"), "other");
  EXPECT_NEAR(cell(table, 0, "B L=10 relative_percent"), -22.5, 1e-5);
}

TEST(RecallTable, AddsUpMembersByKindSizeAndMethod) {
  auto sets = two_methods();
  for (size_t i = 0; i < 4; ++i) {
    sets[i].kind = "either";
    sets[i].members = i < 2 ? 3 : 2;
    sets[i].members_found = static_cast<int64_t>(i);
    sets[i].recall_with_partners = 1;
  }
  sets[3].members_found = 2;
  const auto table = recall_table(sets, "surrogate");
  ASSERT_EQ(table.rows(), 2u);
  EXPECT_EQ(table.text(0, "kind"), "either");
  EXPECT_EQ(cell(table, 0, "planted"), 2);
  EXPECT_EQ(cell(table, 0, "recall"), 1);
  EXPECT_EQ(cell(table, 0, "whole_sets"), 1);
  EXPECT_EQ(cell(table, 1, "planted"), 3);
  EXPECT_NEAR(cell(table, 1, "recall"), 1.0 / 6, 1e-6);  // none and one of three
  EXPECT_EQ(cell(table, 1, "recall_with_partners"), 1);
  EXPECT_EQ(cell(table, 1, "whole_sets"), 0);
  EXPECT_EQ(recall_table(two_methods(), "surrogate").rows(), 0u);
}

}  // namespace
}  // namespace grids::core
