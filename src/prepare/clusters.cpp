#include "prepare/clusters.hpp"

#include <algorithm>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "math/leiden.hpp"
#include "math/pca.hpp"

namespace grids::core {
namespace {

/// Each pair of neighbours once, with the Jaccard index of their neighbourhoods (themselves
/// included).
std::vector<WeightedEdge> shared_neighbour_edges(const Neighbours& neighbours) {
  std::vector<std::vector<int32_t>> around(static_cast<size_t>(neighbours.cells));
  for (int64_t i = 0; i < neighbours.cells; ++i) {
    auto& mine = around[static_cast<size_t>(i)];
    const auto list = neighbours.of(i);
    mine.assign(list.begin(), list.end());
    mine.push_back(static_cast<int32_t>(i));
    std::sort(mine.begin(), mine.end());
  }
  std::vector<WeightedEdge> edges;
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
      edges.push_back(
          {static_cast<int32_t>(i), j,
           static_cast<double>(common) / static_cast<double>(mine.size() + other.size() - common)});
    }
  }
  return edges;
}

/// All cells but these, which ascend.
std::vector<int32_t> cells_beside(std::span<const int32_t> some, int64_t cells) {
  std::vector<int32_t> result;
  for (int32_t cell = 0; cell < cells; ++cell) {
    if (!std::binary_search(some.begin(), some.end(), cell)) result.push_back(cell);
  }
  return result;
}

/// The cluster of most of these cells; of equally many, the larger.
int32_t most_common(std::span<const int32_t> cells, const Clusters& clusters) {
  std::vector<int64_t> votes(at(clusters.count));
  for (const int32_t cell : cells) ++votes[at(clusters.of_cell[at(cell)])];
  return static_cast<int32_t>(std::max_element(votes.begin(), votes.end()) - votes.begin());
}

}  // namespace

void ClusterOptions::describe(OptionSet& set) {
  set.inner("cluster-components", components, at_least(1));
  set.inner("cluster-neighbours", neighbours, at_least(2));
  set.value("--cluster-resolution", resolution,
            "Larger gives more clusters, where there are no labels", above(0));
}

Clusters leiden_clusters(const Neighbours& neighbours, double resolution, const Context& context) {
  const auto edges = shared_neighbour_edges(neighbours);
  if (edges.empty()) {
    return {std::vector<int32_t>(at(neighbours.cells), 0), neighbours.cells > 0 ? 1 : 0, 0};
  }
  RandomStream random(context.seed, Purpose::kClusters);
  auto found = leiden(neighbours.cells, edges, {.resolution = resolution}, random);
  return {std::move(found.of_node), found.count, found.modularity};
}

Clusters cluster_cells(const CsrPattern& open, std::span<const int32_t> training,
                       const ClusterOptions& options, const Context& context) {
  if (training.size() < 3) return {std::vector<int32_t>(at(open.rows), 0), 1, 0};
  const auto others = cells_beside(training, open.rows);
  const auto learned = select_rows(open, training);
  const auto weights = TfIdf::fit(learned);
  const auto space = pca(weights.apply(learned), {.components = options.components}, context);
  if (space.components == 0) {
    throw input_error("cannot cluster the cells: their open peaks do not vary; give --labels");
  }
  const NeighbourOptions nearest{.count = options.neighbours, .distance = Distance::kCosine};
  const auto found =
      leiden_clusters(nearest_neighbours(space.scores, space.components, nearest, context),
                      options.resolution, context);
  Clusters result{std::vector<int32_t>(at(open.rows)), found.count, found.modularity};
  for (size_t i = 0; i < training.size(); ++i) result.of_cell[at(training[i])] = found.of_cell[i];
  if (others.empty()) return result;
  const auto scores = pca_project(space, weights.apply(select_rows(open, others)), context);
  const auto near = nearest_neighbours(scores, space.scores, space.components, nearest, context);
  for (size_t i = 0; i < others.size(); ++i) {
    result.of_cell[at(others[i])] = most_common(near.of(static_cast<int64_t>(i)), found);
  }
  return result;
}

}  // namespace grids::core
