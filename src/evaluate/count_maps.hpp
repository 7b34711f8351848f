/// The monotone maps of several genes, fitted on the surrogate's predictions for training cells.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "evaluate/changes.hpp"
#include "model/study_surrogate.hpp"
#include "study/study.hpp"

namespace grids::core {

/// Throws Error(kInput) when there are none.
void require_training_cells(std::span<const int32_t> cells);

/// Of cells that were not measured together: no prediction can be held against the counts of its
/// cell, so what the map says of every prediction is that it is not known (NaN).
CountMap unknown_counts();

/// From gene to its map, each gene once; fitted on the training cells of all types,
/// `unknown_counts` where these were not measured for RNA. Throws Error(kInput) when there are
/// none.
std::map<int32_t, CountMap> fit_count_maps(const Study& study, const StudySurrogate& surrogate,
                                           std::vector<int32_t> genes, const Context& context);

}  // namespace grids::core
