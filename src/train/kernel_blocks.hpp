/// What the kernels of training share: how they are inlined into the clones of a function, and the
/// sum over blocks of peaks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "math/lanes.hpp"
#include "train/peak_batch.hpp"

// Loops over a peak's vector have a length known to the compiler for the published width, which
// turns them into a few vector instructions. What is marked so is inlined into the clone of each
// instruction set.
#define GRIDS_INLINE [[gnu::always_inline]] inline

namespace grids::core {

/// Sixteen doubles as two vectors: the compiler keeps one of 128 bytes in memory.
using HalfLanes = float __attribute__((vector_size(32)));
using HalfDoubles = double __attribute__((vector_size(64)));

/// sums += the kLanes floats at `from`.
GRIDS_INLINE void add_exactly(const float* from, HalfDoubles* sums) {
  const Lanes values = lanes_at(from);
  const HalfLanes low = __builtin_shufflevector(values, values, 0, 1, 2, 3, 4, 5, 6, 7);
  const HalfLanes high = __builtin_shufflevector(values, values, 8, 9, 10, 11, 12, 13, 14, 15);
  sums[0] += __builtin_convertvector(low, HalfDoubles);
  sums[1] += __builtin_convertvector(high, HalfDoubles);
}

/// sums += their squares.
GRIDS_INLINE void add_squares_exactly(const float* from, HalfDoubles* sums) {
  const Lanes values = lanes_at(from);
  const HalfLanes low = __builtin_shufflevector(values, values, 0, 1, 2, 3, 4, 5, 6, 7);
  const HalfLanes high = __builtin_shufflevector(values, values, 8, 9, 10, 11, 12, 13, 14, 15);
  const HalfDoubles exact_low = __builtin_convertvector(low, HalfDoubles);
  const HalfDoubles exact_high = __builtin_convertvector(high, HalfDoubles);
  sums[0] += exact_low * exact_low;
  sums[1] += exact_high * exact_high;
}

/// The sum over all lanes.
GRIDS_INLINE double sum_of(const HalfDoubles* sums) {
  double sum = 0;
  for (int lane = 0; lane < 8; ++lane) sum += sums[0][lane] + sums[1][lane];
  return sum;
}

/// Asks for a block's entries of the rows that come next: a batch's rows lie far apart, and what a
/// kernel reads of each is too short for the processor to foresee the next.
GRIDS_INLINE void fetch_ahead(const BlockedRows& rows, int64_t row, int64_t block, int64_t blocks) {
  constexpr int64_t kAhead = 8;
  constexpr int64_t kEntriesOfLine = 16;
  if (row + kAhead >= rows.pattern.rows) return;
  const auto at = static_cast<size_t>((row + kAhead) * (blocks + 1) + block);
  const int64_t end = rows.bounds[at + 1];
  for (int64_t k = rows.bounds[at]; k < end; k += kEntriesOfLine) {
    __builtin_prefetch(rows.pattern.indices.data() + k);
  }
}

/// Each block of peaks' share of a sum for each cell: blocks × cells × width, not initialised.
class PeakBlockSums {
 public:
  PeakBlockSums(const PeakBlocks& blocks, int64_t cells, int64_t width)
      : blocks_(blocks),
        cells_(cells),
        width_(width),
        values_(std::make_unique_for_overwrite<float[]>(
            static_cast<size_t>(blocks.size() * cells * width))) {}

  /// cells × width.
  float* of(int64_t block) { return values_.get() + block * cells_ * width_; }

  /// out (cells × chromosomes × width) = for each chromosome the sum over its blocks, in order.
  void reduce(ThreadPool& pool, float* out) const {
    const int64_t row_length = blocks_.chromosomes() * width_;
    pool.for_each(blocks_.chromosomes(), [&](int64_t c) {
      const int64_t first = blocks_.first_block(c);
      for (int64_t cell = 0; cell < cells_; ++cell) {
        float* to = out + cell * row_length + c * width_;
        std::fill_n(to, width_, 0.0f);
        for (int64_t block = first; block < blocks_.first_block(c + 1); ++block) {
          const float* from = values_.get() + (block * cells_ + cell) * width_;
          for (int64_t i = 0; i < width_; ++i) to[i] += from[i];
        }
      }
    });
  }

 private:
  const PeakBlocks& blocks_;
  int64_t cells_, width_;
  std::unique_ptr<float[]> values_;
};

}  // namespace grids::core
