// Sums of the vectors of open peaks, and their gradient.
#include <vector>

#include "base/simd.hpp"
#include "math/lanes.hpp"
#include "train/kernel_blocks.hpp"
#include "train/kernels.hpp"

namespace grids::core {
namespace {

struct SumsBlock {
  const PeakBlocks& blocks;
  int64_t block;
  const BlockedRows& open;
  int64_t width;

  int64_t first() const { return blocks.begin(block); }
  int64_t peaks() const { return blocks.end(block) - first(); }
  std::span<const int32_t> entries(int64_t cell) const {
    return open.entries(cell, block, blocks.size());
  }
};

/// The block's share for all cells: the sum over its E[j, 0], and E[j, 1] − E[j, 0] where open.
/// The differences are made once, into `differences` (peaks × width), which stays in the cache.
void sums_any_width(const SumsBlock& task, const float* embedding, float* differences,
                    float* share) {
  const int64_t width = task.width;
  std::vector<double> base(static_cast<size_t>(width), 0.0);
  for (int64_t j = 0; j < task.peaks(); ++j) {
    const float* row = embedding + 2 * (task.first() + j) * width;
    for (int64_t i = 0; i < width; ++i) {
      base[static_cast<size_t>(i)] += row[i];
      differences[j * width + i] = row[width + i] - row[i];
    }
  }
  for (int64_t cell = 0; cell < task.open.pattern.rows; ++cell) {
    float* out = share + cell * width;
    for (int64_t i = 0; i < width; ++i) out[i] = static_cast<float>(base[static_cast<size_t>(i)]);
    for (const int32_t j : task.entries(cell)) {
      const float* row = differences + (j - task.first()) * width;
      for (int64_t i = 0; i < width; ++i) out[i] += row[i];
    }
  }
}

GRIDS_CLONES void sums_of_lanes(const SumsBlock& task, const float* embedding, float* differences,
                                float* share) {
  HalfDoubles exact[2] = {};
  for (int64_t j = 0; j < task.peaks(); ++j) {
    const float* row = embedding + 2 * (task.first() + j) * kLanes;
    const Lanes closed = lanes_at(row);
    add_exactly(row, exact);
    lanes_at(differences + j * kLanes) = lanes_at(row + kLanes) - closed;
  }
  Lanes base;
  for (int lane = 0; lane < kLanes; ++lane) {
    base[lane] = static_cast<float>(exact[lane / 8][lane % 8]);
  }
  const int64_t first = task.first();
  const float* made = differences;
  for (int64_t cell = 0; cell < task.open.pattern.rows; ++cell) {
    fetch_ahead(task.open, cell, task.block, task.blocks.size());
    const auto entries = task.entries(cell);
    const int32_t* j = entries.data();
    // Four sums side by side: one would wait for its last addition each time.
    Lanes sums[4] = {};
    size_t k = 0;
    for (; k + 4 <= entries.size(); k += 4) {
      for (size_t s = 0; s < 4; ++s) sums[s] += lanes_at(made + (j[k + s] - first) * kLanes);
    }
    for (; k < entries.size(); ++k) sums[0] += lanes_at(made + (j[k] - first) * kLanes);
    lanes_at(share + cell * kLanes) = base + ((sums[0] + sums[1]) + (sums[2] + sums[3]));
  }
}

/// The block's rows of the embedding's gradient: `open_part` (peaks × width) gathers the gradients
/// of the cells in which each peak is open; those where it is closed are the rest of the total.
struct SumsGradient {
  const float* of_sums;  ///< of the first cell's sum of the block's chromosome
  int64_t cell_stride;
  const float* total;  ///< of all cells
  float* open_part;
  float* embedding;  ///< peaks × 2 × width, all blocks
};

void sums_gradient_any_width(const SumsBlock& task, const SumsGradient& gradient) {
  const int64_t width = task.width;
  std::fill_n(gradient.open_part, task.peaks() * width, 0.0f);
  for (int64_t cell = 0; cell < task.open.pattern.rows; ++cell) {
    const float* from = gradient.of_sums + cell * gradient.cell_stride;
    for (const int32_t j : task.entries(cell)) {
      float* row = gradient.open_part + (j - task.first()) * width;
      for (int64_t i = 0; i < width; ++i) row[i] += from[i];
    }
  }
  for (int64_t j = 0; j < task.peaks(); ++j) {
    const float* open = gradient.open_part + j * width;
    float* row = gradient.embedding + 2 * (task.first() + j) * width;
    for (int64_t i = 0; i < width; ++i) {
      row[i] = gradient.total[i] - open[i];
      row[width + i] = open[i];
    }
  }
}

GRIDS_CLONES void sums_gradient_of_lanes(const SumsBlock& task, const SumsGradient& gradient) {
  std::fill_n(gradient.open_part, task.peaks() * kLanes, 0.0f);
  const int64_t first = task.first();
  for (int64_t cell = 0; cell < task.open.pattern.rows; ++cell) {
    fetch_ahead(task.open, cell, task.block, task.blocks.size());
    const Lanes from = lanes_at(gradient.of_sums + cell * gradient.cell_stride);
    for (const int32_t j : task.entries(cell)) {
      lanes_at(gradient.open_part + (j - first) * kLanes) += from;
    }
  }
  const Lanes total = lanes_at(gradient.total);
  for (int64_t j = 0; j < task.peaks(); ++j) {
    const Lanes open = lanes_at(gradient.open_part + j * kLanes);
    float* row = gradient.embedding + 2 * (task.first() + j) * kLanes;
    lanes_at(row) = total - open;
    lanes_at(row + kLanes) = open;
  }
}

std::unique_ptr<float[]> block_memory(const SumsBlock& task) {
  return std::make_unique_for_overwrite<float[]>(static_cast<size_t>(task.peaks() * task.width));
}

}  // namespace

void chromosome_sums(ThreadPool& pool, const PeakBlocks& blocks, const BlockedRows& open,
                     int64_t width, const float* embedding, float* sums) {
  PeakBlockSums shares(blocks, open.pattern.rows, width);
  pool.for_each(blocks.size(), [&](int64_t block) {
    const SumsBlock task{blocks, block, open, width};
    const auto differences = block_memory(task);
    const auto work = width == kLanes ? sums_of_lanes : sums_any_width;
    work(task, embedding, differences.get(), shares.of(block));
  });
  shares.reduce(pool, sums);
}

void chromosome_sums_gradient(ThreadPool& pool, const PeakBlocks& blocks, const BlockedRows& open,
                              int64_t width, const float* sums_gradient,
                              float* embedding_gradient) {
  const int64_t row_length = blocks.chromosomes() * width;
  std::vector<double> exact(static_cast<size_t>(row_length), 0.0);
  for (int64_t cell = 0; cell < open.pattern.rows; ++cell) {
    for (int64_t i = 0; i < row_length; ++i) {
      exact[static_cast<size_t>(i)] += sums_gradient[cell * row_length + i];
    }
  }
  const std::vector<float> totals(exact.begin(), exact.end());
  pool.for_each(blocks.size(), [&](int64_t block) {
    const SumsBlock task{blocks, block, open, width};
    const auto open_part = block_memory(task);
    const int64_t column = blocks.chromosome(block) * width;
    const auto work = width == kLanes ? sums_gradient_of_lanes : sums_gradient_any_width;
    work(task, {sums_gradient + column, row_length, totals.data() + column, open_part.get(),
                embedding_gradient});
  });
}

}  // namespace grids::core
