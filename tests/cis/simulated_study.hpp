/// Simulated cells as a study, with the truth and latents for it.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "math/pca.hpp"
#include "prepare/prepare.hpp"
#include "simulate/simulate.hpp"

namespace grids::core {

/// A context for tests: a pool of its own, silence.
struct TestContext {
  explicit TestContext(int threads = 2) : pool(threads) {}

  ThreadPool pool;
  Reporter reporter;
  Context context{7, pool, reporter};
};

struct SimulatedStudy {
  SimulatedCells simulated;
  Study study;
  std::vector<float> latents;  ///< cells × 10: principal components of open chromatin

  const GeneTruth& truth(int32_t gene) const {
    const auto& name = study.genes.names[static_cast<size_t>(gene)];
    return *std::find_if(simulated.truth.genes.begin(), simulated.truth.genes.end(),
                         [&](const GeneTruth& g) { return g.gene == name; });
  }
  /// Study peaks of a list of names, ascending.
  std::vector<int32_t> peaks(const std::vector<std::string>& names) const {
    std::vector<int32_t> result;
    for (const auto& name : names) {
      const auto found = std::find(study.peaks.names.begin(), study.peaks.names.end(), name);
      result.push_back(static_cast<int32_t>(found - study.peaks.names.begin()));
    }
    std::sort(result.begin(), result.end());
    return result;
  }
};

inline SimulatedStudy simulated_study(const SimulateOptions& options, const Context& context) {
  SimulatedStudy result;
  result.simulated = simulate(options, context);
  PrepareInputs inputs;
  inputs.label_column = "cell_type";
  inputs.donor_column = "donor";
  inputs.gene_positions = result.simulated.genes;
  PrepareOptions prepare_options;
  prepare_options.keep_all = true;
  RawMultiome raw = result.simulated.data;
  result.study = prepare(std::move(raw), inputs, prepare_options, context).study;
  PcaOptions components;
  components.components = 10;
  const auto weights = TfIdf::fit(result.study.open);
  result.latents = pca(weights.apply(result.study.open), components, context).scores;
  return result;
}

}  // namespace grids::core
