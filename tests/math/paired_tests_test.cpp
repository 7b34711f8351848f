#include "math/paired_tests.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace grids::core {
namespace {

const std::vector<double> kNine = {1.83, 0.5, -0.2, 0.95, -1.1, 2.4, 0.7, 0.05, -0.4};

std::vector<double> negated(std::vector<double> values) {
  for (double& value : values) value = -value;
  return values;
}

// References: scipy 1.10.1, ttest_1samp(alternative='greater'). 1e-12: the mean's rounding.
TEST(PairedTTest, GivesTheNumbersOfScipy) {
  const auto test = paired_t_test(kNine);
  EXPECT_EQ(test.pairs, 9);
  EXPECT_NEAR(test.statistic, 1.4334797821601446, 1e-12);
  EXPECT_NEAR(test.p, 0.09481160072762373, 1e-12);
  EXPECT_NEAR(paired_t_test(negated(kNine)).p, 0.9051883992723763, 1e-12);
}

TEST(PairedTTest, SaysNothingOfNothing) {
  EXPECT_TRUE(std::isnan(paired_t_test({}).p));
  EXPECT_TRUE(std::isnan(paired_t_test(std::vector<double>{2}).p));
  EXPECT_TRUE(std::isnan(paired_t_test(std::vector<double>{0, 0, 0}).p));
  EXPECT_EQ(paired_t_test(std::vector<double>{1, 1, 1}).p, 0);
  EXPECT_EQ(paired_t_test(std::vector<double>{-1, -1, -1}).p, 1);
}

// References: scipy 1.10.1, wilcoxon(alternative='greater', mode='exact'); probabilities are sums
// of powers of two.
TEST(SignedRank, GivesTheNumbersOfScipyWithoutTies) {
  const auto test = signed_rank_test(kNine);
  EXPECT_EQ(test.statistic, 33);
  EXPECT_EQ(test.p, 0.125);
  EXPECT_EQ(signed_rank_test(negated(kNine)).p, 0.8984375);
}

std::vector<double> alternating(int n, bool ties) {
  std::vector<double> values;
  for (int i = 1; i <= n; ++i) {
    values.push_back(((i * 7) % 5 < 2 ? -1 : 1) * ((ties ? i / 3 : i) + 0.25));
  }
  return values;
}

TEST(SignedRank, GivesTheNumbersOfScipyForMany) {
  const auto forty = signed_rank_test(alternating(40, false));  // still exact
  EXPECT_EQ(forty.statistic, 476);
  EXPECT_NEAR(forty.p, 0.1913224306754273, 1e-12);
  const auto sixty = signed_rank_test(alternating(60, false));  // mode='approx', no correction
  EXPECT_EQ(sixty.statistic, 1074);
  EXPECT_NEAR(sixty.p, 0.12090093724066497, 1e-12);
  const auto tied = signed_rank_test(alternating(60, true));
  EXPECT_EQ(tied.statistic, 1075);
  EXPECT_NEAR(tied.p, 0.11936565736491545, 1e-12);
}

/// By trying all signs.
double enumerated(const std::vector<double>& ranks, double sum) {
  int64_t reached = 0;
  for (uint32_t signs = 0; signs < 1u << ranks.size(); ++signs) {
    double total = 0;
    for (size_t i = 0; i < ranks.size(); ++i) total += (signs >> i & 1u) != 0 ? ranks[i] : 0;
    reached += total >= sum ? 1 : 0;
  }
  return static_cast<double>(reached) / static_cast<double>(1u << ranks.size());
}

TEST(SignedRank, IsExactWithTiesAndLeavesZerosOut) {
  const std::vector<double> values = {1, 1, -1, 2, 2, 3, -2, 0, 4, 0, 5};
  const auto test = signed_rank_test(values);
  EXPECT_EQ(test.pairs, 9);
  const std::vector<double> ranks = {2, 2, 2, 5, 5, 7, 5, 8, 9};
  EXPECT_EQ(test.statistic, 2 + 2 + 5 + 5 + 7 + 8 + 9);
  EXPECT_EQ(test.p, enumerated(ranks, test.statistic));
}

}  // namespace
}  // namespace grids::core
