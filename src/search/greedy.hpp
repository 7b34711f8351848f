/// Greedy forward selection: start with nothing masked and L times add the feature whose addition,
/// evaluated exactly, gives the lowest value.
///
/// It is what one does without a gradient, made affordable: a round over every feature costs one
/// pass over the non-zeros of the cells. It cannot take back a choice, and the first member of a
/// redundant pair, which alone changes nothing, gives it no reason to take the second.
#pragma once

#include <cstdint>

#include "base/context.hpp"
#include "base/described.hpp"
#include "search/coordinate_descent.hpp"
#include "search/objective.hpp"

namespace grids::core {

struct GreedyOptions {
  /// L, the rounds.
  int64_t set_size = 10;
  /// Features evaluated exactly in a round, those with the lowest d_j (Eq. 14); 0 = every allowed
  /// feature. Fewer cost less time, in proportion, and trust the gradient more.
  int64_t candidates = 0;

  void describe(OptionSet& set);
};

/// The trace has a step a round, which adds `in`. Members are ranked as in every SearchResult, not
/// in the order of their rounds, and `local_optimum` is false: no swap was tried. Of equal values
/// the smaller index is taken. Where the objective's budget would not last for all rounds, fewer
/// candidates are evaluated in each, those of the lowest d_j (`budget_spent`). Throws as
/// coordinate_descent does.
SearchResult greedy_search(Objective& objective, const GreedyOptions& options,
                           const Context& context);

}  // namespace grids::core
