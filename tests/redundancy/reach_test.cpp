#include "redundancy/reach.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "cis/simulated_study.hpp"
#include "math/statistics.hpp"
#include "redundancy/drawn_cells.hpp"
#include "support/test_size.hpp"

namespace grids::core {
namespace {

using testing::DrawnCells;

double share_shown(const ReachCase& given, double fold, int replicates) {
  int shown = 0;
  for (int i = 0; i < replicates; ++i) {
    const DrawnCells cells(given, 1, fold, static_cast<uint64_t>(i));
    shown += cells.score(given) > normal_upper_quantile(0.05) ? 1 : 0;
  }
  return static_cast<double>(shown) / replicates;
}

TEST(Reach, AFoldOfThatSizeIsShownFourTimesInFive) {
  constexpr int kReplicates = 400;
  for (const double capture : {1.0, 0.3}) {
    const ReachCase given{1500, 0.6, 0.5, 0.15, capture};
    const double fold = smallest_fold(given);
    // Of 400 draws at 0.8 the standard error is 0.02; information is taken at no effect.
    EXPECT_NEAR(share_shown(given, fold, kReplicates), 0.8, 0.07) << capture;
    EXPECT_LT(share_shown(given, std::sqrt(fold), kReplicates), 0.7) << capture;
  }
}

TEST(Reach, NoFoldIsShownWhereAClosedElementIsAsGoodAsOpen) {
  // Seen in a quarter of the cells at a capture of 0.25: open in all of them.
  EXPECT_TRUE(std::isnan(smallest_fold({2000, 1, 0.3, 0.25, 0.25})));
  EXPECT_TRUE(std::isnan(smallest_fold({2000, 0, 0.3, 0.25, 1})));
  EXPECT_TRUE(std::isnan(smallest_fold({2000, 1, 0.3, 0, 1})));
  EXPECT_GT(smallest_fold({2000, 1, 0.3, 0.1, 0.3}), smallest_fold({2000, 1, 0.3, 0.1, 1}));
}

TEST(Reach, APairIsCalledAsOftenAsSaid) {
  const int replicates = testing::sized(120, 40);
  for (const double capture : {1.0, 0.5}) {
    const ReachCase given{capture == 1 ? 700.0 : 1800.0, 1.5, 0.3, 0.3 * capture, capture};
    RandomStream random(3, Purpose::kRedundancy);
    const auto reach = reach_of_pair(given, 2.5, {}, {}, random);
    ASSERT_GT(reach.called, 0.3);
    ASSERT_LT(reach.called, 0.97);
    int called = 0;
    for (int i = 0; i < replicates; ++i) {
      called += DrawnCells(given, 2, 2.5, static_cast<uint64_t>(i)).is_called(capture) ? 1 : 0;
    }
    EXPECT_NEAR(static_cast<double>(called) / replicates, reach.called, 0.2) << capture;
  }
}

TEST(Reach, MoreCellsShowMoreAndTooFewNothing) {
  ReachCase given{500, 1, 0.3, 0.3, 1};
  double called = 0, share = 1.5;
  for (const double cells : {500.0, 2000.0, 8000.0}) {
    given.cells = cells;
    RandomStream random(3, Purpose::kRedundancy);
    const auto reach = reach_of_pair(given, 2, {}, {}, random);
    EXPECT_GE(reach.called, called);
    if (std::isfinite(reach.hidden_share)) {
      EXPECT_LT(reach.hidden_share, share);
      share = reach.hidden_share;
    }
    called = reach.called;
  }
  EXPECT_GT(called, 0.9);
  EXPECT_LT(share, 1);
  given.cells = 60;  // five with both open
  RandomStream random(3, Purpose::kRedundancy);
  EXPECT_TRUE(std::isnan(reach_of_pair(given, 2, {}, {}, random).called));
}

TEST(Reach, OfAStudyHasARowForEachTypeQuantileAndCapture) {
  auto options = simulate_preset("redundancy");
  options.cells = 1200;
  options.genes = 40;
  options.peaks = 1200;
  options.chromosomes = 3;
  options.types = 2;
  const TestContext test;
  const auto study = simulated_study(options, test.context).study;
  const auto rows = reach_of(study, {}, test.context);
  ASSERT_EQ(rows.size(), 3u * 3 * 2);  // all types together, and two
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    const auto type = study.cells.type.code_of(row.cell_type);
    EXPECT_EQ(row.cell_type == kAllTypes, !type.has_value());
    EXPECT_EQ(row.test.cells, static_cast<double>(study.cells_of(Split::kTest, type).size()));
    EXPECT_GT(row.cells, row.test.cells);
    EXPECT_EQ(row.test.capture, i % 2 == 0 ? 1 : 0.3);
    EXPECT_GT(row.test.open, 0.05);
    EXPECT_GE(row.test.dispersion, 0);
    // What is missed hides folds.
    if (i % 2 == 0 && std::isfinite(rows[i + 1].fold)) {
      EXPECT_LE(row.fold, rows[i + 1].fold);
    }
    if (i % 6 < 4) {  // a higher quantile follows
      EXPECT_LT(row.test.counts, rows[i + 2].test.counts);
    }
    if (std::isfinite(row.of_test.hidden_share)) {
      EXPECT_LT(row.of_cells.hidden_share, row.of_test.hidden_share);
    }
  }
  const TestContext alone(1);
  const auto again = reach_of(study, {}, alone.context);
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(std::isnan(rows[i].fold), std::isnan(again[i].fold));
    if (std::isfinite(rows[i].fold)) {
      EXPECT_EQ(rows[i].fold, again[i].fold);
    }
  }
}

}  // namespace
}  // namespace grids::core
