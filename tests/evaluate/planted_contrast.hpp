/// Cells with a set of known effect, for the tests of contrasts.
#pragma once

#include <cmath>

#include "base/random.hpp"
#include "evaluate/contrast.hpp"
#include "evaluate/small_study.hpp"

namespace grids::core::testing {

/// A count with the given mean and dispersion: Poisson with a gamma rate, both by plain means.
inline double draw_count(double mean, double dispersion, RandomStream& random) {
  // Gamma of shape 1 / dispersion as a sum of exponentials: dispersions are 1 / whole number here.
  const auto shape = static_cast<int>(std::lround(1 / dispersion));
  double gamma = 0;
  for (int i = 0; i < shape; ++i) gamma -= std::log(1 - random.uniform());
  const double rate = mean * gamma * dispersion;
  double count = 0;
  for (double time = -std::log(1 - random.uniform()); time < rate;
       time -= std::log(1 - random.uniform())) {
    count += 1;
  }
  return count;
}

/// Cells of two types with depth, latents and a "set" whose opening multiplies the gene's rate.
struct PlantedContrast {
  Study study;
  std::vector<int32_t> cells;
  std::vector<float> latents;  // two a cell
  std::vector<double> change;  // δ if the set is predicted right

  PlantedContrast(int64_t count, double effect, double mean, uint64_t seed, int donors = 0) {
    RandomStream random(seed, Purpose::kBenchmark);
    study.cells.type.names = {"a", "b"};
    for (int d = 0; d < donors; ++d) {
      study.cells.donor.names.push_back("donor " + std::to_string(100 + d));
    }
    auto& counts = study.counts;
    counts.pattern.rows = count;
    counts.pattern.columns = 1;
    study.genes.names = {"gene"};
    for (int64_t i = 0; i < count; ++i) {
      cells.push_back(static_cast<int32_t>(i));
      const int type = random.uniform() < 0.3 ? 1 : 0;
      study.cells.type.codes.push_back(type);
      if (donors > 0) study.cells.donor.codes.push_back(static_cast<int32_t>(i % donors));
      const double depth = 0.4 * random.normal();
      study.cells.total_rna.push_back(1000 * std::exp(depth));
      study.cells.open_peaks.push_back(500 * std::exp(0.3 * random.normal()));
      const double state = random.normal();
      latents.push_back(static_cast<float>(state));
      latents.push_back(static_cast<float>(random.normal()));
      // The set opens with the state, so that the state alone would make a slope.
      const bool open = random.uniform() < 1 / (1 + std::exp(0.7 - 0.5 * state));
      change.push_back(open ? -1 : 0);
      const double y = draw_count(
          mean * std::exp(depth + 0.5 * type + 0.4 * state + (open ? effect : 0)), 0.5, random);
      if (y > 0) {
        counts.pattern.indices.push_back(0);
        counts.values.push_back(static_cast<float>(y));
      }
      counts.pattern.offsets.push_back(counts.pattern.nonzeros());
    }
  }

  ContrastCells prepared(const ContrastOptions& options = {}) const {
    return contrast_cells(study, cells, latents, options);
  }
  Contrast result(const ContrastOptions& options = {}) const { return result(change, options); }
  Contrast result(const std::vector<double>& changes, const ContrastOptions& options = {}) const {
    const auto common = prepared(options);
    return contrast(common, contrast_baseline(study, 0, common, options), changes, options);
  }
};

}  // namespace grids::core::testing
