#include "cis/openness.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "cis/open_together.hpp"

namespace grids::core {
namespace {

constexpr double kLargestPrevalence = 0.95;
constexpr double kLeastPrevalence = 1e-4;
/// Two peaks tell of each other when they are open together this many standard deviations more
/// often than expected: of 5,000 pairs hardly one is by chance.
constexpr double kTellingDeviations = 5;

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

/// Two peaks that go together, and how closely.
struct Neighbour {
  int32_t peak;
  double z;
  double correlation;  // of latent openness within types
};

class Window {
 public:
  Window(const GeneProblem& problem, std::span<const double> open_peaks,
         std::span<const double> seen, size_t neighbours)
      : problem_(problem),
        open_peaks_(open_peaks),
        seen_(seen),
        most_(neighbours),
        rates_(problem, open_peaks),
        squared_seen_(at(problem.types())),
        mean_seen_(at(problem.types())) {
    for (size_t i = 0; i < problem.rows(); ++i) {
      const size_t type = at(problem.type()[i]);
      const auto begin = problem.type_begin();
      squared_seen_[type] += seen_[i] * seen_[i];
      mean_seen_[type] += seen_[i] / static_cast<double>(begin[type + 1] - begin[type]);
    }
  }

  Beliefs beliefs() const {
    Beliefs result(problem_.peaks(), problem_.rows());
    const auto near = neighbours();
    for (int32_t peak = 0; at(peak) < problem_.peaks(); ++peak) {
      fill(peak, near[at(peak)], result.peak(peak));
    }
    return result;
  }

 private:
  double rate(size_t type, int32_t peak) const {
    return rates_.rate[type * problem_.peaks() + at(peak)];
  }
  double prevalence(size_t type, int32_t peak) const {
    return std::clamp(rate(type, peak) / mean_seen_[type], kLeastPrevalence, kLargestPrevalence);
  }

  std::vector<std::vector<Neighbour>> neighbours() const {
    const size_t peaks = problem_.peaks();
    std::vector<std::vector<Neighbour>> result(peaks);
    if (most_ == 0) return result;
    for (const auto& [j, k, z, excess] : open_together(problem_, open_peaks_, kTellingDeviations)) {
      double scale = 0;
      for (size_t type = 0; type < at(problem_.types()); ++type) {
        const double a = prevalence(type, j), b = prevalence(type, k);
        scale += squared_seen_[type] * std::sqrt(a * (1 - a) * b * (1 - b));
      }
      if (!(scale > 0)) continue;
      const double correlation = std::min(0.9, excess / scale);
      result[at(j)].push_back({k, z, correlation});
      result[at(k)].push_back({j, z, correlation});
    }
    for (auto& list : result) {
      std::stable_sort(list.begin(), list.end(),
                       [](const Neighbour& a, const Neighbour& b) { return a.z > b.z; });
      if (list.size() > most_) list.resize(most_);
    }
    return result;
  }

  void fill(int32_t peak, const std::vector<Neighbour>& near, std::span<float> out) const {
    const auto observed = problem_.rows_of(peak);
    std::vector<double> ratio;
    if (!near.empty()) ratio = evidence(peak, near);
    for (size_t i = 0; i < out.size(); ++i) {
      const size_t type = at(problem_.type()[i]);
      const double open =
          std::min(kLargestPrevalence, rate(type, peak) * rates_.relative[i] / seen_[i]);
      double odds = open * (1 - seen_[i]) / (1 - open);
      if (!near.empty()) odds *= ratio[i];
      out[i] = static_cast<float>(odds / (1 + odds));
    }
    for (const int32_t row : observed) out[at(row)] = 1;
  }

  /// Likelihood ratio of what is observed of the neighbours, open against closed, in each row.
  std::vector<double> evidence(int32_t peak, const std::vector<Neighbour>& near) const {
    std::vector<double> ratio(problem_.rows(), 1.0);
    for (const auto& [other, z, correlation] : near) {
      const auto open = problem_.rows_of(other);
      size_t next = 0;
      for (size_t type = 0; type < at(problem_.types()); ++type) {
        const double a = prevalence(type, peak), b = prevalence(type, other);
        const double both = correlation * std::sqrt(a * (1 - a) * b * (1 - b));
        const double if_open = std::clamp(b + both / a, 1e-3, 0.999);
        const double if_closed = std::clamp(b - both / (1 - a), 1e-3, 0.999);
        for (auto i = at(problem_.type_begin()[type]); i < at(problem_.type_begin()[type + 1]);
             ++i) {
          const bool is_open = next < open.size() && at(open[next]) == i;
          if (is_open) ++next;
          ratio[i] *=
              is_open ? if_open / if_closed : (1 - seen_[i] * if_open) / (1 - seen_[i] * if_closed);
        }
      }
    }
    return ratio;
  }

  const GeneProblem& problem_;
  std::span<const double> open_peaks_, seen_;
  size_t most_;
  WindowRates rates_;
  std::vector<double> squared_seen_, mean_seen_;
};

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
                         std::span<const double> seen, size_t neighbours) {
  return Window(problem, open_peaks, seen, neighbours).beliefs();
}

}  // namespace grids::core
