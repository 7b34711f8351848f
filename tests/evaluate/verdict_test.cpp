#include "evaluate/verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace grids::core {
namespace {

using ::testing::ElementsAre;

/// A contrast of 100 cells whose tests came out so.
Contrast tested(double p, double p_below_half, int64_t cells = 100) {
  Contrast contrast;
  contrast.cells = cells;
  contrast.predicted = -0.5;
  contrast.slope = 0.75;
  contrast.low = 0.25;
  contrast.high = 1.25;
  contrast.detectable = 0.8;
  contrast.p = p;
  contrast.p_below_half = p_below_half;
  return contrast;
}

/// Alone in its run, so that q is p.
Verdict verdict_alone(Contrast contrast) {
  add_verdicts({&contrast, 1});
  return contrast.verdict;
}

TEST(Verdict, FollowsFromTwoTests) {
  EXPECT_EQ(verdict_alone(tested(0.05, 0.06)), Verdict::kBorneOut);
  EXPECT_EQ(verdict_alone(tested(0.05, 0.05)), Verdict::kOverstated);
  EXPECT_EQ(verdict_alone(tested(0.06, 0.05)), Verdict::kContradicted);
  EXPECT_EQ(verdict_alone(tested(0.06, 0.06)), Verdict::kUndecided);
}

TEST(Verdict, FewCellsOrNoSlopeAreNotJudged) {
  EXPECT_EQ(verdict_alone(tested(0.001, 0.9, 50)), Verdict::kBorneOut);
  EXPECT_EQ(verdict_alone(tested(0.001, 0.9, 49)), Verdict::kNotJudged);
  EXPECT_EQ(verdict_alone(tested(0.9, 0.001, 49)), Verdict::kNotJudged);
  auto without = tested(0.001, 0.9);
  without.slope = Contrast::kNone;
  EXPECT_EQ(verdict_alone(without), Verdict::kNotJudged);
  EXPECT_EQ(verdict_alone(tested(0.001, Contrast::kNone)), Verdict::kNotJudged);
  EXPECT_EQ(verdict_alone({}), Verdict::kNotJudged);
}

TEST(Verdict, QCountsTheSetsThatHaveAP) {
  std::vector<Contrast> sets = {tested(0.02, 0.3), {}, tested(0.5, 0.02)};
  add_verdicts(sets);
  EXPECT_DOUBLE_EQ(sets[0].q, 0.04);
  EXPECT_DOUBLE_EQ(sets[0].q_below_half, 0.3);
  EXPECT_TRUE(std::isnan(sets[1].q));
  EXPECT_DOUBLE_EQ(sets[2].q, 0.5);
  EXPECT_DOUBLE_EQ(sets[2].q_below_half, 0.04);
}

TEST(Verdict, MoreSetsMakeNeitherPraiseNorBlameCheaper) {
  // Beside nine that say nothing, none of the two is called; the uncorrected half still overstates.
  std::vector<Contrast> sets(9, tested(0.5, 0.5));
  sets.push_back(tested(0.04, 0.5));
  sets.push_back(tested(0.5, 0.04));
  sets.push_back(tested(1e-6, 0.04));
  add_verdicts(sets);
  EXPECT_EQ(sets[9].verdict, Verdict::kUndecided);
  EXPECT_EQ(sets[10].verdict, Verdict::kUndecided);
  EXPECT_EQ(sets[11].verdict, Verdict::kOverstated);
  // A part of the run is judged anew: q of what is left.
  std::vector<Contrast> part = {sets[9], sets[10]};
  add_verdicts(part);
  EXPECT_EQ(part[0].verdict, Verdict::kUndecided);  // 0.04 × 2
  part = {sets[10]};
  add_verdicts(part);
  EXPECT_EQ(part[0].verdict, Verdict::kContradicted);
}

TEST(Verdict, RemarksSayHowAndWhy) {
  auto set = tested(0.01, 0.9);
  set.verdict = Verdict::kBorneOut;
  EXPECT_EQ(verdict_remark(set), "");
  set.low = 1.01;
  EXPECT_EQ(verdict_remark(set), "larger than predicted");
  set.verdict = Verdict::kContradicted;
  EXPECT_EQ(verdict_remark(set), "");
  set.high = -0.01;
  EXPECT_EQ(verdict_remark(set), "opposite");
  set.verdict = Verdict::kUndecided;
  EXPECT_EQ(verdict_remark(set), "these cells could have shown a slope of 0.8");
  set.verdict = Verdict::kNotJudged;
  set.cells = 49;
  EXPECT_EQ(verdict_remark(set), "49 of the 50 test cells that it takes");
  set.slope = Contrast::kNone;
  set.note = "only 12 cells";
  EXPECT_EQ(verdict_remark(set), "only 12 cells");
}

TEST(Verdict, SetsStandByVerdictThenByWhatIsAssured) {
  // Slope × change of each: the end nearer to none counts, not the larger estimate.
  auto sure = tested(0.001, 0.9), large = tested(0.001, 0.9), opposite = tested(0.9, 0.001);
  sure.low = 0.9;
  sure.high = 1.1;
  large.slope = 3;
  large.low = 0.1;
  large.high = 6;
  opposite.predicted = -5;
  std::vector<Contrast> sets = {opposite, {}, large, tested(0.9, 0.9), sure, tested(0.001, 0.001)};
  add_verdicts(sets);
  const std::vector<ChangeDirection> down(sets.size(), ChangeDirection::kDown);
  EXPECT_THAT(order_of_standing(sets, down), ElementsAre(4, 2, 5, 3, 1, 0));
  EXPECT_NEAR(assured_change(sure, ChangeDirection::kDown), 0.45, 1e-12);
  // Asked to go up, what goes down assures nothing, the least the least.
  EXPECT_NEAR(assured_change(sure, ChangeDirection::kUp), -0.55, 1e-12);
  EXPECT_THAT(count_verdicts(sets),
              "2 borne out, 1 overstated, 1 undecided, 1 not judged, "
              "1 contradicted");
}

}  // namespace
}  // namespace grids::core
