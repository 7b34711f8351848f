/// Weighted ridge regression on random masks of one cell's features: the surrogate of LIME.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace grids::core {

/// Which columns (features of a cell) each row (a mask) keeps: a bit each, 1 = kept.
class KeptTable {
 public:
  KeptTable() = default;
  /// Keeps nothing.
  KeptTable(int64_t rows, int64_t columns)
      : rows_(rows), columns_(columns), bits_(static_cast<size_t>(words() * rows), 0) {}

  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  /// 64-bit words that hold a row.
  int64_t words() const { return (columns_ + 63) / 64; }

  bool kept(int64_t row, int64_t column) const {
    return word(row, column / 64) >> (column % 64) & 1;
  }
  /// Columns 64 · index and on, the first in the lowest bit; bits behind the last column are 0.
  uint64_t word(int64_t row, int64_t index) const { return column_words(index)[row]; }
  /// Bits behind the last column are ignored.
  void set_word(int64_t row, int64_t index, uint64_t bits) {
    bits_[static_cast<size_t>(index * rows_ + row)] = bits & columns_of_word(index);
  }
  /// Which bits of the word stand for a column.
  uint64_t columns_of_word(int64_t index) const {
    const int64_t left = columns_ - 64 * index;
    return left >= 64 ? ~uint64_t{0} : (uint64_t{1} << left) - 1;
  }
  /// Word `index` of every row.
  const uint64_t* column_words(int64_t index) const { return bits_.data() + index * rows_; }

  KeptTable transposed() const;

 private:
  int64_t rows_ = 0;
  int64_t columns_ = 0;
  std::vector<uint64_t> bits_;  ///< words × rows
};

/// The β that minimises Σ_i w_i (y_i − b − Σ_j z_ij β_j)² + penalty · |β|² for the best b, where z
/// is the table; `weights` and `values` have a number a row, weights are not negative and not all
/// 0. The penalty is not negative; the intercept bears none.
///
/// Solved by conjugate gradients for least squares (Hestenes and Stiefel 1952) on the table itself,
/// down to 1e-6 of the first residual. They never leave the span of the rows, so that with fewer
/// rows than columns they solve the dual problem's rows × rows system, and cost two products with
/// the table a step where forming that system costs `rows` products: random masks need some 30
/// steps. A product looks up the sums of every eight columns instead of adding them (the "method of
/// four Russians", Arlazarov et al. 1970).
std::vector<double> mask_ridge(const KeptTable& table, std::span<const double> weights,
                               std::span<const double> values, double penalty);

}  // namespace grids::core
