/// Nearest neighbours of cells in a dense space (scores of a PCA, latents of a surrogate).
///
/// Exact up to `NeighbourOptions::exact_cells`: candidates by blocked matrix products, their
/// distances again in double. Quadratic in the cells (seconds for 10,000 cells in 50 dimensions).
/// Beyond, candidates come from a graph (neighbour_graph.hpp): a few in a hundred neighbours are
/// then farther ones than the nearest, their distances are exact all the same, and the reporter is
/// told how many are found. Either way the same for any number of threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"

namespace grids::core {

enum class Distance : uint8_t {
  kEuclidean,
  kCosine,  ///< 1 − cosine of the angle; a row of zeros is at distance 1 from everything
};

struct NeighbourOptions {
  /// Neighbours of each cell; cut to the number of cells there are. More neighbours look less
  /// locally.
  int64_t count = 15;
  Distance distance = Distance::kCosine;
  /// Among more cells than this, neighbours are approximate. Larger values cost time in proportion
  /// to the square of the cells; below, the graph takes longer than all pairs.
  int64_t exact_cells = 100'000;

  void describe(OptionSet& set);
};

struct Neighbours {
  int64_t cells = 0;
  int64_t count = 0;            ///< neighbours of each cell, after the cut
  std::vector<int32_t> index;   ///< cells × count, nearest first; ties go to the smaller index
  std::vector<float> distance;  ///< cells × count

  std::span<const int32_t> of(int64_t cell) const {
    return {index.data() + cell * count, static_cast<size_t>(count)};
  }
};

/// Neighbours of each row of `points` (cells × dimensions, row-major) among the others: a cell is
/// not its own neighbour.
Neighbours nearest_neighbours(std::span<const float> points, int64_t dimensions,
                              const NeighbourOptions& options, const Context& context);

/// Neighbours of each row of `queries` among the rows of `references`.
Neighbours nearest_neighbours(std::span<const float> queries, std::span<const float> references,
                              int64_t dimensions, const NeighbourOptions& options,
                              const Context& context);

}  // namespace grids::core
