#include "prepare/clusters.hpp"

#include <gtest/gtest.h>

#include "prepare/fixture.hpp"

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

TEST(Clusters, OfOpenPeaksRecoverTheTypesAndOtherCellsJoinThem) {
  Fixture f;
  const auto open = test::two_types(80).atac.values.pattern;
  std::vector<int32_t> training;
  for (int32_t i = 0; i < 60; ++i) training.push_back(i);
  const auto found = cluster_cells(open, training, {.resolution = 0.3}, f.context);
  ASSERT_EQ(found.count, 2);
  for (size_t i = 2; i < 80; ++i) EXPECT_EQ(found.of_cell[i], found.of_cell[i % 2]) << i;
}

// Nothing but the training cells makes clusters: what the others have open changes none of theirs.
TEST(Clusters, AreMadeOfTrainingCellsAlone) {
  Fixture f;
  const auto open = test::two_types(80).atac.values.pattern;
  std::vector<int32_t> training, twice;
  for (int32_t i = 0; i < 60; ++i) training.push_back(i);
  twice = training;
  for (int i = 0; i < 20; ++i) twice.push_back(i % 4);
  const auto one = cluster_cells(open, training, {}, f.context);
  const auto other = cluster_cells(select_rows(open, twice), training, {}, f.context);
  for (size_t i = 0; i < 60; ++i) EXPECT_EQ(one.of_cell[i], other.of_cell[i]) << i;
}

TEST(Clusters, TwoTrainingCellsAreOneCluster) {
  Fixture f;
  const auto open = test::sparse({{1, 0}, {0, 1}, {1, 1}}).pattern;
  const std::vector<int32_t> training = {0, 1};
  EXPECT_EQ(cluster_cells(open, training, {}, f.context).count, 1);
}

}  // namespace
}  // namespace grids::core
