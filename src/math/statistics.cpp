#include "math/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "base/nan.hpp"

namespace grids::core {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The continued fraction of DLMF 8.17.22, by Lentz's method; converges fast for
/// x < (a + 1) / (a + b + 2).
double beta_fraction(double x, double a, double b) {
  constexpr double kTiny = 1e-300;
  constexpr int kMostTerms = 10'000;  // about √max(a, b) are needed
  const auto away_from_zero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double result = d;
  for (int m = 1; m < kMostTerms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    result *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    result *= d * c;
    if (std::abs(d * c - 1) < 1e-16) break;
  }
  return result;
}

/// log Γ(a + b) − log Γ(a) for a ≥ b > 0: from Stirling's series where both are large, since their
/// difference would lose the digits that it is about.
double log_gamma_step(double a, double b) {
  if (a < 50) return log_gamma(a + b) - log_gamma(a);
  const auto series = [](double x) {  // next term: 1 / 1188 x⁻⁹ < 1e-18
    const double y = 1 / (x * x);
    return (1.0 / 12 - y * (1.0 / 360 - y * (1.0 / 1260 - y / 1680))) / x;
  };
  return (a - 0.5) * std::log1p(b / a) + b * (std::log(a + b) - 1) + series(a + b) - series(a);
}

/// I_x(a, b) from x and y = 1 − x, the smaller of which holds the digits.
double incomplete_beta(double x, double y, double a, double b) {
  if (x == 0 || y == 0) return x;
  const double log_x = x < 0.5 ? std::log(x) : std::log1p(-y);
  const double log_y = y < 0.5 ? std::log(y) : std::log1p(-x);
  const double front = std::exp(log_gamma_step(std::max(a, b), std::min(a, b)) -
                                log_gamma(std::min(a, b)) + a * log_x + b * log_y);
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(x, a, b) / a;
  return 1 - front * beta_fraction(y, b, a) / b;
}

/// `normal_upper_quantile` for p ≤ ½: Halley's method on log(tail), which is nearly a parabola.
double normal_quantile_in_tail(double p) {
  const double wanted = std::log(p);
  // The leading term of the tail's expansion; right to about 0.5 and on the convex side.
  double z = std::sqrt(std::max(0.0, -2 * (wanted + std::numbers::ln2)));
  for (int i = 0; i < 50; ++i) {
    const double tail = normal_upper_tail(z);
    const double hazard =
        std::exp(-0.5 * z * z) / (std::sqrt(2 * std::numbers::pi) * tail);  // −d log tail / dz
    const double error = std::log(tail) - wanted;
    const double newton = error / hazard;
    const double step = newton / (1 - 0.5 * newton * (hazard - z));
    z += step;
    if (std::abs(step) < 1e-15 * std::max(1.0, z)) break;
  }
  return z;
}

/// Σ 2 (−1)^(j−1) exp(−2 j² λ²), or its theta-function twin where that converges faster.
double kolmogorov_upper_tail(double lambda) {
  if (lambda <= 0) return 1;
  double sum = 0;
  if (lambda < 1) {
    for (int j = 1; j <= 20; ++j) {
      const double odd = (2 * j - 1) * std::numbers::pi / lambda;
      sum += std::exp(-odd * odd / 8);
    }
    return std::clamp(1 - std::sqrt(2 * std::numbers::pi) / lambda * sum, 0.0, 1.0);
  }
  for (int j = 1; j <= 20; ++j) {
    sum += (j % 2 == 1 ? 2 : -2) * std::exp(-2.0 * j * j * lambda * lambda);
  }
  return std::clamp(sum, 0.0, 1.0);
}

}  // namespace

double log_gamma(double x) {
  int sign = 1;
  return lgamma_r(x, &sign);
}

double normal_upper_tail(double z) {
  return 0.5 * std::erfc(z / std::numbers::sqrt2);
}

double normal_upper_quantile(double p) {
  if (!(p >= 0 && p <= 1)) return kNaN;
  if (p == 0) return kInfinity;
  if (p == 1) return -kInfinity;
  return p <= 0.5 ? normal_quantile_in_tail(p) : -normal_quantile_in_tail(1 - p);
}

double incomplete_beta(double x, double a, double b) {
  if (!(x >= 0 && x <= 1 && a > 0 && b > 0)) return kNaN;
  return incomplete_beta(x, 1 - x, a, b);
}

double student_upper_tail(double t, double freedom) {
  if (std::isnan(t) || !(freedom > 0)) return kNaN;
  if (std::isinf(freedom)) return normal_upper_tail(t);
  if (std::isinf(t)) return t > 0 ? 0 : 1;
  const double sum = freedom + t * t;
  const double half = 0.5 * incomplete_beta(freedom / sum, t * t / sum, 0.5 * freedom, 0.5);
  return t >= 0 ? half : 1 - half;
}

double student_upper_quantile(double p, double freedom) {
  if (!(p > 0 && p < 1) || !(freedom > 0)) return kNaN;
  if (std::isinf(freedom)) return normal_upper_quantile(p);
  if (p > 0.5) return -student_upper_quantile(1 - p, freedom);
  // The tail falls monotonically: bracket, then halve until neighbouring numbers are left.
  double low = 0;
  double high = 1;
  while (student_upper_tail(high, freedom) > p && high < 1e300) high *= 2;
  while (true) {
    const double middle = low + 0.5 * (high - low);
    if (middle <= low || middle >= high) return middle;
    (student_upper_tail(middle, freedom) > p ? low : high) = middle;
  }
}

double sorted_quantile(std::span<const double> values, double share) {
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(place);
  const auto above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

KolmogorovSmirnov test_uniform(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  if (sorted.empty() ||
      std::any_of(sorted.begin(), sorted.end(), [](double value) { return std::isnan(value); })) {
    return {kNaN, kNaN};
  }
  std::sort(sorted.begin(), sorted.end());
  const auto n = static_cast<double>(sorted.size());
  double distance = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    const double uniform = std::clamp(sorted[i], 0.0, 1.0);
    distance = std::max(
        {distance, static_cast<double>(i + 1) / n - uniform, uniform - static_cast<double>(i) / n});
  }
  const double root = std::sqrt(n);
  return {distance, kolmogorov_upper_tail((root + 0.12 + 0.11 / root) * distance)};
}

std::vector<double> benjamini_hochberg(std::span<const double> p) {
  std::vector<size_t> order;
  for (size_t i = 0; i < p.size(); ++i) {
    if (!std::isnan(p[i])) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] < p[b]; });
  std::vector<double> q(p.size(), kNaN);
  double smallest = 1;
  for (size_t rank = order.size(); rank > 0; --rank) {
    const size_t i = order[rank - 1];
    smallest =
        std::min(smallest, p[i] * static_cast<double>(order.size()) / static_cast<double>(rank));
    q[i] = smallest;
  }
  return q;
}

}  // namespace grids::core
