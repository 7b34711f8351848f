#include "math/fisher_test.hpp"

#include <algorithm>
#include <cmath>

#include "math/statistics.hpp"

namespace grids::core {
namespace {

constexpr double kTwoSided95 = 1.959963984540054;

double log_choose(int64_t n, int64_t k) {
  const auto a = static_cast<double>(n), b = static_cast<double>(k);
  return log_gamma(a + 1) - log_gamma(b + 1) - log_gamma(a - b + 1);
}

}  // namespace

double fisher_upper_tail(const TwoByTwo& table) {
  const int64_t a = table.with_a + table.without_a, b = table.with_b + table.without_b;
  const int64_t with = table.with_a + table.with_b;
  if (a == 0 || b == 0 || with == 0 || with == a + b) return 1;
  const double all = log_choose(a + b, with);
  double tail = 0;
  for (int64_t k = table.with_a; k <= std::min(a, with); ++k) {
    if (with - k > b) continue;
    tail += std::exp(log_choose(a, k) + log_choose(b, with - k) - all);
  }
  return std::min(tail, 1.0);
}

OddsRatio odds_ratio(const TwoByTwo& table) {
  const double a = static_cast<double>(table.with_a) + 0.5;
  const double b = static_cast<double>(table.without_a) + 0.5;
  const double c = static_cast<double>(table.with_b) + 0.5;
  const double d = static_cast<double>(table.without_b) + 0.5;
  const double log_odds = std::log(a * d / (b * c));
  const double error = std::sqrt(1 / a + 1 / b + 1 / c + 1 / d);
  return {std::exp(log_odds), std::exp(log_odds - kTwoSided95 * error),
          std::exp(log_odds + kTwoSided95 * error)};
}

}  // namespace grids::core
