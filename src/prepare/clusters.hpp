/// Groups of similar cells where the user has no labels: neighbours in expression, Leiden.
#pragma once

#include <cstdint>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "math/neighbours.hpp"
#include "math/sparse.hpp"

namespace grids::core {

struct ClusterOptions {
  /// Principal components of the expression that neighbours are sought in.
  int64_t components = 30;
  /// Neighbours of each cell in the graph; more give fewer, larger clusters.
  int64_t neighbours = 15;
  /// Leiden's resolution; larger gives more, smaller clusters.
  double resolution = 1.0;

  void describe(OptionSet& set);
};

struct Clusters {
  std::vector<int32_t> of_cell;  ///< 0 is the largest cluster; equal sizes by their first cell
  int64_t count = 0;
  double modularity = 0;  ///< of the partition, at the resolution used
};

/// Leiden communities (Traag et al. 2019, modularity) of the graph that joins a cell with its
/// neighbours, edges weighted by the Jaccard index of the two neighbourhoods.
Clusters leiden_clusters(const Neighbours& neighbours, double resolution, const Context& context);

/// Clusters of cells by their log-normalised expression (cells × genes).
Clusters cluster_cells(const CsrMatrix& expression, const ClusterOptions& options,
                       const Context& context);

}  // namespace grids::core
