#include "math/ranking.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.hpp"

namespace grids::core {
namespace {

const std::vector<double> kScores = {9, 8, 8, 7, 5, 5, 5, 3, 1, 1};
const std::vector<uint8_t> kPositive = {1, 0, 1, 0, 1, 1, 0, 0, 1, 0};

// By hand: thresholds 9, 8, 5 and 1 find 1, 1, 2 and 1 of 5 at precisions 1, 2/3, 4/7 and 5/10.
TEST(Ranking, TakesItemsOfEqualScoreTogether) {
  const std::vector<double> each(kScores.size(), 1);
  const auto curve = Ranking(kScores, kPositive).curve(each, 0.7);
  EXPECT_NEAR(curve.average_precision, (1 + 2.0 / 3 + 2 * 4.0 / 7 + 0.5) / 5, 1e-15);
  EXPECT_NEAR(curve.precision, 4.0 / 7, 1e-15);
}

// What sklearn 1.2.1's average_precision_score gives, also with sample_weight.
TEST(Ranking, AgreesWithScikitLearn) {
  const Ranking ranking(kScores, kPositive);
  const std::vector<double> each(kScores.size(), 1);
  const std::vector<double> weights = {1, 2, 0, 1, 3, 1, 1, 2, 1, 0};
  EXPECT_NEAR(ranking.curve(each, 0.5).average_precision, 0.6619047619047618, 1e-15);
  EXPECT_NEAR(ranking.curve(weights, 0.5).average_precision, 0.6203703703703703, 1e-15);
}

TEST(Ranking, ReachesTheWholeRecallAtTheLowestScore) {
  const double nothing = -std::numeric_limits<double>::infinity();
  const std::vector<double> scores = {2, nothing, nothing, nothing};
  const std::vector<uint8_t> positive = {1, 1, 0, 0};
  const std::vector<double> each(4, 1);
  EXPECT_DOUBLE_EQ(Ranking(scores, positive).curve(each, 0.5).precision, 1);
  EXPECT_DOUBLE_EQ(Ranking(scores, positive).curve(each, 0.7).precision, 0.5);
}

TEST(Ranking, SaysNothingWithoutPositives) {
  const std::vector<double> weights = {0, 1};
  const auto curve =
      Ranking(std::vector<double>{1, 2}, std::vector<uint8_t>{1, 0}).curve(weights, 0.7);
  EXPECT_TRUE(std::isnan(curve.average_precision));
  EXPECT_TRUE(std::isnan(curve.precision));
}

TEST(Ranking, RefusesScoresThatAreNoNumbers) {
  EXPECT_THROW(Ranking(std::vector<double>{kNaN}, std::vector<uint8_t>{1}), Error);
}

// A weight of 2 is an item given twice; the order in which items are given does not matter.
RC_GTEST_PROP(Ranking, WeightsAreRepeats, ()) {
  const auto count = static_cast<size_t>(*rc::gen::inRange(1, 30));
  std::vector<double> scores, weights, repeated;
  std::vector<uint8_t> positive, repeated_positive;
  for (size_t i = 0; i < count; ++i) {
    scores.push_back(*rc::gen::inRange(0, 6));
    positive.push_back(static_cast<uint8_t>(*rc::gen::inRange(0, 2)));
    weights.push_back(*rc::gen::inRange(0, 4));
  }
  for (size_t i = count; i-- > 0;) {
    repeated.insert(repeated.end(), static_cast<size_t>(weights[i]), scores[i]);
    repeated_positive.insert(repeated_positive.end(), static_cast<size_t>(weights[i]), positive[i]);
  }
  const std::vector<double> each(repeated.size(), 1);
  const auto weighted = Ranking(scores, positive).curve(weights, 0.7);
  const auto whole = Ranking(repeated, repeated_positive).curve(each, 0.7);
  RC_ASSERT(std::isnan(weighted.precision) == std::isnan(whole.precision));
  if (std::isnan(whole.precision)) return;
  // Sums of small whole numbers are exact.
  RC_ASSERT(weighted.average_precision == whole.average_precision);
  RC_ASSERT(weighted.precision == whole.precision);
}

// scipy.stats.spearmanr([1, 2, 2, 4, 5], [3, 1, 4, 4, 9])
TEST(RankCorrelation, SharesRanksAmongEqualValues) {
  const std::vector<double> a = {1, 2, 2, 4, 5}, b = {3, 1, 4, 4, 9};
  EXPECT_EQ(mean_ranks(a), (std::vector<double>{1, 2.5, 2.5, 4, 5}));
  EXPECT_NEAR(rank_correlation(a, b), 0.7631578947368421, 1e-15);
  EXPECT_TRUE(std::isnan(rank_correlation(a, std::vector<double>(5, 1))));
}

}  // namespace
}  // namespace grids::core
