#include "io/compressed.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/at.hpp"

namespace grids {
namespace {

CsrPattern read_pattern(const hdf5::Group& group, int64_t rows, int64_t columns) {
  if (rows < 0 || columns < 0 || columns > std::numeric_limits<int32_t>::max()) {
    throw group.error(fmt::format("a matrix of {} × {} cannot be read", rows, columns));
  }
  CsrPattern pattern;
  pattern.rows = rows;
  pattern.columns = columns;
  const auto bounds = group.dataset("indptr");
  bounds.require_dimensions(1);
  pattern.offsets = bounds.read<int64_t>();
  const auto indices = group.dataset("indices");
  indices.require_dimensions(1);
  // A larger type in the file saturates here, which the range check below then reports.
  pattern.indices = indices.read<int32_t>();
  const auto& offsets = pattern.offsets;
  if (static_cast<int64_t>(offsets.size()) != rows + 1) {
    throw bounds.error(fmt::format("has {} entries; a matrix with {} rows needs {}", offsets.size(),
                                   rows, rows + 1));
  }
  if (offsets.front() != 0 || !std::is_sorted(offsets.begin(), offsets.end())) {
    throw bounds.error("must start at 0 and never descend");
  }
  if (offsets.back() != pattern.nonzeros()) {
    throw bounds.error(
        fmt::format("ends at {}, but there are {} indices", offsets.back(), pattern.nonzeros()));
  }
  for (size_t i = 0; i < pattern.indices.size(); ++i) {
    if (pattern.indices[i] < 0 || pattern.indices[i] >= columns) {
      throw indices.error(
          fmt::format("entry {} is {}, outside of 0 to {}", i, pattern.indices[i], columns - 1));
    }
  }
  return pattern;
}

void sort_or_refuse(const hdf5::Group& group, CsrPattern& pattern, std::span<float> values) {
  const int64_t doubled = sort_rows(pattern, values);
  if (doubled < 0) return;
  const auto row = pattern.row(doubled);
  throw group.error(fmt::format("row {} holds column {} twice", doubled,
                                *std::adjacent_find(row.begin(), row.end())),
                    "indices");
}

hdf5::Dataset values_of(const hdf5::Group& group, const CsrPattern& pattern) {
  auto data = group.dataset("data");
  data.require_dimensions(1);
  if (data.size() != pattern.nonzeros()) {
    throw data.error(
        fmt::format("has {} values, but there are {} indices", data.size(), pattern.nonzeros()));
  }
  return data;
}

}  // namespace

int64_t sort_rows(CsrPattern& pattern, std::span<float> values) {
  std::vector<int32_t> order;
  std::vector<int32_t> row_indices;
  std::vector<float> row_values;
  for (int64_t row = 0; row < pattern.rows; ++row) {
    const auto begin = at(pattern.offsets[at(row)]);
    const auto count = at(pattern.offsets[at(row) + 1]) - begin;
    int32_t* indices = pattern.indices.data() + begin;
    if (!std::is_sorted(indices, indices + count)) {
      order.resize(count);
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(),
                       [&](int32_t a, int32_t b) { return indices[a] < indices[b]; });
      row_indices.assign(indices, indices + count);
      for (size_t i = 0; i < count; ++i) indices[i] = row_indices[at(order[i])];
      if (!values.empty()) {
        float* out = values.data() + begin;
        row_values.assign(out, out + count);
        for (size_t i = 0; i < count; ++i) out[i] = row_values[at(order[i])];
      }
    }
    if (std::adjacent_find(indices, indices + count) != indices + count) return row;
  }
  return -1;
}

CsrMatrix read_compressed(const hdf5::Group& group, int64_t rows, int64_t columns) {
  CsrMatrix matrix;
  matrix.pattern = read_pattern(group, rows, columns);
  matrix.values = values_of(group, matrix.pattern).read<float>();
  sort_or_refuse(group, matrix.pattern, matrix.values);
  return matrix;
}

CsrPattern read_compressed_ones(const hdf5::Group& group, int64_t rows, int64_t columns) {
  constexpr int64_t kBlock = 1 << 20;
  auto pattern = read_pattern(group, rows, columns);
  const auto data = values_of(group, pattern);
  std::vector<float> block;
  for (int64_t first = 0; first < pattern.nonzeros(); first += kBlock) {
    block.resize(at(std::min(kBlock, pattern.nonzeros() - first)));
    data.read_rows<float>(first, block);
    const auto other = std::find_if(block.begin(), block.end(), [](float x) { return x != 1; });
    if (other != block.end()) {
      throw data.error(fmt::format("entry {} is {}, but all must be 1",
                                   first + (other - block.begin()), *other));
    }
  }
  sort_or_refuse(group, pattern, {});
  return pattern;
}

void drop_zeros(CsrMatrix& matrix) {
  auto& [pattern, values] = matrix;
  if (std::find(values.begin(), values.end(), 0.0f) == values.end()) return;
  size_t kept = 0;
  size_t next = 0;
  for (int64_t row = 0; row < pattern.rows; ++row) {
    for (const auto end = at(pattern.offsets[at(row) + 1]); next < end; ++next) {
      if (values[next] == 0) continue;
      values[kept] = values[next];
      pattern.indices[kept++] = pattern.indices[next];
    }
    pattern.offsets[at(row) + 1] = static_cast<int64_t>(kept);
  }
  values.resize(kept);
  pattern.indices.resize(kept);
}

}  // namespace grids
