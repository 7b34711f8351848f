/// Small dense least squares: a handful of covariates, any number of rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace grids::core {

/// Orthonormal columns that span the given columns (rows of equal length), by Gram–Schmidt done
/// twice; columns that depend on earlier ones up to rounding are left out.
class ColumnSpace {
 public:
  explicit ColumnSpace(const std::vector<std::vector<double>>& columns);

  size_t rank() const { return basis_.size(); }
  std::span<const double> basis(size_t i) const { return basis_[i]; }

  /// Subtracts from `values` its projection: what is left is what the columns cannot explain.
  void remove_from(std::span<double> values) const;

 private:
  std::vector<std::vector<double>> basis_;
};

/// Columns that span the same space as these, of which the first is all ones: orthogonal, with mean
/// square 1, the first still all ones to the last bit. None when they have no rows.
std::vector<std::vector<double>> orthogonal_columns(
    const std::vector<std::vector<double>>& columns);

/// Solves A x = b for symmetric positive definite A (size × size, row-major), several right sides:
/// `b` is size × sides, row-major, and becomes x. Throws Error(kInternal) when A is not positive
/// definite.
void solve_positive_definite(std::vector<double> a, int64_t size, std::span<double> b,
                             int64_t sides);

}  // namespace grids::core
