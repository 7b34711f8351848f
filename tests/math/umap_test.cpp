#include "math/umap.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "math/silhouette.hpp"
#include "support/fixture.hpp"

namespace grids::core {
namespace {

using test::Fixture;

/// Groups of points around distant centres, in turn.
std::vector<float> clouds(int64_t cells, int64_t dimensions, int groups) {
  RandomStream random(5, Purpose::kBenchmark);
  std::vector<double> centres;
  for (int64_t i = 0; i < groups * dimensions; ++i) centres.push_back(3 * random.normal());
  std::vector<float> points;
  for (int64_t i = 0; i < cells; ++i) {
    for (int64_t d = 0; d < dimensions; ++d) {
      points.push_back(static_cast<float>(
          centres[static_cast<size_t>((i % groups) * dimensions + d)] + random.normal()));
    }
  }
  return points;
}

std::vector<int32_t> groups_in_turn(int64_t cells, int groups) {
  std::vector<int32_t> codes;
  for (int64_t i = 0; i < cells; ++i) codes.push_back(static_cast<int32_t>(i % groups));
  return codes;
}

TEST(Umap, KeepsDistantGroupsApart) {
  Fixture test;
  const auto map = umap(clouds(400, 10, 4), 10, {}, test.context);
  for (const float value : map) ASSERT_TRUE(std::isfinite(value));
  // Groups at several times their width: anything but a broken layout separates them.
  EXPECT_GT(silhouette(map, 2, groups_in_turn(400, 4), 4, test.context).mean, 0.5);
}

TEST(Umap, IsTheSameForASeedWhateverTheThreads) {
  Fixture one(1);
  Fixture three(3);
  const auto points = clouds(150, 5, 3);
  const UmapOptions options{.neighbours = 10, .epochs = 30};
  const auto map = umap(points, 5, options, one.context);
  EXPECT_EQ(map, umap(points, 5, options, three.context));
  Context other{8, one.pool, one.reporter};
  EXPECT_NE(map, umap(points, 5, options, other));
}

TEST(Umap, TakesFewCellsAndCopiesButNotNonsense) {
  Fixture test;
  const std::vector<float> copies(20, 1.0f);
  for (const float value : umap(copies, 2, {}, test.context)) EXPECT_TRUE(std::isfinite(value));
  EXPECT_THROW(umap(std::span(copies).first(6), 2, {}, test.context), Error);
  EXPECT_THROW(umap(copies, 2, {.neighbours = 0}, test.context), Error);
}

}  // namespace
}  // namespace grids::core
