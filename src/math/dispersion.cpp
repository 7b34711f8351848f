#include "math/dispersion.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/simd.hpp"
#include "math/logarithm.hpp"

namespace grids::core {
namespace {

/// A function and its derivative at one place.
struct Slope {
  double value = 0;
  double derivative = 0;
};

/// Of the last step, in the log of the root; what remains is about its square.
constexpr double kLastStep = 1e-6;
constexpr double kNarrow = 1e-11;

/// The root of a function that falls through zero, or the bound nearest to it: Newton's method in
/// the log, within a bracket that is halved where a step leaves it or gains too little. Bounds are
/// looked at only where steps lead there.
template <typename Function>
double falling_root(const Function& function, double low, double high, double start) {
  constexpr int kMostSteps = 100;
  double a = std::log(low), b = std::log(high);
  bool a_seen = false, b_seen = false;  // that the function is above 0 at a, below at b
  double at = std::log(start > low ? std::min(start, high) : low);
  double before = INFINITY;
  for (int step = 0; step < kMostSteps; ++step) {
    const double place = std::exp(at);
    const Slope here = function(place);
    if (here.value == 0) return place;
    const bool above = here.value > 0;
    if (above && !b_seen && at >= b) return high;
    if (!above && !a_seen && at <= a) return low;
    (above ? a : b) = at;
    (above ? a_seen : b_seen) = true;
    const double move = -here.value / (here.derivative * place);
    const bool falls = here.derivative < 0;
    if (falls && std::abs(move) < kLastStep) return std::clamp(std::exp(at + move), low, high);
    if (a_seen && b_seen && b - a < kNarrow) break;
    const bool gained = std::abs(here.value) < 0.5 * before || !(a_seen && b_seen);
    before = std::abs(here.value);
    const double next = at + move;
    if (falls && gained && next > a && next < b) {
      at = next;
    } else if (above) {
      at = b_seen ? (a + b) / 2 : b;
    } else {
      at = a_seen ? (a + b) / 2 : a;
    }
  }
  return std::exp((a + b) / 2);
}

/// What rows add to the first two derivatives of the log likelihood with respect to φ:
/// (log1p(s) − s / (1 + s)) / φ² − y m / (1 + s) with s = φ m, and its derivative.
GRIDS_CLONES Slope sum_of_rows(size_t count, double phi, const double* counts, const double* mean,
                               const double* log1p_of_spread) {
  const double inverse = 1 / phi;
  double value = 0, derivative = 0;
#pragma omp simd reduction(+ : value, derivative)
  for (size_t i = 0; i < count; ++i) {
    const double spread = phi * mean[i];
    const double damped = mean[i] / (1 + spread);
    const double share = phi * damped;
    // The difference cancels for small s: its series there.
    const double series = spread * spread * (0.5 - spread * (2.0 / 3 - 0.75 * spread));
    const double rest = spread < 1e-3 ? series : log1p_of_spread[i] - share;
    value += rest * inverse * inverse - counts[i] * damped;
    derivative +=
        (share * share - 2 * rest) * inverse * inverse * inverse + counts[i] * damped * damped;
  }
  return {value, derivative};
}

/// (variance − mean) / mean² of all rows together: where to begin.
double rough_dispersion(std::span<const double> counts, std::span<const double> mean) {
  double excess = 0, squares = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double rest = counts[i] - mean[i];
    excess += rest * rest - mean[i];
    squares += mean[i] * mean[i];
  }
  return squares > 0 ? excess / squares : 0;
}

/// Place k: rows with a count above k. Σ_i Σ_{k < y_i} log(1 + φ k) is what lgamma stands for.
std::vector<double> rows_above(std::span<const double> counts) {
  std::vector<double> above;
  for (const double count : counts) {
    const auto y = static_cast<size_t>(std::llround(count));
    if (above.size() < y) above.resize(y);
    if (y > 0) above[y - 1] += 1;
  }
  for (size_t k = above.size(); k-- > 1;) above[k - 1] += above[k];
  return above;
}

}  // namespace

double likelihood_dispersion(std::span<const double> counts, std::span<const double> mean,
                             double least, double largest) {
  const auto above = rows_above(counts);
  std::vector<double> logs(mean.size());
  const auto slope = [&](double phi) {
    for (size_t i = 0; i < mean.size(); ++i) logs[i] = phi * mean[i];
    log1p_of_positive(static_cast<int64_t>(logs.size()), logs.data(), logs.data());
    Slope sum = sum_of_rows(counts.size(), phi, counts.data(), mean.data(), logs.data());
    for (size_t k = 1; k < above.size(); ++k) {
      const double part = static_cast<double>(k) / (1 + phi * static_cast<double>(k));
      sum.value += above[k] * part;
      sum.derivative -= above[k] * part * part;
    }
    return sum;
  };
  return falling_root(slope, least, largest, rough_dispersion(counts, mean));
}

double moment_dispersion(std::span<const double> counts, std::span<const double> mean,
                         double freedom, double least, double largest) {
  const auto excess = [&](double phi) {
    Slope sum{-freedom, 0};
    for (size_t i = 0; i < mean.size(); ++i) {
      const double rest = counts[i] - mean[i];
      const double inverse = 1 / (1 + phi * mean[i]);
      sum.value += rest * rest / mean[i] * inverse;
      sum.derivative -= rest * rest * inverse * inverse;
    }
    return sum;
  };
  return falling_root(excess, least, largest, rough_dispersion(counts, mean));
}

}  // namespace grids::core
