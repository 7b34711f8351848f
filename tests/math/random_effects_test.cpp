#include "math/random_effects.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.hpp"

namespace grids::core {
namespace {

TEST(RandomEffects, OfEqualGroupsIsTheWeightedMean) {
  const std::vector<Estimate> groups = {{1, 1}, {1, 2}, {1, 0.5}};
  const auto effects = random_effects(groups);
  EXPECT_DOUBLE_EQ(effects.mean, 1);
  EXPECT_DOUBLE_EQ(effects.between, 0);
  EXPECT_NEAR(effects.error, 1 / std::sqrt(1 + 0.25 + 4), 1e-12);
  EXPECT_DOUBLE_EQ(drawn_to_mean({5, 1}, effects), 1);  // nothing differs between groups
}

/// DerSimonian and Laird's estimate by hand: Q = 8, Σw − Σw²/Σw = 1.
TEST(RandomEffects, OfTwoGroupsIsTheirFormula) {
  const std::vector<Estimate> groups = {{0, 1}, {4, 1}};
  const auto effects = random_effects(groups);
  EXPECT_DOUBLE_EQ(effects.between, 7);
  EXPECT_DOUBLE_EQ(effects.mean, 2);
  EXPECT_DOUBLE_EQ(effects.error, 2);
  EXPECT_DOUBLE_EQ(drawn_to_mean(groups[1], effects), 4 * 7.0 / 8 + 2 * 1.0 / 8);
}

TEST(RandomEffects, FindsTheSpreadOfTrueValues) {
  RandomStream random(4, Purpose::kBenchmark);
  std::vector<Estimate> groups;
  for (int i = 0; i < 4000; ++i) {
    const double error = 0.2 + random.uniform();
    groups.push_back({0.3 + 0.5 * random.normal() + error * random.normal(), error});
  }
  const auto effects = random_effects(groups);
  EXPECT_NEAR(effects.mean, 0.3, 0.05);
  EXPECT_NEAR(std::sqrt(effects.between), 0.5, 0.05);
  EXPECT_TRUE(std::isnan(random_effects({}).mean));
}

}  // namespace
}  // namespace grids::core
