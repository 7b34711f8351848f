/// Random 0/1 features on two chromosomes and a response that follows some of them, for tests of
/// the methods that look at the data alone.
#pragma once

#include <cmath>
#include <memory>

#include "base/random.hpp"
#include "methods/target_data.hpp"

namespace grids::core::testing {

struct PlantedCells {
  PlantedCells() { data.measured = &measured; }
  PlantedCells(const PlantedCells&) = delete;  // `data` points into it
  PlantedCells& operator=(const PlantedCells&) = delete;

  MeasuredCells measured;
  TargetData data;
};

/// `cells` × `features` (each open with probability 0.1 to 0.5), the first half on the target's
/// chromosome, 1 kb apart, with the target at the first. Counts are Poisson with mean
/// exp(log exposure − 1 + 0.5 · covariate + Σ effects[j] · open_j); normalised values are log1p of
/// them.
inline std::unique_ptr<const PlantedCells> planted_cells(int64_t cells, int64_t features,
                                                         const std::vector<double>& effects,
                                                         uint64_t seed) {
  auto owned = std::make_unique<PlantedCells>();
  PlantedCells& planted = *owned;
  auto& measured = planted.measured;
  RandomStream random(seed, Purpose::kBenchmark);
  auto& by_feature = measured.by_feature;
  by_feature.columns = cells;
  measured.counts = true;
  std::vector<double> log_mean(static_cast<size_t>(cells));
  std::vector<double> covariate;
  for (auto& value : log_mean) {
    measured.log_exposure.push_back(0.3 * random.normal());
    covariate.push_back(random.normal());
    value = measured.log_exposure.back() - 1 + 0.5 * covariate.back();
  }
  for (int64_t j = 0; j < features; ++j) {
    const double share = 0.1 + 0.4 * random.uniform();
    for (int32_t cell = 0; cell < cells; ++cell) {
      if (random.uniform() >= share) continue;
      by_feature.indices.push_back(cell);
      if (static_cast<size_t>(j) < effects.size()) {
        log_mean[static_cast<size_t>(cell)] += effects[static_cast<size_t>(j)];
      }
    }
    by_feature.offsets.push_back(by_feature.nonzeros());
    ++by_feature.rows;
    measured.group.push_back(j < features / 2 ? 0 : 1);
    measured.width.push_back(400 + static_cast<int64_t>(random.below(200)));
    planted.data.distance.push_back(j < features / 2 ? 1000 * j : kElsewhere);
  }
  measured.covariates.emplace_back(static_cast<size_t>(cells), 1.0);
  // Centred and scaled, so that the columns are orthogonal with mean square 1.
  double mean = 0, squares = 0;
  for (const double x : covariate) mean += x / static_cast<double>(cells);
  for (const double x : covariate) {
    squares += (x - mean) * (x - mean) / static_cast<double>(cells);
  }
  for (double& x : covariate) x = (x - mean) / std::sqrt(squares);
  measured.covariates.push_back(covariate);
  for (const double value : log_mean) {
    const double limit = std::exp(-std::exp(value));
    double product = random.uniform();
    int64_t count = 0;
    for (; product > limit; ++count) product *= random.uniform();
    planted.data.response.push_back(static_cast<double>(count));
    planted.data.normalised.push_back(std::log1p(static_cast<double>(count)));
  }
  planted.data.group = 0;
  planted.data.window = 1'000'000;
  return owned;
}

/// 0, 1, … for every feature.
inline std::vector<Feature> all_features(const TargetData& data) {
  std::vector<Feature> features(data.distance.size());
  for (size_t j = 0; j < features.size(); ++j) features[j] = static_cast<Feature>(j);
  return features;
}

}  // namespace grids::core::testing
