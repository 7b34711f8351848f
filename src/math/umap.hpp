/// A map of the cells on paper: UMAP (McInnes, Healy & Melville 2018).
///
/// Written from the paper: the layout of igraph 0.10.2, which Debian has, needed 24 s for 3,000
/// cells of eight well separated groups and left them mixed (silhouette 0.0, against 0.3 in the
/// space that it was given).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"

namespace grids::core {

struct UmapOptions {
  /// Neighbours of each cell, by cosine distance. More show coarser structure. Fewer are used when
  /// there are fewer cells.
  int64_t neighbours = 30;
  /// Distance at which neighbours sit in the map. Larger values spread clusters out.
  double minimum_distance = 0.3;
  /// Rounds of gradient descent. More settle the map further; time is proportional.
  int64_t epochs = 200;
  /// Random cells that each cell is pushed away from for every neighbour that pulls it.
  int64_t repulsions = 5;

  void describe(OptionSet& set);
};

/// x and y of each cell, cells × 2, row-major. Starts from the first two principal components of
/// the points, so that clusters keep their rough places. The descent runs on one thread, so the map
/// is the same for the same seed, whatever the number of threads. `points` are cells × dimensions
/// (latents of a surrogate). Throws Error(kInput) for fewer than 4 cells.
std::vector<float> umap(std::span<const float> points, int64_t dimensions,
                        const UmapOptions& options, const Context& context);

}  // namespace grids::core
