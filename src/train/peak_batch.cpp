#include "train/peak_batch.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace grids {

PeakBlocks::PeakBlocks(std::span<const int64_t> chromosome_peaks, int64_t block_size)
    : begin_{0}, first_block_{0} {
  int64_t first = 0;
  for (size_t c = 0; c < chromosome_peaks.size(); ++c) {
    const int64_t last = first + chromosome_peaks[c];
    for (; first < last; first = begin_.back()) {
      begin_.push_back(static_cast<int32_t>(std::min(last, first + block_size)));
      chromosome_.push_back(static_cast<int32_t>(c));
    }
    first_block_.push_back(size());
  }
}

void gather_rows(const CsrPattern& source, std::span<const int32_t> cells, CsrPattern& rows) {
  rows.rows = static_cast<int64_t>(cells.size());
  rows.columns = source.columns;
  rows.offsets.assign(1, 0);
  rows.indices.clear();
  for (const int32_t cell : cells) {
    const auto row = source.row(cell);
    rows.indices.insert(rows.indices.end(), row.begin(), row.end());
    rows.offsets.push_back(rows.nonzeros());
  }
}

void find_bounds(ThreadPool& pool, const PeakBlocks& blocks, BlockedRows& rows) {
  if (rows.pattern.columns != blocks.peaks()) {
    throw internal_error("rows of {} peaks, blocks of {}", rows.pattern.columns, blocks.peaks());
  }
  const int64_t width = blocks.size() + 1;
  rows.bounds.resize(static_cast<size_t>(rows.pattern.rows * width));
  pool.for_blocks(rows.pattern.rows, 16, [&](int64_t begin, int64_t end, int64_t) {
    for (int64_t i = begin; i < end; ++i) {
      const auto row = rows.pattern.row(i);
      const int64_t offset = rows.pattern.offsets[static_cast<size_t>(i)];
      int64_t* bounds = rows.bounds.data() + i * width;
      auto at = row.begin();
      bounds[0] = offset;
      for (int64_t block = 0; block < blocks.size(); ++block) {
        at = std::lower_bound(at, row.end(), blocks.end(block));
        bounds[block + 1] = offset + (at - row.begin());
      }
    }
  });
}

}  // namespace grids
