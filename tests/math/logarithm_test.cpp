#include "math/logarithm.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/random.hpp"

namespace grids::core {
namespace {

TEST(Log1pOfPositive, IsTheLogarithmToItsLastBits) {
  RandomStream random(2, Purpose::kBenchmark);
  std::vector<double> x = {0, std::numeric_limits<double>::min(), 1e-8, 1, 1e300};
  for (int i = 0; i < 20000; ++i) x.push_back(std::exp(60 * random.uniform() - 30));
  for (int i = -50; i < 50; ++i) x.push_back(std::sqrt(2) - 1 + i * 1e-15);  // k changes there
  std::vector<double> y(x.size());
  log1p_of_positive(std::ssize(x), x.data(), y.data());
  EXPECT_EQ(y[0], 0);
  for (size_t i = 1; i < x.size(); ++i) {
    const auto exact = static_cast<double>(std::log1p(static_cast<long double>(x[i])));
    ASSERT_NEAR(y[i] / exact, 1, 5e-16) << x[i];
  }
}

TEST(Log1pOfPositive, DoesNotLookAtTheNeighbours) {
  RandomStream random(3, Purpose::kBenchmark);
  std::vector<double> x;
  for (int i = 0; i < 100; ++i) x.push_back(random.uniform());
  std::vector<double> all(x.size());
  log1p_of_positive(100, x.data(), all.data());
  for (size_t first = 0; first < 40; ++first) {
    std::vector<double> some(x.begin() + static_cast<long>(first), x.end() - 7);
    log1p_of_positive(std::ssize(some), some.data(), some.data());  // in place
    for (size_t i = 0; i < some.size(); ++i) ASSERT_EQ(some[i], all[first + i]);
  }
}

}  // namespace
}  // namespace grids::core
