/// Two cells in one droplet.
#pragma once

#include "simulate/simulate_expression.hpp"

namespace grids::core::simulation {

/// Adds the second cell of each doublet to its first (a peak is open where it is in either, counts
/// are sums) and leaves the rows of the cells of the result in `latent`, `observed` and `counts`.
void merge_doublets(const CellPlan& plan, Drawn& drawn);

}  // namespace grids::core::simulation
