#include "math/leiden.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <string>
#include <thread>

#include "base/at.hpp"
#include "base/error.hpp"
#include "math/igraph_leiden.hpp"
#include "math/neighbours.hpp"
#include "support/fixture.hpp"
#include "support/test_size.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct LeidenCase {
  std::string name;
  int32_t nodes = 0;
  std::vector<WeightedEdge> edges;
  double resolution = 1;
};

/// Adds edges between random nodes of the same of `groups` groups (node mod groups), or of all.
void random_edges(LeidenCase& graph, int32_t nodes, int32_t groups, int64_t count, bool weighted,
                  RandomStream& random) {
  for (int64_t i = 0; i < count; ++i) {
    const auto a = static_cast<int32_t>(random.below(static_cast<uint32_t>(nodes)));
    const auto step = static_cast<int32_t>(random.below(static_cast<uint32_t>(nodes / groups)));
    const int32_t b = (a + groups * step) % (nodes / groups * groups);
    if (b % groups != a % groups || a == b) continue;
    graph.edges.push_back({a, b, weighted ? 0.05 + random.uniform() : 1.0});
  }
}

LeidenCase planted(int32_t nodes, int32_t groups, bool weighted, RandomStream& random) {
  LeidenCase graph{"planted", nodes, {}};
  random_edges(graph, nodes, groups, 5 * nodes, weighted, random);
  random_edges(graph, nodes, 1, 3 * nodes, weighted, random);
  return graph;
}

LeidenCase erdos_renyi(int32_t nodes, RandomStream& random) {
  LeidenCase graph{"random", nodes, {}};
  random_edges(graph, nodes, 1, 4 * nodes, false, random);
  return graph;
}

/// Cells near one another in overlapping clouds, as in clustering.
LeidenCase near_points(int32_t nodes, bool weighted, RandomStream& random) {
  constexpr int64_t kDimensions = 4;
  std::vector<float> points;
  std::vector<double> centres(6 * kDimensions);
  for (auto& one : centres) one = 2 * random.normal();
  for (int32_t i = 0; i < nodes; ++i) {
    for (int64_t d = 0; d < kDimensions; ++d) {
      points.push_back(static_cast<float>(centres[at(i % 6 * kDimensions + d)] + random.normal()));
    }
  }
  test::Fixture f;
  const auto near = nearest_neighbours(points, kDimensions, {10, Distance::kEuclidean}, f.context);
  LeidenCase graph{"near points", nodes, {}};
  for (int32_t i = 0; i < nodes; ++i) {
    for (size_t k = 0; k < at(near.count); ++k) {
      const double distance = near.distance[at(i * near.count) + k];
      graph.edges.push_back({i, near.of(i)[k], weighted ? std::exp(-distance) : 1.0});
    }
  }
  return graph;
}

LeidenCase ring_of_cliques(int32_t cliques, int32_t size) {
  LeidenCase graph{"ring of cliques", cliques * size, {}};
  for (int32_t c = 0; c < cliques; ++c) {
    for (int32_t i = 0; i < size; ++i) {
      for (int32_t j = 0; j < i; ++j) graph.edges.push_back({c * size + i, c * size + j});
    }
    graph.edges.push_back({c * size, (c + 1) % cliques * size + 1});
  }
  return graph;
}

/// The two side by side, nothing between them, and some nodes without edges.
LeidenCase apart(LeidenCase one, const LeidenCase& other, int32_t isolated) {
  for (auto edge : other.edges) {
    edge.from += one.nodes;
    edge.to += one.nodes;
    one.edges.push_back(edge);
  }
  one.name += " and " + other.name;
  one.nodes += other.nodes + isolated;
  return one;
}

LeidenCase leiden_case(int number) {
  RandomStream random(static_cast<uint64_t>(number), Purpose::kBenchmark);
  const auto nodes = static_cast<int32_t>(100 + random.below(500));
  const auto make = [&]() -> LeidenCase {
    switch (number % 8) {
      case 0:
        return planted(nodes, 5, false, random);
      case 1:
        return planted(nodes, 12, true, random);
      case 2:
        return near_points(nodes, false, random);
      case 3:
        return near_points(nodes, true, random);
      case 4:
        return erdos_renyi(nodes, random);
      case 5:
        return ring_of_cliques(5 + number, 4 + number % 3);
      case 6:
        return apart(planted(nodes, 4, true, random), erdos_renyi(80, random), 0);
      default:
        return apart(near_points(nodes, true, random), ring_of_cliques(6, 5), 30);
    }
  };
  LeidenCase graph = make();
  graph.resolution = std::vector<double>{1, 0.5, 2}[at(number % 3)];
  graph.name = fmt::format("{}: {} of {} nodes", number, graph.name, graph.nodes);
  return graph;
}

const int kLeidenCases = testing::sized(50, 10);

Communities communities(const LeidenCase& graph, uint64_t seed = 1) {
  RandomStream random(seed, Purpose::kClusters);
  return leiden(graph.nodes, graph.edges, {.resolution = graph.resolution}, random);
}

/// By its definition, over all pairs of nodes.
double pairwise_modularity(const LeidenCase& graph, const std::vector<int32_t>& of_node) {
  const auto n = at(graph.nodes);
  std::vector<double> adjacency(n * n, 0.0);
  std::vector<double> strength(n, 0.0);
  for (const auto& edge : graph.edges) {
    adjacency[at(edge.from) * n + at(edge.to)] += edge.weight;
    adjacency[at(edge.to) * n + at(edge.from)] += edge.weight;
    strength[at(edge.from)] += edge.weight;
    strength[at(edge.to)] += edge.weight;
  }
  const double total = std::accumulate(strength.begin(), strength.end(), 0.0);
  double sum = 0;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      if (of_node[i] != of_node[j]) continue;
      sum += adjacency[i * n + j] - graph.resolution * strength[i] * strength[j] / total;
    }
  }
  return sum / total;
}

/// Number of pieces that remain where only edges within communities count.
int64_t pieces(const LeidenCase& graph, const std::vector<int32_t>& of_node) {
  std::vector<int32_t> root(at(graph.nodes));
  std::iota(root.begin(), root.end(), 0);
  const auto find = [&](int32_t node) {
    while (root[at(node)] != node) node = root[at(node)];
    return node;
  };
  int64_t count = graph.nodes;
  for (const auto& edge : graph.edges) {
    if (edge.weight == 0 || of_node[at(edge.from)] != of_node[at(edge.to)]) continue;
    const int32_t a = find(edge.from);
    const int32_t b = find(edge.to);
    if (a != b) --count;
    root[at(a)] = b;
  }
  return count;
}

/// Either ends in one of many optima, so that a single run says little.
constexpr uint64_t kRuns = 10;

template <typename Run>
double best_of_runs(Run&& run) {
  double best = -std::numeric_limits<double>::infinity();
  for (uint64_t seed = 1; seed <= kRuns; ++seed) best = std::max(best, run(seed));
  return best;
}

TEST(Leiden, IsAsGoodAsIgraphOnEveryGraph) {
  double ratios = 0;
  for (int number = 0; number < kLeidenCases; ++number) {
    const auto graph = leiden_case(number);
    SCOPED_TRACE(graph.name);
    const auto igraph = [&](int iterations) {
      return best_of_runs([&](uint64_t seed) {
        return test::igraph_modularity(graph.nodes, graph.edges, graph.resolution, iterations,
                                       seed);
      });
    };
    const double ours =
        best_of_runs([&](uint64_t seed) { return communities(graph, seed).modularity; });
    EXPECT_GE(ours, 0.999 * igraph(-1));
    ratios += ours / igraph(10);
  }
  // Ten iterations end better on some random graphs and worse on others, by up to a percent: only
  // the mean tells.
  EXPECT_GE(ratios / kLeidenCases, 0.999);
}

TEST(Leiden, SaysTheModularityOfWhatItFound) {
  for (int number = 0; number < kLeidenCases; ++number) {
    const auto graph = leiden_case(number);
    const auto found = communities(graph);
    // Sums of some 100,000 terms of at most 1.
    EXPECT_NEAR(found.modularity, pairwise_modularity(graph, found.of_node), 1e-9) << graph.name;
  }
}

TEST(Leiden, CommunitiesAreConnected) {
  for (int number = 0; number < kLeidenCases; ++number) {
    const auto graph = leiden_case(number);
    for (const double resolution : {0.05, 1.0, 8.0}) {
      auto other = graph;
      other.resolution = resolution;
      const auto found = communities(other);
      EXPECT_EQ(pieces(graph, found.of_node), found.count) << graph.name << " at " << resolution;
    }
  }
}

TEST(Leiden, IsTheSameForTheSameStreamInAnyThread) {
  for (const int number : {0, 3, 6, 12}) {
    const auto graph = leiden_case(number);
    const auto first = communities(graph);
    std::vector<Communities> others(3);
    std::vector<std::thread> threads;
    for (auto& other : others) threads.emplace_back([&] { other = communities(graph); });
    for (auto& thread : threads) thread.join();
    for (const auto& other : others) {
      EXPECT_EQ(other.of_node, first.of_node);
      EXPECT_EQ(other.modularity, first.modularity);
    }
  }
  const auto random = leiden_case(12);  // many partitions are about as good
  EXPECT_NE(communities(random, 1).of_node, communities(random, 2).of_node);
}

TEST(Leiden, NumbersCommunitiesBySizeThenByFirstNode) {
  for (int number = 0; number < kLeidenCases; ++number) {
    const auto found = communities(leiden_case(number));
    std::vector<std::pair<int64_t, int64_t>> key(at(found.count), {0, -1});  // −size, first node
    for (size_t i = 0; i < found.of_node.size(); ++i) {
      auto& [size, first] = key.at(at(found.of_node[i]));
      --size;
      if (first < 0) first = static_cast<int64_t>(i);
    }
    EXPECT_TRUE(std::is_sorted(key.begin(), key.end())) << number;
    EXPECT_LT(key.back().first, 0) << "no number is left out";
  }
}

/// The best modularity of all partitions: node by node into each community there is, or a new one.
double best_of_all(const LeidenCase& graph, std::vector<int32_t>& of_node, int32_t communities) {
  if (of_node.size() == at(graph.nodes)) return pairwise_modularity(graph, of_node);
  double best = -std::numeric_limits<double>::infinity();
  for (int32_t next = 0; next <= communities; ++next) {
    of_node.push_back(next);
    best = std::max(best, best_of_all(graph, of_node, std::max(communities, next + 1)));
    of_node.pop_back();
  }
  return best;
}

TEST(Leiden, FindsTheBestPartitionOfFewNodes) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    RandomStream random(seed, Purpose::kBenchmark);
    LeidenCase graph{"", 7, {}};
    random_edges(graph, 7, 1, 12, seed % 2 == 0, random);
    graph.resolution = seed % 4 < 2 ? 1 : 1.5;
    std::vector<int32_t> none;
    const double best =
        best_of_runs([&](uint64_t stream) { return communities(graph, stream).modularity; });
    EXPECT_NEAR(best, best_of_all(graph, none, 0), 1e-12) << seed;
  }
}

TEST(Leiden, CliquesOfARingAreCommunities) {
  const auto found = communities(ring_of_cliques(6, 5));
  EXPECT_EQ(found.count, 6);
  for (size_t i = 0; i < 30; ++i) EXPECT_EQ(found.of_node[i], static_cast<int32_t>(i / 5));
}

TEST(Leiden, LargerResolutionGivesMoreCommunities) {
  auto graph = leiden_case(6);
  const auto everything = pieces(graph, std::vector<int32_t>(at(graph.nodes), 0));
  int64_t before = 0;
  for (const double resolution : {0.0, 0.3, 1.0, 3.0, 10.0, 1e6}) {
    graph.resolution = resolution;
    const auto count = communities(graph).count;
    EXPECT_GE(count, before) << resolution;
    if (resolution == 0) {
      EXPECT_EQ(count, everything) << "all that hangs together";
    }
    before = count;
  }
  EXPECT_EQ(before, graph.nodes) << "each alone";
}

TEST(Leiden, WeightsCountInProportionAndThoseOfZeroNotAtAll) {
  const auto graph = leiden_case(1);
  auto other = graph;
  for (auto& edge : other.edges) edge.weight *= 4;  // a power of two: no rounding
  for (int32_t i = 0; i + 7 < graph.nodes; ++i) other.edges.push_back({i, i + 7, 0.0});
  const auto found = communities(graph);
  EXPECT_EQ(communities(other).of_node, found.of_node);
  EXPECT_EQ(communities(other).modularity, found.modularity);
}

TEST(Leiden, HeavierEdgesHoldTogether) {
  // A square: the heavy sides are the communities, whichever they are.
  const auto square = [](double one, double other) {
    return communities({"", 4, {{0, 1, one}, {1, 2, other}, {2, 3, one}, {3, 0, other}}}).of_node;
  };
  EXPECT_THAT(square(5, 1), ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(square(1, 5), ElementsAre(0, 1, 1, 0));
}

TEST(Leiden, TakesGraphsWithoutEdges) {
  const auto nothing = communities({"", 0, {}});
  EXPECT_THAT(nothing.of_node, IsEmpty());
  EXPECT_EQ(nothing.count, 0);
  const auto three = communities({"", 3, {{0, 1, 0.0}}});
  EXPECT_THAT(three.of_node, ElementsAre(0, 1, 2));
  EXPECT_EQ(three.count, 3);
  EXPECT_EQ(three.modularity, 0);
  const auto itself = communities({"", 1, {{0, 0, 2.0}}});
  EXPECT_EQ(itself.count, 1);
  EXPECT_EQ(itself.modularity, 0) << "everything is inside, as chance has it";
}

TEST(Leiden, RefusesWhatIsNoGraph) {
  EXPECT_THROW(communities({"", 2, {{0, 2, 1.0}}}), Error);
  EXPECT_THROW(communities({"", 2, {{-1, 1, 1.0}}}), Error);
  EXPECT_THROW(communities({"", 2, {{0, 1, -1.0}}}), Error);
  EXPECT_THROW(communities({"", 2, {{0, 1, std::nan("")}}}), Error);
  EXPECT_THROW(communities({"", 2, {{0, 1, INFINITY}}}), Error);
}

}  // namespace
}  // namespace grids::core
