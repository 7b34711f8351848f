#include "redundancy/design.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <numeric>

#include "math/statistics.hpp"
#include "simulate/simulate_draws.hpp"

namespace grids::core {
namespace {

constexpr double kDispersion = 0.5;

/// Log rates of settings that only the number of open elements decides, from 0 to factor.
std::vector<double> logs_by_number(size_t elements, const std::vector<double>& by_number) {
  std::vector<double> logs;
  for (Setting s = 0; s <= all_open(elements); ++s) {
    logs.push_back(std::log(by_number[static_cast<size_t>(std::popcount(s))]));
  }
  return logs;
}

std::vector<double> pair_logs(double first, double second, double both) {
  return {0, std::log(first), std::log(second), std::log(both)};
}

const DesignArm& arm_of(const SetDesign& design, Setting knocked) {
  return *std::find_if(design.arms.begin(), design.arms.end(),
                       [&](const DesignArm& arm) { return arm.knocked == knocked; });
}

constexpr JointAction kAllActions[] = {JointAction::kRedundant, JointAction::kAdditive,
                                       JointAction::kMultiplicative};

double fold_of(const DesignArm& arm, JointAction truth) {
  return arm.fold[static_cast<size_t>(truth)];
}

double cells_of_arm(const DesignArm& arm, JointAction truth) {
  return arm.cells[static_cast<size_t>(truth)];
}

TEST(Design, ArmsAreNoneEachPairsOfMoreThanTwoAndAll) {
  const auto arms = [](size_t elements) {
    std::vector<double> by_number(elements + 1, 2.0);
    by_number[0] = 1;
    std::vector<Setting> knocked;
    for (const auto& arm :
         design_experiment(logs_by_number(elements, by_number), elements, 1, 0).arms) {
      knocked.push_back(arm.knocked);
    }
    return knocked;
  };
  EXPECT_EQ(arms(2), (std::vector<Setting>{0, 1, 2, 3}));
  EXPECT_EQ(arms(3), (std::vector<Setting>{0, 1, 2, 4, 3, 5, 6, 7}));
  EXPECT_EQ(arms(4).size(), 1u + 4 + 6 + 1);
}

TEST(Design, TruthsAgreeOnTheControlAndOnAllElementsAndWithOneElementOnEverything) {
  DesignOptions whole;
  whole.efficiency = 1;
  for (const double factor : {3.0, 0.4}) {
    const auto pair = design_experiment(pair_logs(1 + (factor - 1) / 3, factor, factor), 2, 1,
                                        kDispersion, whole);
    const auto one =
        design_experiment(std::vector<double>{0, std::log(factor)}, 1, 1, kDispersion, whole);
    for (const JointAction truth : kAllActions) {
      EXPECT_NEAR(fold_of(arm_of(pair, 0), truth), 1, 1e-12);
      EXPECT_NEAR(fold_of(arm_of(pair, 3), truth), 1 / factor, 1e-12);
      EXPECT_NEAR(fold_of(arm_of(one, 1), truth), 1 / factor, 1e-12);
    }
  }
}

TEST(Design, FoldsAreThoseOfTheFormulas) {
  // Equal shares: additive (1 + 3) / 2 = 2.5 of 4 is left, multiplicative √4 of 4, redundant all.
  const auto design = design_experiment(pair_logs(2.5, 2.5, 4), 2, 1, kDispersion);
  const auto& one = arm_of(design, 1);
  EXPECT_NEAR(fold_of(one, JointAction::kRedundant), 1, 1e-12);
  EXPECT_NEAR(fold_of(one, JointAction::kAdditive), 1 + 0.7 * (2.5 / 4 - 1), 1e-12);
  EXPECT_NEAR(fold_of(one, JointAction::kMultiplicative), 1 + 0.7 * (2.0 / 4 - 1), 1e-12);
  EXPECT_NEAR(one.measured, 1 + 0.7 * (2.5 / 4 - 1), 1e-12);
  EXPECT_TRUE(std::isinf(cells_of_arm(one, JointAction::kRedundant)));
  // Rates that add are what the additive truth expects, with unequal shares too.
  const auto unequal = design_experiment(pair_logs(1.5, 2, 2.5), 2, 1, kDispersion);
  for (const Setting knocked : {1u, 2u, 3u}) {
    const auto& arm = arm_of(unequal, knocked);
    EXPECT_NEAR(fold_of(arm, JointAction::kAdditive), arm.measured, 1e-12) << knocked;
  }
  const auto product = design_experiment(pair_logs(1.5, 2, 3), 2, 1, kDispersion);
  for (const Setting knocked : {1u, 2u, 3u}) {
    const auto& arm = arm_of(product, knocked);
    EXPECT_NEAR(fold_of(arm, JointAction::kMultiplicative), arm.measured, 1e-12) << knocked;
  }
}

TEST(Design, NeededCellsFallWithTheFoldTheMeanAndTheEfficiencyAndRiseWithTheDispersion) {
  const DesignOptions options;
  double before = cells_for_fold(0.5, 0.95, kDispersion, options);
  for (const double fold : {0.9, 0.8, 0.6, 0.3}) {
    const double cells = cells_for_fold(0.5, fold, kDispersion, options);
    EXPECT_LT(cells, before);
    EXPECT_LT(cells_for_fold(1, fold, kDispersion, options), cells);
    EXPECT_GT(cells_for_fold(0.5, fold, 2 * kDispersion, options), cells);
    before = cells;
  }
  const auto tell = [](double factor, double efficiency) {
    DesignOptions own;
    own.efficiency = efficiency;
    return design_experiment(pair_logs(factor, factor, factor), 2, 0.5, kDispersion, own)
        .cells_from_additive;
  };
  EXPECT_LT(tell(4, 0.7), tell(2, 0.7));
  EXPECT_LT(tell(2, 1), tell(2, 0.7));
  EXPECT_TRUE(std::isinf(tell(1, 0.7)));
}

/// Means of counts in an arm.
double mean_of_draws(double mean, int64_t cells, RandomStream& random) {
  double sum = 0;
  for (int64_t i = 0; i < cells; ++i) {
    sum += static_cast<double>(simulation::draw_negative_binomial(random, mean, kDispersion));
  }
  return sum / static_cast<double>(cells);
}

double log_variance(double mean, double cells) {
  return (1 / mean + kDispersion) / cells;
}

TEST(Design, PowerAtTheStatedNumberOfCellsIsAsAskedFor) {
  constexpr int kExperiments = 1500;  // standard error of 0.8: 0.010
  RandomStream random(3, Purpose::kBenchmark);
  const double z = normal_upper_quantile(0.025);
  for (const double fold : {0.6, 1.5}) {
    for (const double mean : {0.4, 3.0}) {
      const double needed = std::ceil(cells_for_fold(mean, fold, kDispersion, {}));
      const auto cells = static_cast<int64_t>(needed);
      int seen = 0;
      for (int k = 0; k < kExperiments; ++k) {
        const double control = mean_of_draws(mean, cells, random);
        const double arm = mean_of_draws(mean * fold, cells, random);
        const double error = std::sqrt(log_variance(control, needed) + log_variance(arm, needed));
        seen += std::abs(std::log(arm / control)) > z * error ? 1 : 0;
      }
      // Four standard errors, and what the normal approximation of a few hundred counts costs.
      EXPECT_NEAR(static_cast<double>(seen) / kExperiments, 0.8, 0.06) << fold << " " << mean;
    }
  }
}

TEST(Design, RedundantIsToldFromAdditiveAtTheStatedNumberOfCells) {
  constexpr int kExperiments = 1500;
  RandomStream random(4, Purpose::kBenchmark);
  const double z = normal_upper_quantile(0.05);
  const double mean = 0.8;
  const auto design = design_experiment(pair_logs(2, 2, 2), 2, mean, kDispersion);
  const double needed = std::ceil(design.cells_from_additive);
  const auto cells = static_cast<int64_t>(needed);
  for (const JointAction truth : {JointAction::kRedundant, JointAction::kAdditive}) {
    int told = 0;
    for (int k = 0; k < kExperiments; ++k) {
      double value = 0, variance = 0;
      for (const auto& arm : design.arms) {
        const double sign = std::popcount(arm.knocked) == 1 ? -1 : 1;
        const double found = mean_of_draws(mean * fold_of(arm, truth), cells, random);
        value += sign * found;
        variance += (found + kDispersion * found * found) / needed;
      }
      told += -value > z * std::sqrt(variance) ? 1 : 0;
    }
    const double share = static_cast<double>(told) / kExperiments;
    EXPECT_NEAR(share, truth == JointAction::kRedundant ? 0.8 : 0.05, 0.04);
  }
}

TEST(Design, TablesPutTogetherHaveTheSetOfFewestCellsFirstAndItsArmsInOrder) {
  Table table({"gene", "arm", "tell_from_additive", "tell_from_multiplicative"});
  const auto add = [&](const std::string& gene, const std::string& linear, const std::string& log) {
    for (const char* arm : {"none", "one", "all"}) table.add({gene, arm, linear, log});
  };
  add("never", "NA", "NA");
  add("late", "200", "10");
  add("first", "20", "100");
  add("half", "20", "NA");
  const auto sorted = in_design_order(table);
  std::vector<std::string> rows;
  for (size_t i = 0; i < sorted.rows(); ++i) {
    rows.push_back(sorted.text(i, "gene") + " " + sorted.text(i, "arm"));
  }
  EXPECT_EQ(rows, (std::vector<std::string>{"first none", "first one", "first all", "late none",
                                            "late one", "late all", "never none", "never one",
                                            "never all", "half none", "half one", "half all"}));
}

}  // namespace
}  // namespace grids::core
