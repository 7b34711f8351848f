#include "simulate/hidden_share.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <string>

namespace grids::core {
namespace {

using ::testing::ElementsAre;

GeneTruth set_of(Regulation kind, int causes, double effect, double buffering = 0) {
  GeneTruth gene;
  gene.gene = "G";
  gene.kind = kind;
  gene.effect = effect;
  gene.buffering = buffering;
  gene.types = {"a"};
  gene.base_rate = {1};
  for (int i = 1; i <= causes; ++i) gene.peaks.push_back("p" + std::to_string(i));
  return gene;
}

TEST(HiddenShare, IsWhatEachKindIsMadeFor) {
  for (const double effect : {-std::log(2.5), std::log(4.0)}) {  // activators, repressors
    for (const int causes : {2, 3}) {
      const auto either = hidden_share(set_of(Regulation::kEither, causes, effect));
      EXPECT_EQ(either.linear, 1);
      EXPECT_EQ(either.log, 1);
      const auto together = hidden_share(set_of(Regulation::kTogether, causes, effect));
      EXPECT_EQ(together.linear, 1 - causes);
      EXPECT_EQ(together.log, 1 - causes);
      const double added = hidden_share(set_of(Regulation::kAdditive, causes, effect)).linear;
      EXPECT_EQ(added, 0);
      EXPECT_FALSE(std::signbit(added)) << "-0 in a table";
      EXPECT_EQ(hidden_share(set_of(Regulation::kMultiplicative, causes, effect)).log, 0);
    }
    const auto quorum = hidden_share(set_of(Regulation::kQuorum, 3, effect));
    EXPECT_EQ(quorum.linear, 1);
    EXPECT_EQ(quorum.log, 1);
  }
  EXPECT_TRUE(std::isnan(hidden_share(set_of(Regulation::kSingle, 1, -1)).linear));
}

// Worked by hand: additive activators of 2.5-fold lose log(2.5 / 1.75) each of log 2.5.
TEST(HiddenShare, OfTheOtherScaleLiesToTheSideThatTheSignSays) {
  const auto raises = hidden_share(set_of(Regulation::kAdditive, 2, -std::log(2.5)));
  EXPECT_NEAR(raises.log, 1 - 2 * std::log(2.5 / 1.75) / std::log(2.5), 1e-9);
  EXPECT_GT(raises.log, 0.2);
  EXPECT_LT(hidden_share(set_of(Regulation::kAdditive, 2, std::log(4.0))).log, -0.2);
  EXPECT_LT(hidden_share(set_of(Regulation::kMultiplicative, 2, -std::log(4.0))).linear, -0.2);
  EXPECT_GT(hidden_share(set_of(Regulation::kMultiplicative, 2, std::log(4.0))).linear, 0.2);
}

RC_GTEST_PROP(HiddenShare, OfABufferedSetIsTheOneThatWasChosen, ()) {
  const double chosen = 0.01 * *rc::gen::inRange(0, 101);
  const int causes = *rc::gen::inRange(2, 5);
  const double size = 0.01 * *rc::gen::inRange(20, 300);
  const double effect = *rc::gen::arbitrary<bool>() ? size : -size;
  // Rounded to 1e-9.
  RC_ASSERT(std::abs(hidden_share(set_of(Regulation::kBuffered, causes, effect, chosen)).linear -
                     chosen) < 2e-9);
}

TEST(Quorum, IsFullFromTwoOfThree) {
  const double effect = -std::log(3.0);
  EXPECT_EQ(cis_factor(Regulation::kQuorum, 3, 0, effect), 1);
  EXPECT_EQ(cis_factor(Regulation::kQuorum, 3, 1, effect), 1);
  EXPECT_NEAR(cis_factor(Regulation::kQuorum, 3, 2, effect), 3, 1e-12);
  EXPECT_EQ(cis_factor(Regulation::kQuorum, 3, 3, effect),
            cis_factor(Regulation::kQuorum, 3, 2, effect));
}

TEST(TruthSettings, HaveARowForEverySettingOfTwoOrMoreCauses) {
  Truth truth;
  truth.types = {"a"};
  truth.genes = {set_of(Regulation::kSingle, 1, -1), set_of(Regulation::kAdditive, 2, std::log(2)),
                 set_of(Regulation::kQuorum, 3, -1)};
  const auto table = truth_settings_table(truth);
  ASSERT_EQ(table.rows(), 4u + 8u);
  EXPECT_THAT(table.row(0), ElementsAre("G", "", "0", "1", "0"));
  EXPECT_THAT(table.row(1), ElementsAre("G", "p1", "1", "0.75", "-0.2876821"));
  EXPECT_EQ(table.text(2, "open"), "p2");
  EXPECT_THAT(table.row(3), ElementsAre("G", "p1;p2", "2", "0.5", "-0.6931472"));
  for (size_t row = 4; row < table.rows(); ++row) {
    const bool full = table.number(row, "number_open") >= 2;
    EXPECT_NEAR(table.number(row, "log_rate"), full ? 1 : 0, 1e-6);  // floats in tables
  }
}

}  // namespace
}  // namespace grids::core
