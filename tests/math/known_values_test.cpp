#include "math/known_values.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/nan.hpp"

namespace grids::core {
namespace {

TEST(KnownValues, PassOverWhatIsNotKnown) {
  EXPECT_EQ(mean_known(std::vector<double>{1, kNaN, 4}), 2.5);
  EXPECT_EQ(median_known({kNaN, 9, 1, 2, kNaN}), 2);
  EXPECT_EQ(median_known({9, 1, kNaN, 2, 4}), 3);
}

TEST(KnownValues, OfNothingAreNotKnown) {
  EXPECT_TRUE(std::isnan(mean_known({})));
  EXPECT_TRUE(std::isnan(mean_known(std::vector<double>{kNaN})));
  EXPECT_TRUE(std::isnan(median_known({kNaN, kNaN})));
}

}  // namespace
}  // namespace grids::core
