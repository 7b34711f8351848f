#include "prepare/clusters.hpp"

#include <gtest/gtest.h>

#include "prepare/fixture.hpp"
#include "prepare/normalise.hpp"

namespace grids::core {
namespace {

using test::Fixture;

/// Three well separated groups of 60, 40 and 20 points in the plane.
std::vector<float> three_groups(std::vector<int32_t>& truth) {
  RandomStream random(5, Purpose::kBenchmark);
  std::vector<float> points;
  for (int i = 0; i < 120; ++i) {
    const int group = i % 6 < 3 ? 0 : (i % 6 < 5 ? 1 : 2);
    truth.push_back(group);
    points.push_back(static_cast<float>(10 * group + random.normal()));
    points.push_back(static_cast<float>((group == 1 ? 10 : 0) + random.normal()));
  }
  return points;
}

TEST(Clusters, FindSeparatedGroupsLargestFirst) {
  std::vector<int32_t> truth;
  const auto points = three_groups(truth);
  Fixture f;
  const auto near = nearest_neighbours(points, 2, {15, Distance::kEuclidean}, f.context);
  const auto found = leiden_clusters(near, 0.1, f.context);
  EXPECT_EQ(found.count, 3);
  EXPECT_EQ(found.of_cell, truth);
  EXPECT_GT(found.modularity, 0.5);
}

TEST(Clusters, AreTheSameForTheSameSeedWhateverTheThreads) {
  std::vector<int32_t> truth;
  const auto points = three_groups(truth);
  const auto run = [&](int threads) {
    Fixture f(threads);
    const auto near = nearest_neighbours(points, 2, {15, Distance::kEuclidean}, f.context);
    return leiden_clusters(near, 2.0, f.context).of_cell;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_EQ(run(1), run(4));
}

TEST(Clusters, OfExpressionRecoverTheTypes) {
  Fixture f;
  auto raw = test::two_types(80);
  auto matrix = raw.rna.values;
  std::vector<int32_t> rows(80);
  for (int i = 0; i < 80; ++i) rows[static_cast<size_t>(i)] = i;
  log_normalise(matrix, rna_totals(matrix, rows, RnaKind::kCounts));
  const auto found = cluster_cells(matrix, {.resolution = 0.3}, f.context);
  ASSERT_EQ(found.count, 2);
  for (size_t i = 2; i < 80; ++i) EXPECT_EQ(found.of_cell[i], found.of_cell[i % 2]);
}

TEST(Clusters, TwoCellsAreOneCluster) {
  Fixture f;
  EXPECT_EQ(cluster_cells(test::sparse({{1, 2}, {3, 4}}), {}, f.context).count, 1);
}

}  // namespace
}  // namespace grids::core
