/// Sums over the cells of a loss: within fixed blocks in the order of the cells, then over the
/// blocks in their order. An edit so costs the blocks that it touches and no other, and the sum
/// after it is, to the last bit, the one taken anew.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/loss.hpp"
#include "search/maskable_model.hpp"

namespace grids::core {

/// Cells of a block. Part of what sums mean: other sizes round in another way.
inline constexpr int64_t kSumCells = 1024;

/// The sums of the terms of all cells; `outputs` is cells × outputs.
std::vector<double> loss_sums(const Loss& loss, std::span<const float> outputs);

/// loss_finish of these sums.
double loss_value(const Loss& loss, std::span<const float> outputs);

/// The terms of all cells, and their sums. Must not outlive the loss.
class BlockSums {
 public:
  /// `outputs` is cells × outputs.
  BlockSums(const Loss& loss, std::span<const float> outputs);

  /// Equal to `loss_sums`.
  std::span<const double> sums() const { return sums_; }
  /// Of one cell.
  std::span<const double> terms(int64_t cell) const;
  /// The sums if these cells (ascending, each once) had these outputs: equal to `loss_sums` of all
  /// outputs with theirs put in. Thread-safe.
  std::vector<double> sums_after(std::span<const int32_t> cells, const OutputRows& outputs) const;

 private:
  void add_changed(int64_t block, std::span<const int32_t> cells, const OutputRows& outputs,
                   size_t first_row, std::span<double> sums) const;

  const Loss& loss_;
  std::vector<double> terms_;   ///< cells × terms
  std::vector<double> blocks_;  ///< blocks × terms
  std::vector<double> sums_;    ///< terms
};

}  // namespace grids::core
