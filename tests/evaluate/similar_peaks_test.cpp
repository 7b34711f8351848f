#include "evaluate/similar_peaks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace grids::core {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

/// 20 cells × 20 peaks; peak j is open in j cells.
CsrPattern staircase() {
  CsrPattern open;
  open.rows = open.columns = 20;
  for (int32_t cell = 0; cell < 20; ++cell) {
    for (int32_t peak = cell + 1; peak < 20; ++peak) open.indices.push_back(peak);
    open.offsets.push_back(open.nonzeros());
  }
  return open;
}

TEST(SimilarPeaks, AreThoseOpenInTheMostSimilarNumberOfCells) {
  const SimilarPeaks similar(staircase(), 4);
  EXPECT_THAT(similar.free_around(10, {}), UnorderedElementsAre(8, 9, 10, 11));
  EXPECT_THAT(similar.free_around(0, {}), UnorderedElementsAre(0, 1, 2, 3));
  EXPECT_THAT(similar.free_around(19, {}), UnorderedElementsAre(16, 17, 18, 19));
  const std::vector<int32_t> taken = {8, 9, 10, 11};
  EXPECT_THAT(similar.free_around(10, taken), IsEmpty());
}

TEST(SimilarPeaks, DrawsOtherPeaksEachOnceAndLooksFurtherWhenAllAreTaken) {
  const SimilarPeaks similar(staircase(), 4);
  const std::vector<int32_t> members = {8, 9, 10, 11};
  std::set<int32_t> drawn;
  for (uint32_t seed = 0; seed < 200; ++seed) {
    RandomStream random(seed, Purpose::kRandomSets);
    const auto set = similar.draw(members, random);
    EXPECT_EQ(std::set<int32_t>(set.begin(), set.end()).size(), 4u);
    for (const int32_t peak : set) {
      // At most a reach of 8 is needed: 5 … 12 around peak 9, 7 … 14 around peak 11.
      EXPECT_GE(peak, 5);
      EXPECT_LE(peak, 14);
      EXPECT_TRUE(peak < 8 || peak > 11) << "a member is no random peak";
    }
    drawn.insert(set.begin(), set.end());
  }
  EXPECT_GE(drawn.size(), 6u) << "draws differ";
}

TEST(SimilarPeaks, DrawsAreUniformAmongTheFreeOnesInTheOrderOfOpenness) {
  const SimilarPeaks similar(staircase(), 12);
  const std::vector<int32_t> members = {3, 17, 10};
  for (uint32_t seed = 0; seed < 50; ++seed) {
    RandomStream random(seed, Purpose::kRandomSets), again(seed, Purpose::kRandomSets);
    auto taken = members;
    for (const int32_t member : members) {
      const auto free = similar.free_around(member, taken);
      taken.push_back(free.at(again.below(static_cast<uint32_t>(free.size()))));
    }
    std::sort(taken.begin() + 3, taken.end());
    EXPECT_EQ(similar.draw(members, random), std::vector<int32_t>(taken.begin() + 3, taken.end()));
  }
}

}  // namespace
}  // namespace grids::core
