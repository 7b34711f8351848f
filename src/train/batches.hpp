/// Which cells a training step sees, and what it reads of them. Everything drawn is a function of
/// (seed, stage, step), so that a run continues after a restart as if nothing had happened.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "study/study.hpp"
#include "train/losses.hpp"
#include "train/train.hpp"

namespace grids::core {

/// Draws batches without replacement: a fresh permutation of the cells for every pass over them, a
/// last incomplete batch left out.
class CellOrder {
 public:
  /// `stream` tells apart orders that must be independent of each other.
  CellOrder(std::vector<int32_t> cells, int64_t batch, uint64_t seed, uint32_t stream);

  std::span<const int32_t> at(int64_t step);

 private:
  std::vector<int32_t> cells_;
  std::vector<int32_t> shuffled_;
  int64_t batch_;
  uint64_t seed_;
  uint32_t stream_;
  int64_t pass_ = -1;
};

/// Makes batches of cells.
class BatchMaker {
 public:
  BatchMaker(const TrainingCells& cells, const PeakBlocks& blocks, uint64_t seed, ThreadPool& pool);

  /// `key` is unique to the stage and step; it decides which closed peaks are sampled.
  void fill(std::span<const int32_t> cells, uint64_t key, AtacBatch& batch) const;
  void fill(std::span<const int32_t> cells, uint64_t key, RnaBatch& batch) const;

  /// Types of these cells that training knows from now on. Both modalities must have some: the
  /// discriminators of a type compare the two.
  void tell_types(const Halves& cells, const Halves& types);

 private:
  const TrainingCells cells_;
  Halves types_;  ///< of all cells; 0 where they are not known in both modalities
  const PeakBlocks& blocks_;
  uint64_t seed_;
  ThreadPool& pool_;
  CsrPattern expressed_;  // cells × genes: the entries above kExpressed
};

}  // namespace grids::core
