#include "math/neighbours.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "base/error.hpp"
#include "base/random.hpp"
#include "support/fixture.hpp"

namespace grids::core {
namespace {

using test::Fixture;

std::vector<float> random_points(uint64_t seed, int64_t count, double shift) {
  RandomStream random(seed, Purpose::kBenchmark);
  std::vector<float> points(static_cast<size_t>(count));
  for (auto& value : points) value = static_cast<float>(random.normal() + shift);
  return points;
}

double distance_of(const float* a, const float* b, int64_t d, Distance distance) {
  double ab = 0, aa = 0, bb = 0;
  for (int64_t j = 0; j < d; ++j) {
    ab += static_cast<double>(a[j]) * b[j];
    aa += static_cast<double>(a[j]) * a[j];
    bb += static_cast<double>(b[j]) * b[j];
  }
  if (distance == Distance::kCosine) return 1 - ab / std::sqrt(aa * bb);
  double square = 0;
  for (int64_t j = 0; j < d; ++j) square += std::pow(static_cast<double>(a[j]) - b[j], 2);
  return std::sqrt(square);
}

/// Law: the neighbours are those of a full sort of all distances, whatever the threads.
RC_GTEST_PROP(Neighbours, EqualAFullSort, ()) {
  const int64_t n = *rc::gen::inRange(2, 300);
  const int64_t d = *rc::gen::inRange(1, 12);
  const int64_t k = *rc::gen::inRange(1, 20);
  const auto distance = *rc::gen::element(Distance::kEuclidean, Distance::kCosine);
  // A common shift of 100 spreads is where |a|² + |b|² − 2ab in float would go wrong.
  const double shift = distance == Distance::kEuclidean ? 100 : 0.5;
  const auto points = random_points(static_cast<uint64_t>(n * 31 + d), n * d, shift);
  Fixture one(1);
  Fixture three(3);
  const auto found = nearest_neighbours(points, d, {.count = k, .distance = distance}, one.context);
  const auto again =
      nearest_neighbours(points, d, {.count = k, .distance = distance}, three.context);
  RC_ASSERT(found.index == again.index);
  RC_ASSERT(found.distance == again.distance);
  RC_ASSERT(found.count == std::min(k, n - 1));
  for (int64_t i = 0; i < n; ++i) {
    std::vector<std::pair<double, int32_t>> all;
    for (int64_t j = 0; j < n; ++j) {
      if (j == i) continue;
      all.emplace_back(distance_of(&points[static_cast<size_t>(i * d)],
                                   &points[static_cast<size_t>(j * d)], d, distance),
                       static_cast<int32_t>(j));
    }
    std::sort(all.begin(), all.end());
    for (int64_t c = 0; c < found.count; ++c) {
      const auto slot = static_cast<size_t>(i * found.count + c);
      // One-dimensional cosine distances are all 0 or 2: which of the equals comes is then decided
      // by rounding in this oracle, so only the distance is compared.
      if (d > 1) RC_ASSERT(found.index[slot] == all[static_cast<size_t>(c)].second);
      // Distances are computed in double and rounded to float once.
      RC_ASSERT(std::abs(found.distance[slot] - all[static_cast<size_t>(c)].first) <=
                1e-6 * (1 + all[static_cast<size_t>(c)].first));
    }
  }
}

TEST(Neighbours, TiesGoToTheSmallerIndex) {
  const std::vector<float> points = {0, 1, -1, 1, 0};  // one dimension
  Fixture f(2);
  const auto found =
      nearest_neighbours(points, 1, {.count = 4, .distance = Distance::kEuclidean}, f.context);
  EXPECT_EQ(std::vector<int32_t>(found.index.begin(), found.index.begin() + 4),
            (std::vector<int32_t>{4, 1, 2, 3}));
}

TEST(Neighbours, QueriesMayFindThemselvesAmongReferences) {
  const auto points = random_points(3, 400 * 4, 0);
  Fixture f(2);
  const auto found = nearest_neighbours(points, points, 4,
                                        {.count = 1, .distance = Distance::kEuclidean}, f.context);
  for (int32_t i = 0; i < 400; ++i) EXPECT_EQ(found.of(i)[0], i);
}

TEST(Neighbours, ZeroRowsAreFarFromAllInCosine) {
  const std::vector<float> points = {0, 0, 1, 0, 2, 0};
  Fixture f(1);
  const auto found = nearest_neighbours(points, 2, {.count = 2}, f.context);
  EXPECT_FLOAT_EQ(found.distance[0], 1);
  EXPECT_EQ(found.of(1)[0], 2);
}

/// Cells of eight types in a space of 20 components, as a PCA of cells looks.
std::vector<float> cells_of_types(int64_t cells, uint64_t seed) {
  constexpr int64_t kTypes = 8;
  const auto centres = random_points(seed, kTypes * 20, 0);
  auto points = random_points(seed + 1, cells * 20, 0);
  for (size_t i = 0; i < points.size(); ++i) {
    const auto type = i / 20 % kTypes;
    points[i] += 3 * centres[type * 20 + i % 20];
  }
  return points;
}

/// The share of the neighbours in `exact` that `found` has.
double recall(const Neighbours& found, const Neighbours& exact) {
  int64_t common = 0;
  for (int64_t i = 0; i < exact.cells; ++i) {
    for (const int32_t j : exact.of(i)) {
      common += std::count(found.of(i).begin(), found.of(i).end(), j);
    }
  }
  return static_cast<double>(common) / static_cast<double>(exact.index.size());
}

struct Told : Reporter {
  void info(std::string_view message) override { text += message; }
  std::string text;
};

/// Laws: beyond `exact_cells` nearly all of the nearest are found, whatever the threads the same;
/// what is found is no cell itself, each once, in order and at its exact distance.
TEST(Neighbours, OfManyCellsAreNearlyTheNearestAndTheSameForAnyThreads) {
  constexpr int64_t kCells = 3000;
  const auto points = cells_of_types(kCells, 5);
  Fixture one(1);
  Fixture two(2);
  for (const auto distance : {Distance::kEuclidean, Distance::kCosine}) {
    const NeighbourOptions many{.count = 15, .distance = distance, .exact_cells = 100};
    const auto exact =
        nearest_neighbours(points, 20, {.count = 15, .distance = distance}, two.context);
    const auto found = nearest_neighbours(points, 20, many, one.context);
    Told told;
    const auto again = nearest_neighbours(points, 20, many, {1, two.context.pool, told});
    EXPECT_NE(told.text.find("are approximate"), std::string::npos) << told.text;
    EXPECT_EQ(found.index, again.index);
    EXPECT_EQ(found.distance, again.distance);
    EXPECT_GE(recall(found, exact), 0.95);
    for (int64_t i = 0; i < kCells; ++i) {
      std::set<int32_t> each;
      for (int64_t k = 0; k < found.count; ++k) {
        const auto slot = static_cast<size_t>(i * found.count + k);
        const int32_t j = found.index[slot];
        EXPECT_NE(j, i);
        each.insert(j);
        EXPECT_GE(found.distance[slot], k > 0 ? found.distance[slot - 1] : 0);
        EXPECT_NEAR(found.distance[slot],
                    distance_of(&points[static_cast<size_t>(i * 20)],
                                &points[static_cast<size_t>(j * 20)], 20, distance),
                    1e-5);
      }
      EXPECT_EQ(std::ssize(each), found.count);
    }
  }
}

TEST(Neighbours, OfManyQueriesAmongOtherCellsAreNearlyTheNearest) {
  const auto references = cells_of_types(2000, 7);
  const auto queries = cells_of_types(500, 7);
  Fixture f(2);
  const auto exact = nearest_neighbours(queries, references, 20, {.count = 10}, f.context);
  const auto found =
      nearest_neighbours(queries, references, 20, {.count = 10, .exact_cells = 100}, f.context);
  EXPECT_GE(recall(found, exact), 0.95);
}

/// A walk among cells that are all at one spot sees few of them; each gets its neighbours anyway.
TEST(Neighbours, OfManyEqualCellsAreAsManyAsAskedFor) {
  const std::vector<float> points(2000 * 3, 1.0f);
  Fixture f(2);
  const auto found = nearest_neighbours(
      points, 3, {.count = 40, .distance = Distance::kEuclidean, .exact_cells = 10}, f.context);
  EXPECT_EQ(found.count, 40);
  for (int64_t i = 0; i < found.cells; ++i) {
    const std::set<int32_t> each(found.of(i).begin(), found.of(i).end());
    EXPECT_EQ(std::ssize(each), 40);
    EXPECT_EQ(each.count(static_cast<int32_t>(i)), 0u);
  }
}

TEST(Neighbours, AskingForNoneIsAnErrorOfUse) {
  Fixture f(1);
  EXPECT_THROW(nearest_neighbours(std::vector<float>{1, 2}, 1, {.count = 0}, f.context), Error);
}

}  // namespace
}  // namespace grids::core

// Of the thread sanitizer, in this program alone: it does not look for orders of locks. hnswlib
// takes the lock of a point that it adds, then the index's, and locks of further points while it
// holds that; grids adds points in one thread, so that nobody waits. A suppression does not do:
// with one lock a point, the sanitizer forgets where each was taken. TSAN_OPTIONS come after.
extern "C" [[gnu::visibility("default")]] const char*
__tsan_default_options();  // NOLINT(bugprone-reserved-identifier)

const char* __tsan_default_options() {  // NOLINT(bugprone-reserved-identifier)
  return "detect_deadlocks=0";
}
