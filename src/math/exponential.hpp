/// exp and exp − 1 of many numbers at once: for losses that turn millions of predictions (log1p of
/// a rate) into rates, and regressions that turn log means into means.
#pragma once

#include <cstdint>

namespace grids::core {

/// out = expm1(max(x, 0)), in double, with a relative error below 5e-16; NaN stays NaN, and above
/// 709 (where doubles end) x counts as 709. A number's bits do not depend on its neighbours.
void expm1_of_positive(int64_t count, const float* x, double* out);

/// out = exp(x), with a relative error below 5e-16, for x between −708 and 709; what lies beyond
/// counts as the bound. A number's bits do not depend on its neighbours. `out` may be `x`.
void exponentials(int64_t count, const double* x, double* out);

}  // namespace grids::core
