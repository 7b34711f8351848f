/// igraph's Leiden, which ours is held to.
#pragma once

#include <igraph.h>

#include <cstdint>
#include <span>
#include <vector>

#include "math/leiden.hpp"

namespace grids::core::test {

/// Modularity of what igraph finds. Of 0.10.2 one call that runs "until stable" (-1) ends after the
/// first iteration; a number is obeyed.
inline double igraph_modularity(int64_t nodes, std::span<const WeightedEdge> edges,
                                double resolution, int iterations, uint64_t seed) {
  std::vector<igraph_integer_t> ends;
  std::vector<igraph_real_t> weights;
  for (const auto& edge : edges) {
    ends.push_back(edge.from);
    ends.push_back(edge.to);
    weights.push_back(edge.weight);
  }
  igraph_vector_int_t end_view;
  igraph_vector_int_view(&end_view, ends.data(), static_cast<igraph_integer_t>(ends.size()));
  igraph_vector_t weight_view;
  igraph_vector_view(&weight_view, weights.data(), static_cast<igraph_integer_t>(weights.size()));
  igraph_t graph;
  igraph_create(&graph, &end_view, nodes, IGRAPH_UNDIRECTED);
  igraph_vector_t strength;
  igraph_vector_init(&strength, 0);
  igraph_strength(&graph, &strength, igraph_vss_all(), IGRAPH_ALL, true, &weight_view);
  igraph_vector_int_t membership;
  igraph_vector_int_init(&membership, 0);
  igraph_rng_seed(igraph_rng_default(), seed);
  // Modularity as igraph's general quality: node weights are strengths, resolution over their sum.
  double quality = 0;
  igraph_community_leiden(&graph, &weight_view, &strength,
                          resolution / igraph_vector_sum(&strength), 0.01, false, iterations,
                          &membership, nullptr, &quality);
  igraph_vector_int_destroy(&membership);
  igraph_vector_destroy(&strength);
  igraph_destroy(&graph);
  return quality;
}

}  // namespace grids::core::test
