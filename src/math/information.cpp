#include "math/information.hpp"

#include <algorithm>
#include <cmath>

#include "base/simd.hpp"
#include "math/dot_four.hpp"

namespace grids::core {
namespace {

constexpr size_t kBlockRows = 256;  // a block of all columns stays in the second cache
/// A pivot that keeps less than this share of its diagonal is rounding.
constexpr double kRounding = 1e-10;
/// Of a Cholesky factor.
constexpr size_t kFactoredAtOnce = 4;

GRIDS_CLONES
double simd_dot(const double* a, const double* b, size_t count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (size_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

GRIDS_CLONES
void multiply_pairs(const double* a, const double* b, size_t count, double* out) {
#pragma omp simd
  for (size_t i = 0; i < count; ++i) out[i] = a[i] * b[i];
}

}  // namespace

std::vector<double> weighted_products(std::span<const std::span<const double>> columns,
                                      std::span<const double> weights) {
  const size_t size = columns.size();
  std::vector<double> result(size * size);
  std::vector<double> weighted(kBlockRows);
  std::vector<const double*> at(size);
  for (size_t begin = 0; begin < weights.size(); begin += kBlockRows) {
    const size_t count = std::min(kBlockRows, weights.size() - begin);
    for (size_t j = 0; j < size; ++j) at[j] = columns[j].data() + begin;
    for (size_t i = 0; i < size; ++i) {
      multiply_pairs(weights.data() + begin, at[i], count, weighted.data());
      double* row = result.data() + i * size;
      size_t j = 0;
      for (; j + 4 <= i + 1; j += 4) dot_four(weighted.data(), at.data() + j, count, row + j);
      for (; j <= i; ++j) row[j] += simd_dot(weighted.data(), at[j], count);
    }
  }
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = 0; j < i; ++j) result[j * size + i] = result[i * size + j];
  }
  return result;
}

std::vector<double> column_products(std::span<const std::span<const double>> columns,
                                    std::span<const double> values) {
  std::vector<double> result;
  for (const auto column : columns) {
    result.push_back(simd_dot(column.data(), values.data(), values.size()));
  }
  return result;
}

CholeskyFactor::CholeskyFactor(std::vector<double> matrix)
    : size_(static_cast<size_t>(std::llround(std::sqrt(static_cast<double>(matrix.size()))))),
      factor_(std::move(matrix)),
      left_out_(size_),
      first_(size_) {
  const size_t n = size_;
  // Where a row begins with zeros, so does its factor's: they cost nothing.
  for (size_t i = 0; i < n; ++i) {
    const double* row = factor_.data() + i * n;
    first_[i] =
        static_cast<size_t>(std::find_if(row, row + i, [](double x) { return x != 0; }) - row);
  }
  for (size_t j = 0; j < n; ++j) {
    double* row_j = factor_.data() + j * n;
    double pivot = row_j[j];
    for (size_t k = first_[j]; k < j; ++k) pivot -= row_j[k] * row_j[k];
    left_out_[j] = pivot > kRounding * row_j[j] ? 0 : 1;
    row_j[j] = left_out_[j] != 0 ? 0 : std::sqrt(pivot);
    const auto finish = [&](size_t i, double sum) {
      factor_[i * n + j] = left_out_[j] != 0 ? 0 : sum / row_j[j];
    };
    size_t i = j + 1;
    // Four rows at once, which do not wait for each other. Leading zeros more change no sum.
    for (; i + kFactoredAtOnce <= n; i += kFactoredAtOnce) {
      const size_t begin =
          *std::min_element(first_.data() + i, first_.data() + i + kFactoredAtOnce);
      if (begin > j) continue;
      double* rows = factor_.data() + i * n;
      double sums[kFactoredAtOnce];
      for (size_t r = 0; r < kFactoredAtOnce; ++r) sums[r] = rows[r * n + j];
      for (size_t k = std::max(begin, first_[j]); k < j; ++k) {
        for (size_t r = 0; r < kFactoredAtOnce; ++r) sums[r] -= rows[r * n + k] * row_j[k];
      }
      for (size_t r = 0; r < kFactoredAtOnce; ++r) finish(i + r, sums[r]);
    }
    for (; i < n; ++i) {
      if (first_[i] > j) continue;
      const double* row_i = factor_.data() + i * n;
      double sum = row_i[j];
      for (size_t k = std::max(first_[i], first_[j]); k < j; ++k) sum -= row_i[k] * row_j[k];
      finish(i, sum);
    }
  }
}

void CholeskyFactor::solve(std::span<double> b) const {
  const size_t n = size_;
  for (size_t i = 0; i < n; ++i) {
    if (left_out_[i] != 0) {
      b[i] = 0;
      continue;
    }
    for (size_t k = first_[i]; k < i; ++k) b[i] -= factor_[i * n + k] * b[k];
    b[i] /= factor_[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    if (left_out_[i] != 0) continue;
    for (size_t k = i + 1; k < n; ++k) {
      if (first_[k] <= i) b[i] -= factor_[k * n + i] * b[k];
    }
    b[i] /= factor_[i * n + i];
  }
}

std::vector<double> CholeskyFactor::lower_times(std::span<const double> x) const {
  std::vector<double> result(size_, 0.0);
  for (size_t i = 0; i < size_; ++i) {
    for (size_t k = 0; k <= i; ++k) result[i] += factor_[i * size_ + k] * x[k];
  }
  return result;
}

double CholeskyFactor::log_determinant() const {
  double sum = 0;
  for (size_t j = 0; j < size_; ++j) {
    if (left_out_[j] == 0) sum += 2 * std::log(factor_[j * size_ + j]);
  }
  return sum;
}

std::vector<double> CholeskyFactor::inverse() const {
  std::vector<double> result(size_ * size_);
  std::vector<double> unit(size_);
  for (size_t j = 0; j < size_; ++j) {
    if (left_out_[j] != 0) continue;
    std::fill(unit.begin(), unit.end(), 0);
    unit[j] = 1;
    solve(unit);
    for (size_t i = 0; i < size_; ++i) result[i * size_ + j] = unit[i];
  }
  return result;
}

}  // namespace grids::core
