/// Communities of a weighted graph: Leiden (Traag, Waltman & van Eck 2019), for modularity.
///
/// Written from the paper: a pass moves nodes one by one, refines what results by random merges
/// within it, and goes on with the merged parts as nodes; passes begin where the last one ended.
/// One thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"

namespace grids::core {

/// Undirected. Where several join the same two nodes, their weights add; a weight of 0 joins
/// nothing; of an edge from a node to itself both ends count.
struct WeightedEdge {
  int32_t from = 0;
  int32_t to = 0;
  double weight = 1;
};

struct LeidenOptions {
  /// Larger gives more, smaller communities: the links of two nodes must outweigh this many times
  /// what chance would give them.
  double resolution = 1.0;
  /// How freely refinement merges: gains are drawn by exp(gain / randomness), in weights of a mean
  /// edge. Towards 0 it always takes the largest.
  double randomness = 0.01;
  /// At most so many; it ends before with one that raises modularity by less than 1e-5. The first
  /// few gain most.
  int64_t passes = 10;
};

struct Communities {
  std::vector<int32_t> of_node;  ///< 0 is the largest; equal sizes by their first node
  int64_t count = 0;
  /// Σ over communities of inside / total − resolution · (strength / 2 total)², where a node's
  /// strength is the weight of its edges; 0 without edges.
  double modularity = 0;
};

/// Communities that are connected each, the same for the same stream. A node without edges is one
/// of its own. Throws Error(kInternal) for an end that is no node, and for a weight that is
/// negative or no number.
Communities leiden(int64_t nodes, std::span<const WeightedEdge> edges, const LeidenOptions& options,
                   RandomStream& random);

}  // namespace grids::core
