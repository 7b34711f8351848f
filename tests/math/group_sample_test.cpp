#include "math/group_sample.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace grids::core {
namespace {

TEST(GroupSample, TakesAllOfSmallGroupsAndAsManyOfEachLargerOne) {
  std::vector<int32_t> groups;
  for (int i = 0; i < 100; ++i) groups.push_back(i < 60 ? 0 : (i < 93 ? 2 : 1));
  EXPECT_EQ(group_sample(groups, 3, 100, 1).size(), 100u);
  const auto drawn = group_sample(groups, 3, 47, 1);
  EXPECT_TRUE(std::is_sorted(drawn.begin(), drawn.end()));
  std::vector<int32_t> of;
  for (const int32_t row : drawn) of.push_back(groups[static_cast<size_t>(row)]);
  EXPECT_EQ(group_sizes(of, 3), (std::vector<double>{20, 7, 20}));
  EXPECT_EQ(drawn, group_sample(groups, 3, 47, 1));
  EXPECT_NE(drawn, group_sample(groups, 3, 47, 2));
}

}  // namespace
}  // namespace grids::core
