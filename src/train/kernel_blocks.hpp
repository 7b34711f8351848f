/// What the kernels of training share: how they are inlined into the clones of a function, and the
/// sum over blocks of peaks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "train/peak_batch.hpp"

// Loops over a peak's vector have a length known to the compiler for the published width, which
// turns them into a few vector instructions. What is marked so is inlined into the clone of each
// instruction set.
#define GRIDS_INLINE [[gnu::always_inline]] inline

namespace grids {

/// Each block of peaks' share of a sum for each cell: blocks × cells × width, not initialised.
class BlockShares {
 public:
  BlockShares(const PeakBlocks& blocks, int64_t cells, int64_t width)
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

}  // namespace grids
