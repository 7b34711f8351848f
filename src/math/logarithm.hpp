/// log(1 + x) of many numbers at once, for likelihoods of counts over thousands of cells.
#pragma once

#include <cstdint>

namespace grids::core {

/// out = log1p(x) for x at least 0 and finite, with a relative error below 5e-16. A number's bits
/// do not depend on its neighbours. `out` may be `x`.
void log1p_of_positive(int64_t count, const double* x, double* out);

}  // namespace grids::core
