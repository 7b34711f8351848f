#include "math/within_type.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.hpp"

namespace grids::core {
namespace {

struct Values {
  std::vector<int32_t> types;
  std::vector<double> depth, signal, noise;
};

Values draw(int n) {
  RandomStream random(1, Purpose::kBenchmark);
  Values v;
  for (int i = 0; i < n; ++i) {
    v.types.push_back(i % 3);
    v.depth.push_back(random.normal());
    v.signal.push_back(random.normal());
    v.noise.push_back(random.normal());
  }
  return v;
}

TEST(WithinType, TypeAndDepthAloneScoreZeroAndChangeNothing) {
  auto v = draw(600);
  const std::vector<std::vector<double>> covariates = {v.depth};
  const WithinType within(v.types, covariates);
  std::vector<double> measured(600), only_depth(600);
  for (size_t i = 0; i < 600; ++i) {
    only_depth[i] = 5 * v.types[i] + (1 + v.types[i]) * v.depth[i];
    measured[i] = only_depth[i] + v.signal[i] + v.noise[i];
  }
  EXPECT_EQ(within.correlation(measured, only_depth), 0);
  // What is removed is removed exactly, but for rounding.
  std::vector<double> bare(600);
  for (size_t i = 0; i < 600; ++i) bare[i] = v.signal[i] + v.noise[i];
  EXPECT_NEAR(within.correlation(measured, v.signal), within.correlation(bare, v.signal), 1e-9);
  // Signal and noise of equal variance: r = √½, standard error (1 − r²)/√n = 0.02; four of them.
  EXPECT_NEAR(within.correlation(measured, v.signal), std::sqrt(0.5), 0.08);
}

TEST(WithinType, NothingMeasuredIsNoResult) {
  const auto v = draw(60);
  const WithinType within(v.types, {});
  EXPECT_TRUE(std::isnan(within.correlation(std::vector<double>(60, 3.0), v.signal)));
  EXPECT_EQ(within.correlation(v.signal, std::vector<double>(60, 3.0)), 0);
  EXPECT_NEAR(within.correlation(v.signal, v.signal), 1, 1e-12);
}

}  // namespace
}  // namespace grids::core
