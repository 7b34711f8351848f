#include "cis/open_together.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"

namespace grids::core {
namespace {

/// One peak in ten has, by chance, one among a hundred others that is so often open with it.
constexpr double kLeastDeviations = 3;
/// Each costs a few fits.
constexpr size_t kMostCompanions = 3;

}  // namespace

WindowRates::WindowRates(const GeneProblem& problem, std::span<const double> open_peaks)
    : relative(problem.rows()), rate(at(problem.types()) * problem.peaks()) {
  for (size_t type = 0; type < at(problem.types()); ++type) {
    const auto begin = at(problem.type_begin()[type]), end = at(problem.type_begin()[type + 1]);
    const auto count = static_cast<double>(end - begin);
    double mean = 0;
    for (auto i = begin; i < end; ++i) mean += open_peaks[i] / count;
    for (auto i = begin; i < end; ++i) {
      relative[i] = mean > 0 ? open_peaks[i] / mean : 1;
      for (const int32_t peak : problem.peaks_in(i)) {
        rate[type * problem.peaks() + at(peak)] += 1 / count;
      }
    }
  }
}

std::vector<OpenTogether> open_together(const GeneProblem& problem,
                                        std::span<const double> open_peaks,
                                        double least_deviations) {
  const size_t types = at(problem.types()), peaks = problem.peaks();
  const WindowRates window(problem, open_peaks);
  const auto& rate = window.rate;
  std::vector<double> squared_depth(types), together(peaks * peaks);
  for (size_t i = 0; i < problem.rows(); ++i) {
    squared_depth[at(problem.type()[i])] += window.relative[i] * window.relative[i];
    const auto open = problem.peaks_in(i);
    for (size_t a = 0; a < open.size(); ++a) {
      for (size_t b = a + 1; b < open.size(); ++b) {
        together[at(open[a]) * peaks + at(open[b])] += 1;
      }
    }
  }
  std::vector<OpenTogether> result;
  for (size_t a = 0; a < peaks; ++a) {
    for (size_t b = a + 1; b < peaks; ++b) {
      double expected = 0;
      for (size_t type = 0; type < types; ++type) {
        expected += rate[type * peaks + a] * rate[type * peaks + b] * squared_depth[type];
      }
      const double excess = together[a * peaks + b] - expected;
      const double z = excess / std::sqrt(std::max(1.0, expected));
      if (!(expected > 0) || z < least_deviations) continue;
      result.push_back({static_cast<int32_t>(a), static_cast<int32_t>(b), z, excess});
    }
  }
  return result;
}

Companions::Companions(const GeneProblem& problem, std::span<const double> open_peaks)
    : companions_(problem.peaks()) {
  auto pairs = open_together(problem, open_peaks, kLeastDeviations);
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const OpenTogether& x, const OpenTogether& y) { return x.z > y.z; });
  for (const auto& pair : pairs) {
    for (const auto& [peak, other] : {std::pair{pair.a, pair.b}, std::pair{pair.b, pair.a}}) {
      auto& list = companions_[at(peak)];
      if (list.size() < kMostCompanions) list.push_back(other);
    }
  }
}

}  // namespace grids::core
