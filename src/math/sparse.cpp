#include "math/sparse.hpp"

#include <algorithm>
#include <numeric>

#include "base/error.hpp"

namespace grids::core {
namespace {

size_t index(int64_t i) {
  return static_cast<size_t>(i);
}

/// Calls emit(source position, column) for the non-zeros of a row under a renaming of columns,
/// in ascending order of the new columns; -1 drops a column.
template <typename Emit>
void renamed_row(std::span<const int32_t> row, const std::vector<int32_t>& rename,
                 std::vector<std::pair<int32_t, size_t>>& scratch, Emit&& emit) {
  scratch.clear();
  for (size_t k = 0; k < row.size(); ++k) {
    const int32_t column = rename[static_cast<size_t>(row[k])];
    if (column >= 0) scratch.emplace_back(column, k);
  }
  std::sort(scratch.begin(), scratch.end());
  for (const auto& [column, k] : scratch) emit(k, column);
}

std::vector<int32_t> renaming(int64_t old_columns, std::span<const int32_t> columns) {
  std::vector<int32_t> rename(index(old_columns), -1);
  for (size_t i = 0; i < columns.size(); ++i) {
    auto& slot = rename.at(static_cast<size_t>(columns[i]));
    if (slot >= 0) throw internal_error("column {} selected twice", columns[i]);
    slot = static_cast<int32_t>(i);
  }
  return rename;
}

/// `values` may be null: then only the pattern is transposed.
CsrPattern transpose_with(const CsrPattern& source, const float* values, std::vector<float>* out) {
  CsrPattern result;
  result.rows = source.columns;
  result.columns = source.rows;
  result.offsets.assign(index(result.rows) + 1, 0);
  for (const int32_t column : source.indices) ++result.offsets[static_cast<size_t>(column) + 1];
  std::partial_sum(result.offsets.begin(), result.offsets.end(), result.offsets.begin());
  result.indices.resize(source.indices.size());
  if (out != nullptr) out->resize(source.indices.size());
  std::vector<int64_t> next(result.offsets.begin(), result.offsets.end() - 1);
  for (int64_t row = 0; row < source.rows; ++row) {
    for (int64_t k = source.offsets[index(row)]; k < source.offsets[index(row) + 1]; ++k) {
      const auto column = static_cast<size_t>(source.indices[index(k)]);
      const size_t slot = index(next[column]++);
      result.indices[slot] = static_cast<int32_t>(row);
      if (out != nullptr) (*out)[slot] = values[k];
    }
  }
  return result;
}

CsrPattern select_rows_with(const CsrPattern& source, std::span<const int32_t> rows,
                            const float* values, std::vector<float>* out) {
  CsrPattern result;
  result.rows = static_cast<int64_t>(rows.size());
  result.columns = source.columns;
  result.offsets.reserve(rows.size() + 1);
  for (const int32_t row : rows) {
    const auto indices = source.row(row);
    result.indices.insert(result.indices.end(), indices.begin(), indices.end());
    if (out != nullptr) {
      const float* begin = values + source.offsets[static_cast<size_t>(row)];
      out->insert(out->end(), begin, begin + indices.size());
    }
    result.offsets.push_back(result.nonzeros());
  }
  return result;
}

CsrPattern select_columns_with(const CsrPattern& source, std::span<const int32_t> columns,
                               const float* values, std::vector<float>* out) {
  const auto rename = renaming(source.columns, columns);
  CsrPattern result;
  result.rows = source.rows;
  result.columns = static_cast<int64_t>(columns.size());
  result.offsets.reserve(index(source.rows) + 1);
  std::vector<std::pair<int32_t, size_t>> scratch;
  for (int64_t row = 0; row < source.rows; ++row) {
    const size_t begin = index(source.offsets[index(row)]);
    renamed_row(source.row(row), rename, scratch, [&](size_t k, int32_t column) {
      result.indices.push_back(column);
      if (out != nullptr) out->push_back(values[begin + k]);
    });
    result.offsets.push_back(result.nonzeros());
  }
  return result;
}

}  // namespace

bool CsrPattern::contains(int64_t r, int32_t column) const {
  const auto indices_of_row = row(r);
  return std::binary_search(indices_of_row.begin(), indices_of_row.end(), column);
}

CsrPattern transpose(const CsrPattern& pattern) {
  return transpose_with(pattern, nullptr, nullptr);
}

CsrMatrix transpose(const CsrMatrix& matrix) {
  CsrMatrix result;
  result.pattern = transpose_with(matrix.pattern, matrix.values.data(), &result.values);
  return result;
}

CsrPattern select_rows(const CsrPattern& pattern, std::span<const int32_t> rows) {
  return select_rows_with(pattern, rows, nullptr, nullptr);
}

CsrMatrix select_rows(const CsrMatrix& matrix, std::span<const int32_t> rows) {
  CsrMatrix result;
  result.pattern = select_rows_with(matrix.pattern, rows, matrix.values.data(), &result.values);
  return result;
}

CsrPattern select_columns(const CsrPattern& pattern, std::span<const int32_t> columns) {
  return select_columns_with(pattern, columns, nullptr, nullptr);
}

CsrMatrix select_columns(const CsrMatrix& matrix, std::span<const int32_t> columns) {
  CsrMatrix result;
  result.pattern =
      select_columns_with(matrix.pattern, columns, matrix.values.data(), &result.values);
  return result;
}

std::vector<float> to_dense(const CsrMatrix& matrix) {
  return to_dense(matrix, 0, matrix.columns());
}

std::vector<float> to_dense(const CsrMatrix& matrix, int64_t first, int64_t last) {
  const int64_t width = last - first;
  std::vector<float> dense(index(matrix.rows() * width), 0.0f);
  for (int64_t row = 0; row < matrix.rows(); ++row) {
    const auto indices = matrix.row_indices(row);
    const auto values = matrix.row_values(row);
    float* out = dense.data() + row * width;
    const auto begin = std::lower_bound(indices.begin(), indices.end(), first);
    for (auto k = index(begin - indices.begin()); k < indices.size() && indices[k] < last; ++k) {
      out[indices[k] - first] = values[k];
    }
  }
  return dense;
}

}  // namespace grids::core
