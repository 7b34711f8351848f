#include "math/least_squares.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "math/dot.hpp"

namespace grids::core {
ColumnSpace::ColumnSpace(const std::vector<std::vector<double>>& columns) {
  for (const auto& column : columns) {
    std::vector<double> rest = column;
    const double before = std::sqrt(dot(rest, rest));
    remove_from(rest);
    remove_from(rest);
    const double after = std::sqrt(dot(rest, rest));
    if (!(after > 1e-9 * before)) continue;
    for (double& value : rest) value /= after;
    basis_.push_back(std::move(rest));
  }
}

void ColumnSpace::remove_from(std::span<double> values) const {
  for (const auto& direction : basis_) {
    const double along = dot(direction, values);
    for (size_t i = 0; i < values.size(); ++i) values[i] -= along * direction[i];
  }
}

std::vector<std::vector<double>> orthogonal_columns(
    const std::vector<std::vector<double>>& columns) {
  const ColumnSpace space(columns);
  const double scale = std::sqrt(static_cast<double>(columns[0].size()));
  std::vector<std::vector<double>> result;
  for (size_t j = 0; j < space.rank(); ++j) {
    auto& column = result.emplace_back(space.basis(j).begin(), space.basis(j).end());
    for (double& value : column) value *= scale;
  }
  if (!result.empty()) std::fill(result[0].begin(), result[0].end(), 1.0);
  return result;
}

void solve_positive_definite(std::vector<double> a, int64_t size, std::span<double> b,
                             int64_t sides) {
  const auto n = static_cast<size_t>(size);
  const auto m = static_cast<size_t>(sides);
  // Cholesky, lower triangle in place.
  for (size_t j = 0; j < n; ++j) {
    for (size_t i = j; i < n; ++i) {
      double sum = a[i * n + j];
      for (size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      if (i == j) {
        if (!(sum > 0)) throw internal_error("normal equations that are not positive definite");
        a[j * n + j] = std::sqrt(sum);
      } else {
        a[i * n + j] = sum / a[j * n + j];
      }
    }
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) {
      for (size_t s = 0; s < m; ++s) b[i * m + s] -= a[i * n + k] * b[k * m + s];
    }
    for (size_t s = 0; s < m; ++s) b[i * m + s] /= a[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) {
      for (size_t s = 0; s < m; ++s) b[i * m + s] -= a[k * n + i] * b[k * m + s];
    }
    for (size_t s = 0; s < m; ++s) b[i * m + s] /= a[i * n + i];
  }
}

}  // namespace grids::core
