/// How well groups of cells lie apart.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"

namespace grids::core {

/// How much closer each cell lies to its own group than to the nearest other (Rousseeuw 1987): −1 …
/// 1, averaged. NaN for groups of one cell and where there is only one group.
struct Silhouette {
  double mean = 0;
  std::vector<double> of_group;  ///< mean over the cells of each group
};

/// Cells that a silhouette is computed over: every one is held against every other.
inline constexpr int64_t kMostSilhouetteCells = 5000;

/// `groups` holds a code below `group_count` for each row of `points` (cells × dimensions);
/// Euclidean. Of more than `most_cells` a sample stands for all, drawn by the seed: all of a small
/// group, and as many of each larger one; in the mean a group then weighs as many cells as it has.
/// Throws Error(kCancelled) when the user asks to stop.
Silhouette silhouette(std::span<const float> points, int64_t dimensions,
                      std::span<const int32_t> groups, int64_t group_count, const Context& context,
                      int64_t most_cells = kMostSilhouetteCells);

}  // namespace grids::core
