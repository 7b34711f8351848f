#include "redundancy/setting_rates.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "redundancy/rule.hpp"
#include "simulate/simulate_draws.hpp"

namespace grids::core {
namespace {

/// Cells without covariates; counts at a rate by setting.
struct CountedCells {
  CountedCells(size_t cells, size_t members, const std::vector<double>& rates, uint64_t seed,
               double dispersion = 0.3)
      : elements(members) {
    RandomStream random(seed, Purpose::kBenchmark);
    contrast.columns = {std::vector<double>(cells, 1.0)};
    contrast.ridge = {0};
    for (size_t i = 0; i < cells; ++i) {
      Setting setting = 0;
      for (size_t a = 0; a < members; ++a) setting |= random.uniform() < 0.4 ? bit_of(a) : 0;
      const double size = std::exp(0.4 * random.normal());
      contrast.cells.push_back(static_cast<int32_t>(i));
      contrast.offset.push_back(std::log(size));
      settings.push_back(setting);
      counts.push_back(static_cast<double>(
          simulation::draw_negative_binomial(random, size * rates[setting], dispersion)));
    }
    other.assign(cells, 0.0);
  }
  SettingData data() const { return {contrast, counts, other, settings, elements}; }

  size_t elements;
  ContrastCells contrast;
  std::vector<double> counts, other;
  std::vector<Setting> settings;
};

TEST(MeasuredRates, WithoutPriorsAreRatiosOfMeans) {
  const CountedCells cells(2000, 2, {0.5, 0.8, 1.0, 1.6}, 3, 0);
  SettingRateOptions options;
  options.deviation_precision = 1e-9;
  const auto rates = measured_rates(cells.data(), options);
  ASSERT_EQ(rates.problem, "");
  std::vector<double> counts(4), sizes(4);
  for (size_t i = 0; i < cells.counts.size(); ++i) {
    counts[cells.settings[i]] += cells.counts[i];
    sizes[cells.settings[i]] += std::exp(cells.contrast.offset[i]);
  }
  for (size_t s = 1; s < 4; ++s) {
    // Nearly Poisson: the fit's weights hardly differ from those of sums.
    EXPECT_NEAR(rates.log_rate[s], std::log(counts[s] / sizes[s] * sizes[0] / counts[0]), 0.01);
  }
  EXPECT_NEAR(rates.rate_none, 100'000 * counts[0] / sizes[0], 0.02 * rates.rate_none);
}

TEST(MeasuredRates, ErrorsAreThoseOfRepeatedCells) {
  const std::vector<double> truth = {0.5, 0.8, 0.8, 1.3};
  std::vector<double> estimates, errors;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    const CountedCells cells(600, 2, truth, seed);
    const auto rates = measured_rates(cells.data(), {});
    if (!rates.problem.empty()) continue;
    estimates.push_back(rates.log_rate[3]);
    errors.push_back(rates.covariance[3 * 4 + 3]);
  }
  ASSERT_GT(estimates.size(), 140u);
  const auto n = static_cast<double>(estimates.size());
  const double mean = std::accumulate(estimates.begin(), estimates.end(), 0.0) / n;
  double spread = 0;
  for (const double value : estimates) spread += (value - mean) * (value - mean);
  const double stated = std::accumulate(errors.begin(), errors.end(), 0.0) / n;
  // A variance of 150 draws has a relative error of 0.12; HC3 is a little too large.
  EXPECT_NEAR(stated / (spread / (n - 1)), 1.05, 0.35);
  EXPECT_NEAR(mean, std::log(1.3 / 0.5), 0.05);
}

TEST(MeasuredRates, AFewCellsOrCountsAreNamed) {
  const CountedCells few(60, 3, std::vector<double>(8, 1.0), 1);
  const auto cells = measured_rates(few.data(), {});
  EXPECT_EQ(cells.problem.substr(0, 6), "cells:");
  EXPECT_EQ(cells.cells.size(), 8u);  // what there is, is told
  const CountedCells silent(600, 2, std::vector<double>(4, 0.005), 1);
  EXPECT_EQ(measured_rates(silent.data(), {}).problem.substr(0, 7), "counts:");
}

TEST(MeasuredRates, FewCountsHaveStudentsErrors) {
  const CountedCells scarce(150, 2, std::vector<double>(4, 0.6), 4);
  const auto rates = measured_rates(scarce.data(), {});
  ASSERT_EQ(rates.problem, "");
  EXPECT_LT(rates.freedom, 20);
  const CountedCells many(2000, 2, std::vector<double>(4, 0.6), 4);
  EXPECT_TRUE(std::isinf(measured_rates(many.data(), {}).freedom));
}

/// The prior draws a setting without cells to what its single elements say.
TEST(MeasuredRates, ASettingWithoutCellsIsTheSumOfItsMembers) {
  CountedCells cells(2000, 4, std::vector<double>(16, 1.0), 6);
  for (size_t i = 0; i < cells.settings.size(); ++i) {
    if (cells.settings[i] == 3) cells.settings[i] = 1;  // a and b alone: none left
  }
  const auto rates = measured_rates(cells.data(), {});
  ASSERT_EQ(rates.problem, "");
  EXPECT_EQ(rates.cells[3].cells, 0);
  EXPECT_NEAR(rates.log_rate[3], rates.log_rate[1] + rates.log_rate[2], 1e-9);
}

TEST(SettingByType, FindsTypesThatDiffer) {
  const CountedCells alike(1600, 2, {0.5, 0.8, 0.8, 1.3}, 8);
  std::vector<int32_t> types;
  for (size_t i = 0; i < alike.counts.size(); ++i) types.push_back(static_cast<int32_t>(i % 2));
  EXPECT_GT(setting_by_type_p(alike.data(), types, {}), 0.01);
  auto differ = alike;
  RandomStream random(9, Purpose::kBenchmark);
  for (size_t i = 0; i < differ.counts.size(); ++i) {
    if (types[i] == 0 && differ.settings[i] != 0) {
      differ.counts[i] = static_cast<double>(simulation::draw_negative_binomial(random, 0.4, 0.3));
    }
  }
  const SettingData data{differ.contrast, differ.counts, differ.other, differ.settings, 2};
  EXPECT_LT(setting_by_type_p(data, types, {}), 1e-4);
  EXPECT_TRUE(std::isnan(setting_by_type_p(data, std::vector<int32_t>(types.size(), 0), {})));
}

}  // namespace
}  // namespace grids::core
