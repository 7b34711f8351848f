/// Groups of similar cells where the user has no labels: neighbours in open chromatin, Leiden.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "math/neighbours.hpp"
#include "math/sparse.hpp"

namespace grids::core {

struct ClusterOptions {
  /// Principal components of the open peaks that neighbours are sought in.
  int64_t components = 30;
  /// Neighbours of each cell in the graph; more give fewer, larger clusters.
  int64_t neighbours = 15;
  /// Leiden's resolution; larger gives more, smaller clusters.
  double resolution = 1.0;

  void describe(OptionSet& set);
};

struct Clusters {
  /// 0 is the largest cluster of those that were clustered; equal sizes by their first cell.
  std::vector<int32_t> of_cell;
  int64_t count = 0;
  double modularity = 0;  ///< of the partition, at the resolution used
};

/// Leiden communities (Traag et al. 2019, modularity) of the graph that joins a cell with its
/// neighbours, edges weighted by the Jaccard index of the two neighbourhoods.
Clusters leiden_clusters(const Neighbours& neighbours, double resolution, const Context& context);

/// Clusters of the `training` cells by their open peaks (TF-IDF, principal components, cosine
/// distance); each other cell joins the cluster of most of its neighbours among them, in the space
/// that training cells made. RNA has no say: types are covariates of the counts that test cells are
/// judged by. `open`: all cells × peaks. Throws Error(kInput) when open peaks do not vary.
Clusters cluster_cells(const CsrPattern& open, std::span<const int32_t> training,
                       const ClusterOptions& options, const Context& context);

}  // namespace grids::core
