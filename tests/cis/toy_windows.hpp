/// Windows of a dozen peaks with drawn counts.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "base/random.hpp"
#include "cis/gene_problem.hpp"
#include "cis/openness.hpp"
#include "cis/term_regression.hpp"

namespace grids::core {

inline constexpr double kDispersion = 0.5;
inline constexpr int32_t kPeaks = 12;
inline constexpr size_t kRows = 3000;

inline double draw_count(RandomStream& random, double mean) {
  std::gamma_distribution<double> gamma(1 / kDispersion, kDispersion * mean);
  std::poisson_distribution<int> poisson(std::max(1e-9, gamma(random)));
  return poisson(random);
}

/// Rows in two types (of 60 % and 40 %), 12 peaks open at random in 30 % of them.
struct Toy {
  CisRows rows;
  std::vector<double> base;

  explicit Toy(size_t count, uint64_t seed = 1) {
    RandomStream random(seed, Purpose::kBenchmark);
    rows.type_begin = {0, static_cast<int64_t>(count * 6 / 10), static_cast<int64_t>(count)};
    CsrPattern open;
    open.columns = 12;
    for (size_t i = 0; i < count; ++i) {
      rows.cells.push_back(static_cast<int32_t>(i));
      rows.type.push_back(static_cast<int64_t>(i) < rows.type_begin[1] ? 0 : 1);
      base.push_back(0.3 * random.normal());
      for (int32_t peak = 0; peak < 12; ++peak) {
        if (random.uniform() < 0.3) open.indices.push_back(peak);
      }
      open.offsets.push_back(open.nonzeros());
      ++open.rows;
    }
    rows.peaks = transpose(open);
  }

  bool open(int32_t peak, size_t row) const {
    return rows.peaks.contains(peak, static_cast<int32_t>(row));
  }

  /// Counts whose log rate is base + `log_factor(row)`.
  template <typename Function>
  GeneProblem problem(const Function& log_factor, uint64_t seed = 2) const {
    RandomStream random(seed, Purpose::kBenchmark);
    std::vector<double> counts;
    for (size_t i = 0; i < base.size(); ++i) {
      counts.push_back(draw_count(random, std::exp(base[i] + log_factor(i))));
    }
    std::vector<int32_t> window(12);
    for (int32_t peak = 0; peak < 12; ++peak) window[static_cast<size_t>(peak)] = peak;
    return {rows, CisResponse::kCounts, window, 5, counts, base};
  }
};

/// Rows in two types (of 60 % and 40 %) and of different depth; 12 peaks latently open at random in
/// about 30 % of them, the more the deeper;
/// peak 11 copies peak 10 half of the time. ATAC observes them with a capture.
struct Lossy {
  CisRows rows;
  std::vector<std::vector<uint8_t>> latent;  // rows × peaks
  std::vector<double> open_peaks, base;

  explicit Lossy(double capture, uint64_t seed = 1) {
    RandomStream random(seed, Purpose::kBenchmark);
    rows.type_begin = {0, static_cast<int64_t>(kRows * 6 / 10), static_cast<int64_t>(kRows)};
    CsrPattern observed;
    observed.columns = kPeaks;
    for (size_t i = 0; i < kRows; ++i) {
      rows.cells.push_back(static_cast<int32_t>(i));
      rows.type.push_back(static_cast<int64_t>(i) < rows.type_begin[1] ? 0 : 1);
      base.push_back(0.3 * random.normal());
      const double depth = std::exp(0.4 * random.normal());
      const double seen = capture < 1 ? 1 - std::pow(1 - capture, std::sqrt(depth)) : 1;
      // The rest of the genome: as many as the model says, so that depths can be told.
      open_peaks.push_back(std::round(1000 * depth * seen));
      auto& open = latent.emplace_back(kPeaks);
      for (auto& peak : open) peak = random.uniform() < std::min(0.9, 0.28 * depth) ? 1 : 0;
      if (random.uniform() < 0.5) open[11] = open[10];
      for (int32_t peak = 0; peak < kPeaks; ++peak) {
        if (open[static_cast<size_t>(peak)] != 0 && random.uniform() < seen) {
          observed.indices.push_back(peak);
        }
      }
      observed.offsets.push_back(observed.nonzeros());
      ++observed.rows;
    }
    rows.peaks = transpose(observed);
  }

  bool open(size_t peak, size_t row) const { return latent[row][peak] != 0; }

  /// Counts whose log rate is base + `log_factor(row)`.
  template <typename Function>
  GeneProblem problem(const Function& log_factor) const {
    RandomStream random(2, Purpose::kBenchmark);
    std::vector<double> counts;
    for (size_t i = 0; i < kRows; ++i) {
      const double mean = std::exp(base[i] + log_factor(i));
      counts.push_back(draw_count(random, mean));
    }
    std::vector<int32_t> window(kPeaks);
    for (int32_t peak = 0; peak < kPeaks; ++peak) window[static_cast<size_t>(peak)] = peak;
    return {rows, CisResponse::kCounts, window, 5, counts, base};
  }
  GeneProblem problem() const {
    return problem([](size_t) { return 0.0; });
  }
  std::vector<double> seen(double capture) const { return seen_probability(open_peaks, capture); }
  std::vector<double> log_depth() const {
    std::vector<double> logs;
    double mean = 0;
    for (const double open_here : open_peaks) {
      logs.push_back(std::log(open_here));
      mean += logs.back() / static_cast<double>(kRows);
    }
    for (double& value : logs) value -= mean;
    return logs;
  }
};

/// Next to no shrinkage.
inline TermRegressionOptions regression(TermSum sum = TermSum::kMultiply) {
  TermRegressionOptions options;
  options.sum = sum;
  options.dispersion = kDispersion;
  options.weight_ridge = 1e-6;
  return options;
}

}  // namespace grids::core
