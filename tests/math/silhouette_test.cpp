#include "math/silhouette.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "support/fixture.hpp"

namespace grids::core {
namespace {

using test::Fixture;

/// Group g of the given size lies around (3 g, 0), with standard deviation 1; groups in turn as
/// long as they last.
struct Groups {
  explicit Groups(std::vector<int64_t> sizes) : count(std::ssize(sizes)) {
    RandomStream random(4, Purpose::kBenchmark);
    for (bool more = true; more;) {
      more = false;
      for (size_t g = 0; g < sizes.size(); ++g) {
        if (sizes[g]-- <= 0) continue;
        more = true;
        codes.push_back(static_cast<int32_t>(g));
        points.push_back(static_cast<float>(3 * static_cast<double>(g) + random.normal()));
        points.push_back(static_cast<float>(random.normal()));
      }
    }
  }

  Silhouette score(const Context& context, int64_t most) const {
    return silhouette(points, 2, codes, count, context, most);
  }

  int64_t count;
  std::vector<int32_t> codes;
  std::vector<float> points;
};

TEST(Silhouette, IsThatOfItsDefinition) {
  Fixture test;
  // On a line: 0 and 1 against 4. Cell 0: (4 − 1) / 4; cell 1: (3 − 1) / 3; the third is alone.
  const std::vector<float> points = {0, 1, 4};
  const std::vector<int32_t> groups = {0, 0, 1};
  const auto result = silhouette(points, 1, groups, 2, test.context);
  EXPECT_NEAR(result.of_group[0], (0.75 + 2.0 / 3) / 2, 1e-12);
  EXPECT_TRUE(std::isnan(result.of_group[1]));
  EXPECT_NEAR(result.mean, (0.75 + 2.0 / 3) / 2, 1e-12);
  EXPECT_TRUE(
      std::isnan(silhouette(points, 1, std::vector<int32_t>{0, 0, 0}, 1, test.context).mean));
}

TEST(Silhouette, TakesAllCellsUpToTheMost) {
  Fixture test;
  const Groups groups({100, 60, 40});
  const auto all = groups.score(test.context, 1'000'000);
  const auto just = groups.score(test.context, 200);
  EXPECT_EQ(just.mean, all.mean);
  EXPECT_EQ(just.of_group, all.of_group);
  EXPECT_NE(groups.score(test.context, 199).mean, all.mean);
}

TEST(Silhouette, OfASampleIsAboutThatOfAllAndRareGroupsStayWhole) {
  Fixture test;
  const Groups groups({3000, 900, 20});
  const auto all = groups.score(test.context, 1'000'000);
  const auto some = groups.score(test.context, 620);
  // A cell's silhouette here scatters by about 0.2: over 300 cells a mean is right to 0.012, and
  // the distances to a group's mean cell likewise; four standard errors.
  for (size_t g = 0; g < 2; ++g) EXPECT_NEAR(some.of_group[g], all.of_group[g], 0.07);
  // All of its cells, held against samples of the others.
  EXPECT_NEAR(some.of_group[2], all.of_group[2], 0.03);
  // The large group weighs as in the whole.
  EXPECT_NEAR(some.mean, all.mean, 0.07);
  EXPECT_NEAR(some.mean,
              (3000 * some.of_group[0] + 900 * some.of_group[1] + 20 * some.of_group[2]) / 3920,
              1e-12);
}

TEST(Silhouette, TheSampleIsTheSeedsWhateverTheThreads) {
  Fixture one(1), three(3);
  const Groups groups({500, 300});
  const auto drawn = groups.score(one.context, 100);
  EXPECT_EQ(drawn.mean, groups.score(three.context, 100).mean);
  const Context other{one.context.seed + 1, one.pool, one.reporter};
  EXPECT_NE(drawn.mean, groups.score(other, 100).mean);
}

TEST(Silhouette, StopsWhenAsked) {
  Fixture test;
  const std::atomic<bool> cancelled{true};
  const Context context{7, test.pool, test.reporter, &cancelled};
  EXPECT_THROW(Groups({50, 50}).score(context, 1000), Error);
}

}  // namespace
}  // namespace grids::core
