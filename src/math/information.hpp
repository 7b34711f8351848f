/// Normal equations of regressions with weights, with columns that may depend on each other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace grids::core {

/// X'WX, columns × columns, row-major, for columns of equal length.
std::vector<double> weighted_products(std::span<const std::span<const double>> columns,
                                      std::span<const double> weights);

/// X'v.
std::vector<double> column_products(std::span<const std::span<const double>> columns,
                                    std::span<const double> values);

/// Cholesky factor of a symmetric matrix that is positive definite but for columns that depend on
/// earlier ones up to rounding; those are left out: solutions are 0 there.
class CholeskyFactor {
 public:
  explicit CholeskyFactor(std::vector<double> matrix);

  bool left_out(size_t column) const { return left_out_[column] != 0; }
  void solve(std::span<double> right_side) const;  ///< in place
  std::vector<double> inverse() const;             ///< row-major; 0 in rows and columns left out
  /// L x for the lower factor L (0 where left out): normal draws x get the matrix as covariance.
  std::vector<double> lower_times(std::span<const double> x) const;
  double log_determinant() const;  ///< of what is not left out

 private:
  size_t size_;
  std::vector<double> factor_;  // lower triangle
  std::vector<uint8_t> left_out_;
  std::vector<size_t> first_;  // of each row: where it begins to be other than 0
};

}  // namespace grids::core
