/// Weighted ridge regression on random masks of one cell's features: the surrogate of LIME.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace grids {

/// Which features each row keeps: rows × columns, 1 = kept, 0 = masked.
struct KeptTable {
  int64_t rows = 0;
  int64_t columns = 0;
  std::vector<uint8_t> kept;

  std::span<const uint8_t> row(int64_t i) const {
    return std::span(kept).subspan(static_cast<size_t>(i * columns), static_cast<size_t>(columns));
  }
};

/// The β that minimises Σ_i w_i (y_i − b − Σ_j z_ij β_j)² + penalty · |β|² for the best b, where z
/// is the table; `weights` and `values` have a number a row, weights are not negative and not all
/// 0. The penalty is not negative; the intercept bears none.
///
/// Solved by conjugate gradients for least squares (Hestenes and Stiefel 1952) on the table itself,
/// down to 1e-6 of the first residual. They never leave the span of the rows, so that with fewer
/// rows than columns they solve the dual problem's rows × rows system, and cost two passes over the
/// table a step where forming that system costs `rows` passes: random masks need some 30 steps.
std::vector<double> mask_ridge(const KeptTable& table, std::span<const double> weights,
                               std::span<const double> values, double penalty);

}  // namespace grids
