/// How much a gene's prediction changes when a set of peaks is masked in the surrogate.
///
/// Everything here is a predicted change when masked in the surrogate, over the cells that the
/// caller passes (test cells in every result of grids).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "math/monotone_map.hpp"
#include "study/study.hpp"

namespace grids::core {

/// NaN where there are no cells.
struct PredictedChange {
  int64_t cells = 0;
  double average_change = 0;  ///< mean(exp(after) − exp(before)); published definition
  double relative_change = 0;  ///< mean((exp(after) − exp(before)) / exp(before)); −0.1 = 10 % less
  /// Of the mean prediction in counts per 100,000 (expm1): mean after ÷ mean before − 1. What
  /// measured expression would be compared with; NaN where nothing is predicted before.
  double rate_change = 0;
  double change_cp100k = 0;  ///< mean(map(after) − map(before)); NaN without a map
};

/// `before` and `after`: predictions of one gene (log1p of counts per 100,000, clamped at 0), one
/// for each cell. `map` may be null.
PredictedChange predicted_change(std::span<const float> before, std::span<const float> after,
                                 const MonotoneMap* map = nullptr);

/// The map of one gene from prediction to mean counts per 100,000.
struct CountMap {
  MonotoneMap map;
  /// Whether it was fitted on counts. False when the RNA came normalised: then on expm1 of the
  /// given values, which are counts per 100,000 only if the values were log1p of such.
  bool from_counts;
};

/// Fits on `cells` (training cells, please): `prediction` holds one value for each.
CountMap fit_count_map(const Study& study, int64_t gene, std::span<const int32_t> cells,
                       std::span<const float> prediction);

/// The gene's values over the given cells, on the study's scale. For many genes use a transpose.
std::vector<float> gene_expression(const Study& study, int64_t gene,
                                   std::span<const int32_t> cells);

}  // namespace grids::core
