#include "math/monotone_map.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/error.hpp"

namespace grids::core {
namespace {

/// Small integers, so that ties and long blocks occur.
std::vector<double> small_numbers(int minimum, int maximum, size_t size) {
  std::vector<double> values;
  for (size_t i = 0; i < size; ++i) values.push_back(*rc::gen::inRange(minimum, maximum));
  return values;
}

double weighted_sum(const std::vector<double>& values, const std::vector<double>& weights) {
  return std::inner_product(values.begin(), values.end(), weights.begin(), 0.0);
}

double loss(const std::vector<double>& values, const std::vector<double>& fitted,
            const std::vector<double>& weights) {
  double sum = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    sum += weights[i] * (values[i] - fitted[i]) * (values[i] - fitted[i]);
  }
  return sum;
}

/// The best non-decreasing fit by trying every way to cut the values into blocks of their means:
/// the solution of isotonic regression is known to be of this form.
double best_loss(const std::vector<double>& values, const std::vector<double>& weights) {
  double best = std::numeric_limits<double>::infinity();
  const size_t n = values.size();
  for (size_t cuts = 0; cuts < (size_t{1} << (n - 1)); ++cuts) {
    std::vector<double> fitted(n);
    for (size_t begin = 0; begin < n;) {
      size_t end = begin + 1;
      while (end < n && (cuts >> (end - 1) & 1) == 0) ++end;
      double sum = 0;
      double weight = 0;
      for (size_t i = begin; i < end; ++i) {
        sum += weights[i] * values[i];
        weight += weights[i];
      }
      for (size_t i = begin; i < end; ++i) fitted[i] = sum / weight;
      begin = end;
    }
    if (std::is_sorted(fitted.begin(), fitted.end())) {
      best = std::min(best, loss(values, fitted, weights));
    }
  }
  return best;
}

RC_GTEST_PROP(Isotonic, IsMonotoneKeepsTheMeanAndIsOptimal, ()) {
  const auto size = static_cast<size_t>(*rc::gen::inRange(1, 9));
  const auto values = small_numbers(-5, 6, size);
  const auto weights = small_numbers(1, 4, size);
  const auto fitted = isotonic_regression(values, weights);
  RC_ASSERT(fitted.size() == size);
  RC_ASSERT(std::is_sorted(fitted.begin(), fitted.end()));
  // Rounding of sums of at most 8 numbers below 20.
  RC_ASSERT(std::abs(weighted_sum(fitted, weights) - weighted_sum(values, weights)) < 1e-12);
  RC_ASSERT(std::abs(loss(values, fitted, weights) - best_loss(values, weights)) < 1e-10);
}

RC_GTEST_PROP(Isotonic, ASecondTimeChangesNothing, ()) {
  const auto values = small_numbers(-9, 10, static_cast<size_t>(*rc::gen::inRange(1, 60)));
  const auto fitted = isotonic_regression(values);
  RC_ASSERT(isotonic_regression(fitted) == fitted);
}

RC_GTEST_PROP(MonotoneMap, NeverFallsAndStaysWithinTheResponses, ()) {
  const auto size = static_cast<size_t>(*rc::gen::inRange(1, 40));
  std::vector<float> prediction;
  for (size_t i = 0; i < size; ++i) {
    prediction.push_back(0.25f * static_cast<float>(*rc::gen::inRange(0, 12)));
  }
  const auto response = small_numbers(0, 20, size);
  const auto map = fit_monotone_map(prediction, response);
  const auto [least, most] = std::minmax_element(response.begin(), response.end());
  double last = map(-1);
  for (double x = -1; x < 4; x += 0.01) {
    RC_ASSERT(map(x) >= last);
    RC_ASSERT(map(x) >= *least - 1e-12);  // a mean of the responses, up to its rounding
    RC_ASSERT(map(x) <= *most + 1e-12);
    last = map(x);
  }
}

TEST(MonotoneMap, InterpolatesBetweenBlockCentresAndIsFlatOutside) {
  // Blocks: {0: 1}, {1, 2: pooled to 4}, {4: 10}; centres 0, 1.5 and 4.
  const std::vector<float> prediction = {2, 0, 4, 1};
  const std::vector<double> response = {3, 1, 10, 5};
  const auto map = fit_monotone_map(prediction, response);
  EXPECT_DOUBLE_EQ(map(-3), 1);
  EXPECT_DOUBLE_EQ(map(0), 1);
  EXPECT_DOUBLE_EQ(map(0.75), 2.5);
  EXPECT_DOUBLE_EQ(map(1.5), 4);
  EXPECT_DOUBLE_EQ(map(4), 10);
  EXPECT_DOUBLE_EQ(map(99), 10);
}

TEST(MonotoneMap, GivesEqualPredictionsTheMeanOfTheirResponses) {
  const std::vector<float> prediction = {1, 1, 1};
  const std::vector<double> response = {6, 0, 3};
  const std::vector<double> weights = {1, 1, 2};
  EXPECT_DOUBLE_EQ(fit_monotone_map(prediction, response)(5), 3);
  EXPECT_DOUBLE_EQ(fit_monotone_map(prediction, response, weights)(5), 3);
  EXPECT_THROW(fit_monotone_map(prediction, std::vector<double>{1}), Error);
}

}  // namespace
}  // namespace grids::core
