/// The scalar product that regressions share.
#pragma once

#include <numeric>
#include <span>

namespace grids::core {

/// Σ a_i b_i, in order; `b` is at least as long as `a`.
inline double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace grids::core
