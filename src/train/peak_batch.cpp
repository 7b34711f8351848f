#include "train/peak_batch.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/simd.hpp"

namespace grids::core {

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

void gather_rows(ThreadPool& pool, const CsrPattern& source, std::span<const int32_t> cells,
                 CsrPattern& rows) {
  rows.rows = static_cast<int64_t>(cells.size());
  rows.columns = source.columns;
  rows.offsets.assign(1, 0);
  for (const int32_t cell : cells) {
    rows.offsets.push_back(rows.offsets.back() + static_cast<int64_t>(source.row(cell).size()));
  }
  rows.indices.resize(static_cast<size_t>(rows.offsets.back()));
  pool.for_blocks(rows.rows, 16, [&](int64_t begin, int64_t end, int64_t) {
    for (int64_t i = begin; i < end; ++i) {
      const auto row = source.row(cells[static_cast<size_t>(i)]);
      std::copy(row.begin(), row.end(),
                rows.indices.begin() + rows.offsets[static_cast<size_t>(i)]);
    }
  });
}

namespace {

/// For one row: where each block's peaks start in it. Blocks are short, so going forward in whole
/// groups and counting within the last one beats any search by halves, which the processor cannot
/// foresee.
GRIDS_CLONES void find_row_bounds(const PeakBlocks& blocks, std::span<const int32_t> row,
                                  int64_t offset, int64_t* bounds) {
  constexpr int64_t kGroup = 16;
  const auto size = static_cast<int64_t>(row.size());
  const int32_t* peaks = row.data();
  bounds[0] = offset;
  int64_t at = 0;
  for (int64_t block = 0; block < blocks.size(); ++block) {
    const int32_t end = blocks.end(block);
    while (at + kGroup <= size && peaks[at + kGroup - 1] < end) at += kGroup;
    int32_t before = 0;
    if (at + kGroup <= size) {
      for (int64_t i = 0; i < kGroup; ++i) before += peaks[at + i] < end;
    } else {
      while (at + before < size && peaks[at + before] < end) ++before;
    }
    at += before;
    bounds[block + 1] = offset + at;
  }
}

}  // namespace

void find_bounds(ThreadPool& pool, const PeakBlocks& blocks, BlockedRows& rows) {
  if (rows.pattern.columns != blocks.peaks()) {
    throw internal_error("rows of {} peaks, blocks of {}", rows.pattern.columns, blocks.peaks());
  }
  const int64_t width = blocks.size() + 1;
  rows.bounds.resize(static_cast<size_t>(rows.pattern.rows * width));
  pool.for_blocks(rows.pattern.rows, 16, [&](int64_t begin, int64_t end, int64_t) {
    for (int64_t i = begin; i < end; ++i) {
      find_row_bounds(blocks, rows.pattern.row(i), rows.pattern.offsets[static_cast<size_t>(i)],
                      rows.bounds.data() + i * width);
    }
  });
}

}  // namespace grids::core
