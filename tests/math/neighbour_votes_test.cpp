#include "math/neighbour_votes.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace grids::core {
namespace {

TEST(NeighbourVotes, MostWinAndTheNearestOfEquals) {
  const std::vector<int32_t> labels = {7, 2, 2, 7, 5};
  const Neighbours found{3, 4, {0, 1, 2, 4, /**/ 1, 0, 3, 2, /**/ 4, 0, 1, 3}, {}};
  const auto votes = neighbour_votes(found, labels);
  // 7 2 2 5: two of 2. 2 7 7 2: two of each, 2 is nearer. 5 7 2 7: two of 7.
  EXPECT_EQ(votes.label, (std::vector<int32_t>{2, 2, 7}));
  EXPECT_EQ(votes.agreement, (std::vector<double>{0.5, 0.5, 0.5}));
}

TEST(NeighbourVotes, NobodyVotesWhereThereAreNoNeighbours) {
  const auto votes = neighbour_votes({2, 0, {}, {}}, {});
  EXPECT_EQ(votes.label, (std::vector<int32_t>{-1, -1}));
  EXPECT_TRUE(std::isnan(votes.agreement[1]));
}

}  // namespace
}  // namespace grids::core
