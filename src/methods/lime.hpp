/// LIME (Ribeiro et al. 2016, "Why should I trust you?"): what a linear model of a cell's
/// neighbourhood says of each feature.
///
/// For each cell: random masks of the features that a mask changes in it (x ≠ p; for peaks that are
/// closed when masked, its open peaks; every other coefficient is 0), each feature kept with
/// probability 1/2, the first neighbour the cell as it is; the change of the objective under each
/// (CellChanges); and a ridge regression of that on the kept features, in which a neighbour counts
/// exp(−d²/width²), d = its cosine distance to the cell unmasked. With k of m features kept, d = 1
/// − √(k/m).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "search/objective.hpp"

namespace grids::core {

struct LimeOptions {
  /// Neighbours of a cell. Larger values give less noisy coefficients and cost in proportion; the
  /// budget may reduce them.
  int64_t neighbours = 2048;
  /// Of the kernel. Larger values let distant neighbours, in which many features are masked, count
  /// as much as near ones.
  double kernel_width = 0.25;
  /// Penalty of the ridge regression. Larger values shrink the coefficients of features that the
  /// neighbours tell little about.
  double ridge = 1;
  /// `lime-sp` only: cells picked.
  int64_t picks = 10;

  void describe(OptionSet& set);
};

/// A cell's linear model.
struct CellCoefficients {
  int32_t position = 0;           ///< in the objective's cells
  std::vector<Feature> features;  ///< allowed ones with x ≠ p, ascending
  /// What keeping each feature adds to the objective's change: masking it takes that away.
  std::vector<double> coefficients;
};

struct LimeCost {
  int64_t cells = 0;       ///< explained
  int64_t neighbours = 0;  ///< of each
  bool reduced = false;    ///< by the budget
};

/// What the budget pays for, once the value of a subset is set aside: all neighbours in all cells;
/// or fewer neighbours, equally many in each cell, as long as they are at least 256 (or as many as
/// were asked for, if that is less); or 256 and more in some of the cells, drawn at random.
LimeCost lime_cost(const Objective& objective, const LimeOptions& options);

/// Calls `sink` for each explained cell, in the order of the cells, on the calling thread.
LimeCost lime_coefficients(Objective& objective, const LimeOptions& options, uint64_t stream,
                           const Context& context,
                           const std::function<void(const CellCoefficients&)>& sink);

}  // namespace grids::core
