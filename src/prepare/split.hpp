/// Training, validation and test cells, fixed once for all stages.
#pragma once

#include <cstdint>
#include <vector>

#include "base/described.hpp"
#include "study/study.hpp"

namespace grids::core {

/// What stays together.
enum class SplitBy : uint8_t {
  kCell,   ///< nothing: each part has cells of all donors and batches
  kDonor,  ///< a donor's cells (split_units.hpp)
  kBatch,  ///< a batch's
};

struct SplitOptions {
  double train = 0.7;       ///< what the surrogate and the searches learn from
  double validation = 0.1;  ///< early stopping, gates
  double test = 0.2;        ///< what is reported; seen by nothing else
  /// Whole donors or batches are held out, five or more: what is reported is then of others than
  /// those it was learnt from, and rests on fewer. Otherwise each type is split by itself.
  SplitBy by = SplitBy::kCell;

  void describe(OptionSet& set);
};

/// Types with fewer cells than this go to training whole: they cannot be split.
inline constexpr int64_t kFewestCellsToSplit = 3;

/// The split of each cell. Each type is split by itself, to sizes by largest remainder (a type with
/// at least three cells has one in test), its donors in proportion; where `type` is empty, all
/// cells together. The draw depends on the seed and on the order of cells, types and donors, never
/// on what they are called.
std::vector<Split> split_cells(int64_t cells, const Categorical& type, const Categorical& donor,
                               const SplitOptions& options, uint64_t seed);

}  // namespace grids::core
