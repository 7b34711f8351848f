#include "math/exponential.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace grids::core {
namespace {

TEST(Exponential, IsExpm1OfWhatLiesAboveZeroToTheLastBits) {
  std::vector<float> x;
  for (int i = 0; i < 200'000; ++i) x.push_back(static_cast<float>(i) * 1e-4f);  // predictions
  for (float value = 1e-38f; value < 709; value *= 1.003f) x.push_back(value);
  std::vector<double> found(x.size());
  expm1_of_positive(static_cast<int64_t>(x.size()), x.data(), found.data());
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double expected = std::expm1(double{x[i]});
    if (expected > 0) worst = std::max(worst, std::abs(found[i] - expected) / expected);
  }
  // Two last bits: one of the series, one of putting the power of two together.
  EXPECT_LT(worst, 5e-16);
}

TEST(Exponential, ClampsBelowZeroAndAtTheEndOfTheDoubles) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> x = {-1.0f, -0.0f, 0.0f, -infinity, 1e30f, infinity, std::nanf("")};
  std::vector<double> found(x.size());
  expm1_of_positive(static_cast<int64_t>(x.size()), x.data(), found.data());
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(found[i], 0) << x[i];
  EXPECT_NEAR(found[4] / std::expm1(709.0), 1, 1e-12);
  EXPECT_EQ(found[5], found[4]);
  EXPECT_TRUE(std::isnan(found[6]));
}

TEST(Exponential, ANumberIgnoresItsPlaceAndItsNeighbours) {
  for (const int64_t count : {1, 15, 16, 17, 33, 100}) {
    std::vector<float> x;
    for (int64_t i = 0; i < count; ++i) x.push_back(0.37f * static_cast<float>(i % 23));
    std::vector<double> all(x.size());
    expm1_of_positive(count, x.data(), all.data());
    for (size_t i = 0; i < x.size(); ++i) {
      double alone = -1;
      expm1_of_positive(1, &x[i], &alone);
      EXPECT_EQ(all[i], alone) << count << ", " << i;
    }
  }
}

TEST(Exponential, OfDoublesIsExpToTheLastBitsAndKeepsToItsBounds) {
  std::vector<double> x = {-708, 709, 0};
  for (int i = -70'000; i < 70'000; ++i) x.push_back(i * 0.0101);
  std::vector<double> found(x.size());
  exponentials(std::ssize(x), x.data(), found.data());
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    worst = std::max(worst, std::abs(found[i] / std::exp(x[i]) - 1));
    double alone = x[i];
    exponentials(1, &alone, &alone);  // in place, without neighbours
    ASSERT_EQ(found[i], alone);
  }
  EXPECT_LT(worst, 5e-16);
  EXPECT_EQ(found[2], 1);
  double beyond[] = {-1e9, 1e9, std::nan("")};
  exponentials(3, beyond, beyond);
  EXPECT_EQ(beyond[0], found[0]);
  EXPECT_EQ(beyond[1], found[1]);
  EXPECT_TRUE(std::isnan(beyond[2]));
}

}  // namespace
}  // namespace grids::core
