#include "math/fisher_test.hpp"

#include <gtest/gtest.h>

namespace grids::core {
namespace {

// scipy.stats.fisher_exact(..., alternative="greater") and by hand.
TEST(FisherTest, IsTheHypergeometricTail) {
  EXPECT_NEAR(fisher_upper_tail({3, 1, 1, 3}), 17.0 / 70, 1e-12);  // the lady tasting tea
  EXPECT_NEAR(fisher_upper_tail({4, 0, 0, 4}), 1.0 / 70, 1e-12);
  EXPECT_NEAR(fisher_upper_tail({30, 70, 100, 900}), 1.8800524577841304e-07, 1e-16);
  EXPECT_EQ(fisher_upper_tail({0, 5, 0, 5}), 1);
  EXPECT_NEAR(fisher_upper_tail({0, 5, 2, 3}), 1, 1e-12);
}

TEST(FisherTest, OddsHaveWoolfsInterval) {
  const auto odds = odds_ratio({9, 4, 4, 9});  // (9.5 × 9.5) ÷ (4.5 × 4.5)
  EXPECT_NEAR(odds.value, 4.4567901234567895, 1e-12);
  EXPECT_NEAR(odds.low * odds.high, odds.value * odds.value, 1e-9);
  EXPECT_LT(odds.low, 1);
}

}  // namespace
}  // namespace grids::core
