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

/// How many rows of the result are filled at a time: all, or, in a room, as many as fit in its
/// window, so that pages that are written in no order are in memory.
int64_t end_of_window(const CsrPattern& result, int64_t first, int64_t entries) {
  const auto beyond = std::upper_bound(result.offsets.begin() + first + 1, result.offsets.end(),
                                       result.offsets[index(first)] + entries);
  return std::max(first + 1, beyond - result.offsets.begin() - 1);
}

/// Rows of a matrix, in an order: all of them, or those of a list.
struct RowList {
  const CsrPattern& source;
  std::span<const int32_t> chosen = {};
  bool all = true;

  int64_t size() const { return all ? source.rows : std::ssize(chosen); }
  int64_t operator[](int64_t i) const { return all ? i : chosen[index(i)]; }
};

/// `wanted` may be empty: all columns are. `values` may be null: then only the pattern is
/// transposed.
CsrPattern transpose_with(const RowList& rows, const std::vector<bool>& wanted,
                          const Entries<float>* values, Entries<float>* out) {
  const CsrPattern& source = rows.source;
  CsrPattern result;
  result.rows = source.columns;
  result.columns = rows.size();
  result.offsets.assign(index(result.rows) + 1, 0);
  for (int64_t i = 0; i < rows.size(); ++i) {
    for (const int32_t column : source.row(rows[i])) {
      ++result.offsets[static_cast<size_t>(column) + 1];
    }
  }
  for (size_t column = 0; column < wanted.size(); ++column) {
    if (!wanted[column]) result.offsets[column + 1] = 0;
  }
  std::partial_sum(result.offsets.begin(), result.offsets.end(), result.offsets.begin());
  const auto& room = source.indices.room();
  const auto count = index(result.offsets.back());
  result.indices = Entries<int32_t>::zeros(room, count);
  if (out != nullptr) *out = Entries<float>::zeros(room, count);
  int32_t* to = result.indices.data();
  float* values_to = out == nullptr ? nullptr : out->data();
  constexpr int64_t kEntryBytes = sizeof(int32_t) + sizeof(float);
  const int64_t at_once = room ? std::max<int64_t>(1, room->window() / kEntryBytes)
                               : std::max<int64_t>(1, result.offsets.back());
  std::vector<int64_t> next(result.offsets.begin(), result.offsets.end() - 1);
  for (int64_t first = 0; first < result.rows;) {
    const int64_t last = end_of_window(result, first, at_once);
    for (int64_t i = 0; i < rows.size(); ++i) {
      const auto columns = source.row(rows[i]);
      const int64_t begin = source.offsets[index(rows[i])];
      auto k = first == 0
                   ? columns.begin()
                   : std::lower_bound(columns.begin(), columns.end(), static_cast<int32_t>(first));
      for (; k != columns.end() && *k < last; ++k) {
        if (!wanted.empty() && !wanted[static_cast<size_t>(*k)]) continue;
        const size_t slot = index(next[static_cast<size_t>(*k)]++);
        to[slot] = static_cast<int32_t>(i);
        if (values_to != nullptr) {
          values_to[slot] = (*values)[index(begin + (k - columns.begin()))];
        }
      }
    }
    first = last;
  }
  return result;
}

CsrPattern select_rows_with(const CsrPattern& source, std::span<const int32_t> rows,
                            const Entries<float>* values, Entries<float>* out) {
  CsrPattern result;
  result.rows = static_cast<int64_t>(rows.size());
  result.columns = source.columns;
  result.offsets.reserve(rows.size() + 1);
  for (const int32_t row : rows) {
    result.offsets.push_back(result.offsets.back() + std::ssize(source.row(row)));
  }
  const auto count = index(result.offsets.back());
  const auto& room = source.indices.room();
  result.indices = Entries<int32_t>::zeros(room, count);
  if (out != nullptr) *out = Entries<float>::zeros(room, count);
  int32_t* to = result.indices.data();
  float* values_to = out == nullptr ? nullptr : out->data();
  for (const int32_t row : rows) {
    const auto indices = source.row(row);
    to = std::copy(indices.begin(), indices.end(), to);
    if (values_to != nullptr) {
      const float* begin = values->data() + source.offsets[static_cast<size_t>(row)];
      values_to = std::copy_n(begin, indices.size(), values_to);
    }
  }
  return result;
}

CsrPattern select_columns_with(const CsrPattern& source, std::span<const int32_t> columns,
                               const Entries<float>* values, Entries<float>* out) {
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
      if (out != nullptr) out->push_back((*values)[begin + k]);
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
  return transpose_with({pattern}, {}, nullptr, nullptr);
}

CsrMatrix transpose(const CsrMatrix& matrix) {
  CsrMatrix result;
  result.pattern = transpose_with({matrix.pattern}, {}, &matrix.values, &result.values);
  return result;
}

CsrPattern transpose_rows(const CsrPattern& pattern, std::span<const int32_t> rows,
                          const std::vector<bool>& wanted) {
  return transpose_with({pattern, rows, false}, wanted, nullptr, nullptr);
}

CsrMatrix transpose_rows(const CsrMatrix& matrix, std::span<const int32_t> rows,
                         const std::vector<bool>& wanted) {
  CsrMatrix result;
  result.pattern =
      transpose_with({matrix.pattern, rows, false}, wanted, &matrix.values, &result.values);
  return result;
}

CsrPattern select_rows(const CsrPattern& pattern, std::span<const int32_t> rows) {
  return select_rows_with(pattern, rows, nullptr, nullptr);
}

CsrMatrix select_rows(const CsrMatrix& matrix, std::span<const int32_t> rows) {
  CsrMatrix result;
  result.pattern = select_rows_with(matrix.pattern, rows, &matrix.values, &result.values);
  return result;
}

CsrPattern select_columns(const CsrPattern& pattern, std::span<const int32_t> columns) {
  return select_columns_with(pattern, columns, nullptr, nullptr);
}

CsrMatrix select_columns(const CsrMatrix& matrix, std::span<const int32_t> columns) {
  CsrMatrix result;
  result.pattern = select_columns_with(matrix.pattern, columns, &matrix.values, &result.values);
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
