/// Compressed sparse rows: the form in which peaks and counts stay from file to result.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "math/entries.hpp"

namespace grids::core {

/// The positions of the non-zeros of a rows × columns matrix; indices ascend within a row.
struct CsrPattern {
  int64_t rows = 0;
  int64_t columns = 0;
  std::vector<int64_t> offsets = {0};  ///< rows + 1
  Entries<int32_t> indices;            ///< column of each non-zero

  int64_t nonzeros() const { return static_cast<int64_t>(indices.size()); }
  std::span<const int32_t> row(int64_t i) const {
    const auto begin = static_cast<size_t>(offsets[static_cast<size_t>(i)]);
    const auto end = static_cast<size_t>(offsets[static_cast<size_t>(i) + 1]);
    return {indices.data() + begin, end - begin};
  }
  bool contains(int64_t row, int32_t column) const;  ///< by binary search
};

/// A pattern with a value for each non-zero.
struct CsrMatrix {
  CsrPattern pattern;
  Entries<float> values;

  int64_t rows() const { return pattern.rows; }
  int64_t columns() const { return pattern.columns; }
  std::span<const int32_t> row_indices(int64_t i) const { return pattern.row(i); }
  std::span<const float> row_values(int64_t i) const {
    const auto begin = static_cast<size_t>(pattern.offsets[static_cast<size_t>(i)]);
    return {values.data() + begin, pattern.row(i).size()};
  }
};

// What is made of a matrix whose entries lie in a room (math/entries.hpp) lies there too, if it is
// large; the numbers are the same.

/// Columns become rows.
CsrPattern transpose(const CsrPattern& pattern);
CsrMatrix transpose(const CsrMatrix& matrix);

/// `transpose(select_rows(matrix, rows))` without what lies between; of columns that are not
/// `wanted` (one flag each, or none: all are) the rows of the result are empty.
CsrPattern transpose_rows(const CsrPattern& pattern, std::span<const int32_t> rows,
                          const std::vector<bool>& wanted = {});
CsrMatrix transpose_rows(const CsrMatrix& matrix, std::span<const int32_t> rows,
                         const std::vector<bool>& wanted = {});

/// The given rows in the given order.
CsrPattern select_rows(const CsrPattern& pattern, std::span<const int32_t> rows);
CsrMatrix select_rows(const CsrMatrix& matrix, std::span<const int32_t> rows);

/// The given columns in the given order; each column at most once.
CsrPattern select_columns(const CsrPattern& pattern, std::span<const int32_t> columns);
CsrMatrix select_columns(const CsrMatrix& matrix, std::span<const int32_t> columns);

/// Row-major rows × columns.
std::vector<float> to_dense(const CsrMatrix& matrix);
/// Of these, the columns from `first` up to `last` (exclusive): rows × (last − first).
std::vector<float> to_dense(const CsrMatrix& matrix, int64_t first, int64_t last);

}  // namespace grids::core
