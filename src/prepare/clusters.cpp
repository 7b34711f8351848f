#include "prepare/clusters.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>

#include "base/random.hpp"
#include "math/pca.hpp"
#include "prepare/igraph_session.hpp"

namespace grids {
namespace {

struct Edges {
  std::vector<igraph_integer_t> ends;  ///< two an edge
  std::vector<igraph_real_t> weights;
};

/// Each pair of neighbours once, with the Jaccard index of their neighbourhoods (themselves
/// included).
Edges shared_neighbour_edges(const Neighbours& neighbours) {
  std::vector<std::vector<int32_t>> around(static_cast<size_t>(neighbours.cells));
  for (int64_t i = 0; i < neighbours.cells; ++i) {
    auto& mine = around[static_cast<size_t>(i)];
    const auto list = neighbours.of(i);
    mine.assign(list.begin(), list.end());
    mine.push_back(static_cast<int32_t>(i));
    std::sort(mine.begin(), mine.end());
  }
  Edges edges;
  for (int64_t i = 0; i < neighbours.cells; ++i) {
    const auto& mine = around[static_cast<size_t>(i)];
    for (const int32_t j : neighbours.of(i)) {
      const auto& other = around[static_cast<size_t>(j)];
      const bool mutual = std::binary_search(other.begin(), other.end(), static_cast<int32_t>(i));
      if (mutual && j < i) continue;  // counted when j was the first
      size_t common = 0;
      for (auto a = mine.begin(), b = other.begin(); a != mine.end() && b != other.end();) {
        if (*a == *b) ++common;
        const bool step_a = *a <= *b;
        const bool step_b = *b <= *a;
        a += step_a ? 1 : 0;
        b += step_b ? 1 : 0;
      }
      edges.ends.push_back(i);
      edges.ends.push_back(j);
      edges.weights.push_back(static_cast<double>(common) /
                              static_cast<double>(mine.size() + other.size() - common));
    }
  }
  return edges;
}

/// Frees what igraph allocated, also when an exception leaves the function.
struct FreeGraph {
  void operator()(igraph_t* graph) const { igraph_destroy(graph); }
};
struct FreeVector {
  void operator()(igraph_vector_t* vector) const { igraph_vector_destroy(vector); }
};
struct FreeIntVector {
  void operator()(igraph_vector_int_t* vector) const { igraph_vector_int_destroy(vector); }
};

/// Communities renumbered: largest first, then by the smallest cell.
void number_by_size(std::vector<int32_t>& of_cell, int64_t& count) {
  std::map<int32_t, std::pair<int64_t, int64_t>> found;  // id → (−size, first cell)
  for (size_t i = 0; i < of_cell.size(); ++i) {
    auto [entry, is_new] = found.emplace(of_cell[i], std::pair<int64_t, int64_t>{0, i});
    --entry->second.first;
  }
  std::vector<std::pair<std::pair<int64_t, int64_t>, int32_t>> order;
  order.reserve(found.size());
  for (const auto& [id, key] : found) order.emplace_back(key, id);
  std::sort(order.begin(), order.end());
  std::map<int32_t, int32_t> rank;
  for (size_t k = 0; k < order.size(); ++k) rank[order[k].second] = static_cast<int32_t>(k);
  for (auto& id : of_cell) id = rank[id];
  count = static_cast<int64_t>(order.size());
}

}  // namespace

void ClusterOptions::describe(OptionSet& set) {
  set.inner("cluster-components", components, at_least(1));
  set.inner("cluster-neighbours", neighbours, at_least(2));
  set.value("--cluster-resolution", resolution,
            "Larger gives more clusters, where there are no labels", above(0));
}

Clusters leiden_clusters(const Neighbours& neighbours, double resolution, const Context& context) {
  Clusters result;
  result.of_cell.assign(static_cast<size_t>(neighbours.cells), 0);
  result.count = neighbours.cells > 0 ? 1 : 0;
  const Edges edges = shared_neighbour_edges(neighbours);
  if (edges.weights.empty()) return result;

  RandomStream random(context.seed, Purpose::kClusters);
  IgraphSession session(random, context.reporter);
  igraph_vector_int_t ends;
  igraph_vector_int_view(&ends, edges.ends.data(),
                         static_cast<igraph_integer_t>(edges.ends.size()));
  igraph_vector_t weights;
  igraph_vector_view(&weights, edges.weights.data(),
                     static_cast<igraph_integer_t>(edges.weights.size()));
  igraph_t graph;
  session.check(igraph_create(&graph, &ends, neighbours.cells, IGRAPH_UNDIRECTED),
                "building the graph of neighbours");
  const std::unique_ptr<igraph_t, FreeGraph> free_graph(&graph);
  igraph_vector_t strength;
  session.check(igraph_vector_init(&strength, 0), "clustering");
  const std::unique_ptr<igraph_vector_t, FreeVector> free_strength(&strength);
  session.check(igraph_strength(&graph, &strength, igraph_vss_all(), IGRAPH_ALL, true, &weights),
                "clustering");
  igraph_vector_int_t membership;
  session.check(igraph_vector_int_init(&membership, 0), "clustering");
  const std::unique_ptr<igraph_vector_int_t, FreeIntVector> free_membership(&membership);

  // Modularity as igraph's general quality: node weights are strengths, resolution over their sum.
  const double twice_total = 2 * std::accumulate(edges.weights.begin(), edges.weights.end(), 0.0);
  constexpr double kRandomness = 0.01;
  constexpr igraph_integer_t kUntilStable = -1;
  igraph_integer_t count = 0;
  session.check(
      igraph_community_leiden(&graph, &weights, &strength, resolution / twice_total, kRandomness,
                              false, kUntilStable, &membership, &count, &result.modularity),
      "Leiden clustering");
  for (size_t i = 0; i < result.of_cell.size(); ++i) {
    result.of_cell[i] =
        static_cast<int32_t>(igraph_vector_int_get(&membership, static_cast<igraph_integer_t>(i)));
  }
  number_by_size(result.of_cell, result.count);
  return result;
}

Clusters cluster_cells(const CsrMatrix& expression, const ClusterOptions& options,
                       const Context& context) {
  if (expression.rows() < 3) {
    Clusters one;
    one.of_cell.assign(static_cast<size_t>(expression.rows()), 0);
    one.count = 1;
    return one;
  }
  const auto space = pca(expression, {.components = options.components}, context);
  if (space.components == 0) {
    throw input_error("cannot cluster the cells: their expression does not vary; give --labels");
  }
  const auto near =
      nearest_neighbours(space.scores, space.components,
                         {.count = options.neighbours, .distance = Distance::kEuclidean}, context);
  return leiden_clusters(near, options.resolution, context);
}

}  // namespace grids
