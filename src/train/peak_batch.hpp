/// A batch of cells as training sees it: sparse rows, cut where the blocks of peaks end.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/thread_pool.hpp"
#include "math/sparse.hpp"

namespace grids::core {

/// Peaks cut into blocks that lie within one chromosome each. A block of a layer's weights fits the
/// cache, and one thread owns it: sums over a batch need neither atomics nor a transposed batch.
class PeakBlocks {
 public:
  explicit PeakBlocks(std::span<const int64_t> chromosome_peaks, int64_t block_size = 2048);

  int64_t size() const { return static_cast<int64_t>(chromosome_.size()); }
  int64_t chromosomes() const { return static_cast<int64_t>(first_block_.size()) - 1; }
  int64_t peaks() const { return begin_.back(); }
  int32_t begin(int64_t block) const { return begin_[static_cast<size_t>(block)]; }
  int32_t end(int64_t block) const { return begin_[static_cast<size_t>(block) + 1]; }
  int64_t chromosome(int64_t block) const { return chromosome_[static_cast<size_t>(block)]; }
  /// Blocks [first_block(c), first_block(c + 1)) lie on chromosome c.
  int64_t first_block(int64_t c) const { return first_block_[static_cast<size_t>(c)]; }

 private:
  std::vector<int32_t> begin_;        // blocks + 1
  std::vector<int32_t> chromosome_;   // of each block
  std::vector<int64_t> first_block_;  // chromosomes + 1
};

/// Sparse rows and, for each row, where each block of peaks starts in it.
struct BlockedRows {
  CsrPattern pattern;
  std::vector<int64_t> bounds;  ///< rows × (blocks + 1), positions in `pattern.indices`

  std::span<const int32_t> entries(int64_t row, int64_t block, int64_t blocks) const {
    const auto at = static_cast<size_t>(row * (blocks + 1) + block);
    return {pattern.indices.data() + bounds[at], pattern.indices.data() + bounds[at + 1]};
  }
};

/// The given rows of `source`, in that order, into `rows.pattern`, whose memory is reused.
void gather_rows(ThreadPool& pool, const CsrPattern& source, std::span<const int32_t> cells,
                 CsrPattern& rows);

/// Fills `rows.bounds`.
void find_bounds(ThreadPool& pool, const PeakBlocks& blocks, BlockedRows& rows);

}  // namespace grids::core
