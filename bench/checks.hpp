/// Fast paths against the dense formulation, at full size. Nothing is timed that is not right.
#pragma once

#include "cells.hpp"
#include "figures.hpp"

namespace grids::bench {

/// Compares predictions, d_j of all peaks, candidate values (β = 0 and β > 0), the loss and every
/// gradient of an ATAC training step, and single knock-outs; and holds all of them with one thread
/// to the same with two, to the last bit. Adds the figure `max_error`. Throws Error(kInternal) that
/// lists every check that failed.
void run_checks(const Cells& cells, const Settings& settings, const Sizes& sizes,
                const Context& context, Figures& figures);

}  // namespace grids::bench
