#include "cis/openness.hpp"

#include <algorithm>
#include <cmath>

namespace grids {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

constexpr double kLargestPrevalence = 0.95;

double seen_at(double depth, double capture) {
  return 1 - std::pow(1 - capture, std::sqrt(depth));
}

/// The depth at which a cell has `relative` times the observed open peaks of one of depth 1.
double depth_of(double relative, double capture) {
  double low = 1e-4, high = 1e4;
  for (int step = 0; step < 60; ++step) {
    const double middle = std::sqrt(low * high);
    (middle * seen_at(middle, capture) < relative * capture ? low : high) = middle;
  }
  return std::sqrt(low * high);
}

}  // namespace

std::vector<double> seen_probability(std::span<const double> open_peaks, double capture) {
  std::vector<double> seen(open_peaks.size(), 1.0);
  if (capture >= 1 || seen.empty()) return seen;
  std::vector<double> sorted(open_peaks.begin(), open_peaks.end());
  const auto middle = sorted.begin() + static_cast<long>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  for (size_t i = 0; i < seen.size(); ++i) {
    const double relative = std::max(1.0, open_peaks[i]) / std::max(1.0, *middle);
    seen[i] = seen_at(depth_of(relative, capture), capture);
  }
  return seen;
}

Beliefs openness_beliefs(const GeneProblem& problem, std::span<const double> open_peaks,
                         std::span<const double> seen) {
  Beliefs beliefs(problem.peaks(), problem.rows());
  for (size_t type = 0; type < at(problem.types()); ++type) {
    const auto begin = at(problem.type_begin()[type]), end = at(problem.type_begin()[type + 1]);
    const auto count = static_cast<double>(end - begin);
    double mean = 0;
    for (auto i = begin; i < end; ++i) mean += open_peaks[i] / count;
    std::vector<double> share(problem.peaks());
    for (auto i = begin; i < end; ++i) {
      for (const int32_t peak : problem.peaks_in(i)) share[at(peak)] += 1 / count;
    }
    for (int32_t peak = 0; at(peak) < problem.peaks(); ++peak) {
      const auto q = beliefs.peak(peak);
      for (auto i = begin; i < end; ++i) {
        const double relative = mean > 0 ? open_peaks[i] / mean : 1;
        const double open = std::min(kLargestPrevalence, share[at(peak)] * relative / seen[i]);
        q[i] = static_cast<float>(open * (1 - seen[i]) / (1 - open * seen[i]));
      }
    }
  }
  for (int32_t peak = 0; at(peak) < problem.peaks(); ++peak) {
    const auto q = beliefs.peak(peak);
    for (const int32_t row : problem.rows_of(peak)) q[at(row)] = 1;
  }
  return beliefs;
}

}  // namespace grids
