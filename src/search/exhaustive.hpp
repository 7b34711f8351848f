/// Every subset of a given size, for problems that are small enough: the yardstick of the searches.
#pragma once

#include "base/context.hpp"
#include "search/objective.hpp"

namespace grids::core {

struct ExhaustiveResult {
  std::vector<Feature> subset;  ///< ascending; of equal values the first in lexicographic order
  double value = 0;
};

/// Throws Error(kInput) when there are more than a million subsets, or fewer features than members.
ExhaustiveResult exhaustive_search(Objective& objective, int64_t set_size, const Context& context);

}  // namespace grids::core
