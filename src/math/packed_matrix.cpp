#include "math/packed_matrix.hpp"

#include <algorithm>

#include "base/at.hpp"
#include "base/simd.hpp"
#include "math/lanes.hpp"

namespace grids::core {
namespace {

/// Eight rows by three vectors of columns: 24 of the 32 registers hold sums, three hold the
/// matrix's columns, and each number that is loaded serves three or eight multiply-adds.
constexpr int64_t kPanelRows = 8;
constexpr int64_t kVectors = 3;

/// Vectors in the panel that begins where `left` are left: three, but 4 are 2 + 2, as one vector
/// alone keeps too few sums in flight.
int64_t vectors_of_panel(int64_t left) {
  return left == 4 ? 2 : std::min(left, kVectors);
}

/// kCount rows of a panel of kWidth vectors, all of whose columns exist. A line of `ahead` is
/// fetched with each input.
template <int64_t kCount, int64_t kWidth>
[[gnu::always_inline]] inline void multiply_rows(int64_t inputs, const float* x, int64_t x_stride,
                                                 const float* panel, const float* ahead,
                                                 const float* start, float slope, float* y,
                                                 int64_t y_stride) {
  Lanes sums[kCount][kWidth];
#pragma GCC unroll 8
  for (int64_t row = 0; row < kCount; ++row) {
#pragma GCC unroll 3
    for (int64_t v = 0; v < kWidth; ++v) sums[row][v] = lanes_at(start + v * kLanes);
  }
#pragma GCC unroll 2
  for (int64_t i = 0; i < inputs; ++i) {
    __builtin_prefetch(ahead + i * kLanes, 0, 2);
    Lanes columns[kWidth];
#pragma GCC unroll 3
    for (int64_t v = 0; v < kWidth; ++v) columns[v] = lanes_at(panel + (i * kWidth + v) * kLanes);
#pragma GCC unroll 8
    for (int64_t row = 0; row < kCount; ++row) {
      const float factor = x[row * x_stride + i];
#pragma GCC unroll 3
      for (int64_t v = 0; v < kWidth; ++v) sums[row][v] += factor * columns[v];
    }
  }
#pragma GCC unroll 8
  for (int64_t row = 0; row < kCount; ++row) {
#pragma GCC unroll 3
    for (int64_t v = 0; v < kWidth; ++v) {
      const Lanes sum = sums[row][v];
      lanes_at(y + row * y_stride + v * kLanes) = sum > 0 ? sum : slope * sum;
    }
  }
}

template <int64_t kWidth>
[[gnu::always_inline]] inline void multiply_panel(int64_t rows, int64_t inputs, const float* x,
                                                  int64_t x_stride, const float* panel,
                                                  const float* start, float slope, float* y,
                                                  int64_t y_stride) {
  int64_t row = 0;
  for (; row + kPanelRows <= rows; row += kPanelRows) {
    // The next panel, which follows this one, is on its way while this one is at work.
    const float* ahead = panel + (kWidth + std::min(row / kPanelRows, kWidth)) * inputs * kLanes;
    multiply_rows<kPanelRows, kWidth>(inputs, x + row * x_stride, x_stride, panel, ahead, start,
                                      slope, y + row * y_stride, y_stride);
  }
  for (; row < rows; ++row) {
    multiply_rows<1, kWidth>(inputs, x + row * x_stride, x_stride, panel, panel, start, slope,
                             y + row * y_stride, y_stride);
  }
}

GRIDS_CLONES void multiply_panel(int64_t vectors, int64_t rows, int64_t inputs, const float* x,
                                 int64_t x_stride, const float* panel, const float* start,
                                 float slope, float* y, int64_t y_stride) {
  switch (vectors) {
    case 1:
      return multiply_panel<1>(rows, inputs, x, x_stride, panel, start, slope, y, y_stride);
    case 2:
      return multiply_panel<2>(rows, inputs, x, x_stride, panel, start, slope, y, y_stride);
    default:
      return multiply_panel<3>(rows, inputs, x, x_stride, panel, start, slope, y, y_stride);
  }
}

}  // namespace

bool PackedMatrix::pays() {
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(GRIDS_NO_CLONES)
  return __builtin_cpu_supports("x86-64-v4") != 0;
#else
  return false;
#endif
}

PackedMatrix::PackedMatrix(int64_t inputs, int64_t outputs, const float* matrix, int64_t stride)
    : inputs_(inputs), outputs_(outputs), values_(at(inputs * padded(outputs)), 0.0f) {
  const int64_t vectors = padded(outputs) / kLanes;
  for (int64_t first = 0; first < vectors;) {
    const int64_t width = vectors_of_panel(vectors - first) * kLanes;
    const int64_t column = first * kLanes;
    for (int64_t i = 0; i < inputs; ++i) {
      std::copy_n(matrix + i * stride + column, std::min(width, outputs - column),
                  values_.data() + inputs * column + i * width);
    }
    first += width / kLanes;
  }
}

void PackedMatrix::multiply(int64_t rows, const float* x, int64_t x_stride, const float* start,
                            float slope, float* y, int64_t y_stride) const {
  constexpr int64_t kMostColumns = kVectors * kLanes;
  const int64_t vectors = padded(outputs_) / kLanes;
  for (int64_t first = 0; first < vectors;) {
    const int64_t count = vectors_of_panel(vectors - first);
    const int64_t column = first * kLanes;
    const int64_t columns = std::min(count * kLanes, outputs_ - column);
    const float* panel = values_.data() + inputs_ * column;
    first += count;
    if (columns == count * kLanes) {
      multiply_panel(count, rows, inputs_, x, x_stride, panel, start + column, slope, y + column,
                     y_stride);
      continue;
    }
    // The last columns by way of a small block that has room for whole vectors.
    float padded_start[kMostColumns] = {};
    float block[kPanelRows * kMostColumns];
    std::copy_n(start + column, columns, padded_start);
    for (int64_t row = 0; row < rows; row += kPanelRows) {
      const int64_t some = std::min(kPanelRows, rows - row);
      multiply_panel(count, some, inputs_, x + row * x_stride, x_stride, panel, padded_start, slope,
                     block, kMostColumns);
      for (int64_t r = 0; r < some; ++r) {
        std::copy_n(block + r * kMostColumns, columns, y + (row + r) * y_stride + column);
      }
    }
  }
}

}  // namespace grids::core
