/// A surrogate over random cells, ready to be searched, for tests.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "base/context.hpp"
#include "base/indices.hpp"
#include "model/surrogate_model.hpp"
#include "search/objective.hpp"
#include "support/random_cis.hpp"
#include "support/random_surrogate.hpp"

namespace grids::core::testing {

struct SearchWorld {
  explicit SearchWorld(uint64_t seed = 1, int threads = 1, int64_t cells = 60, bool cis = false)
      : pool(threads),
        context{seed, pool, reporter},
        surrogate(random_surrogate(small_shape(), seed)),
        path(random_cis(surrogate.shape(), seed)),
        model(surrogate, random_open(cells, surrogate.shape().peaks(), 0.2, seed + 100),
              replace_by(surrogate.shape().peaks(), 0), pool,
              cis ? random_contribution(path, cells, seed) : CisContribution()) {}

  /// The gene whose prediction is largest, so that few cells sit at the clamp.
  int32_t target() const {
    const auto cells = indices_below(model.shape().cells);
    const auto genes = indices_below(model.shape().outputs);
    const auto state = model.begin({}, cells, genes);
    std::vector<double> sums(genes.size(), 0.0);
    for (size_t i = 0; i < state->outputs().size(); ++i) {
      sums[i % genes.size()] += state->outputs()[i];
    }
    return static_cast<int32_t>(std::max_element(sums.begin(), sums.end()) - sums.begin());
  }

  Objective objective(const LossOptions& options, std::vector<Feature> allowed = {}) const {
    ObjectiveInput input;
    input.cells = indices_below(model.shape().cells);
    input.target = target();
    input.allowed = std::move(allowed);
    return make_objective(model, input, options);
  }

  ThreadPool pool;
  Reporter reporter;
  Context context;
  FoldedSurrogate surrogate;
  CisPath path;
  SurrogateModel model;
};

inline std::vector<Feature> sorted(std::vector<Feature> features) {
  std::sort(features.begin(), features.end());
  return features;
}

/// The model's sum over all cells as it is, without a loss.
inline Objective value_objective(const MaskableModel& model) {
  ObjectiveInput input;
  input.cells = indices_below(model.shape().cells);
  LossOptions loss;
  loss.kind = LossKind::kValue;
  return make_objective(model, input, loss);
}

}  // namespace grids::core::testing
