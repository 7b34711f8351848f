/// Four scalar products at a time, so that the vector that they share is loaded once.
#pragma once

#include <cstddef>

namespace grids::core {

/// sums[k] += Σ_i a_i b[k]_i for k < 4, over `count` entries.
void dot_four(const double* a, const double* const* b, size_t count, double* sums);

}  // namespace grids::core
