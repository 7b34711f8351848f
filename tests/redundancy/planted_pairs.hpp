/// Pairs of known action in simulated cells, with their cis path, for the tests of this room.
#pragma once

#include <optional>
#include <vector>

#include "cis/simulated_study.hpp"
#include "redundancy/search_and_judge.hpp"
#include "support/random_surrogate.hpp"

namespace grids::core::testing {

inline SurrogateShape shape_of(const Study& study) {
  auto shape = small_shape();
  shape.chromosome_peaks.clear();
  for (size_t c = 0; c + 1 < study.peaks.chromosome_offsets.size(); ++c) {
    shape.chromosome_peaks.push_back(study.peaks.chromosome_offsets[c + 1] -
                                     study.peaks.chromosome_offsets[c]);
  }
  shape.genes = study.genes.size();
  return shape;
}

inline SimulateOptions few_genes() {
  auto options = simulate_preset("redundancy");
  options.cells = 1500;
  options.genes = 12;
  options.peaks = 1500;
  options.chromosomes = 3;
  options.types = 1;
  options.repressors = 0.25;
  // Of each kind with an answer two or three.
  options.kind_shares = {0, 0, 1, 1, 1, 1, 0, 0};
  return options;
}

/// Pairs of known action, their cis path, and the state of a random network.
struct PlantedPairs {
  explicit PlantedPairs(int threads = 2)
      : test(threads),
        cells(simulated_study(few_genes(), test.context)),
        folded(random_surrogate(shape_of(cells.study), 3)),
        fit(fit_cis(cells.study, folded.atac_latents(test.context.pool, cells.study.open), {},
                    test.context)) {
    for (int32_t gene = 0; gene < cells.study.genes.size(); ++gene) {
      targets.push_back({std::nullopt, gene, 4});
    }
    plan.judging.allow_transcribed = true;
    plan.judging.capture = 1;
    plan.judging.rule.power_replicates = 10;
    plan.cis.gate_folds = 0;
  }

  StudySurrogate surrogate() const { return {folded, &fit.path}; }
  RedundancyFindings find(const std::vector<ExplainTarget>& asked) const {
    return RedundancySearch(cells.study, surrogate(), plan, test.context).find(asked);
  }

  TestContext test;
  SimulatedStudy cells;
  FoldedSurrogate folded;
  CisFit fit;
  std::vector<ExplainTarget> targets;
  RedundancyPlan plan;
};

/// Made once: the tests only read it.
inline const PlantedPairs& planted_pairs() {
  static const PlantedPairs made;
  return made;
}

}  // namespace grids::core::testing
