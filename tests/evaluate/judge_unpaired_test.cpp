#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
#include "base/recording_reporter.hpp"
#include "evaluate/count_maps.hpp"
#include "evaluate/explained.hpp"
#include "evaluate/judge_sets.hpp"
#include "explain/small_study.hpp"
#include "study/chromatin.hpp"
#include "support/unpaired.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::random_surrogate;
using testing::small_shape;

/// Sets found in cells with chromatin, judged with their RNA and without.
struct JudgedTwice {
  JudgedTwice() : pool(2), context{3, pool, reporter} {
    const Study whole = testing::small_study();
    std::vector<int32_t> most, rest;
    for (int32_t cell = 0; cell < whole.cells.size(); ++cell) {
      (cell % 4 != 0 ? most : rest).push_back(cell);
    }
    paired = test::cells_at(whole, most);
    cells = chromatin_of(test::halves_at(whole, most, rest));
    options.method = "random";
    options.force = true;
    judge.random_sets = 7;
    judge.similar_peaks = 20;
  }

  Explained found_in(const Study& study) {
    return explain_and_judge(study, surrogate, {{1, 7, 4}, {0, 7, 3}, {{}, 7, 4}}, options, judge,
                             context);
  }

  ThreadPool pool;
  Reporter plain;
  RecordingReporter reporter{plain};
  Context context;
  Study paired, cells;
  FoldedSurrogate surrogate{random_surrogate(small_shape(), 4)};
  ExplainStageOptions options;
  JudgeSetsOptions judge;
};

TEST(JudgeUnpaired, PredictedChangesAreThoseOfTheSameCellsAndNothingIsHeldAgainstThem) {
  JudgedTwice of;
  const auto with = of.found_in(of.paired), without = of.found_in(of.cells);
  ASSERT_EQ(without.judged.sets.size(), 3u);
  EXPECT_FALSE(without.judged.from_counts);
  for (size_t i = 0; i < 3; ++i) {
    const auto &a = with.judged.sets[i], &b = without.judged.sets[i];
    EXPECT_EQ(a.peaks, b.peaks);
    EXPECT_EQ(a.change.relative_change, b.change.relative_change);
    EXPECT_EQ(a.change.rate_change, b.change.rate_change);
    EXPECT_TRUE(std::isnan(b.change.change_cp100k));
    const auto& contrast = b.contrast;
    EXPECT_EQ(contrast.verdict, Verdict::kNotJudged);
    EXPECT_EQ(contrast.note, kNeedsPairs);
    EXPECT_TRUE(is_without_measured(contrast));
    EXPECT_FALSE(is_without_measured(a.contrast));
    EXPECT_EQ(contrast.cells, b.change.cells);
    EXPECT_GT(contrast.changed_cells, 0);
    EXPECT_TRUE(std::isfinite(contrast.predicted));
    for (const double number : {contrast.slope, contrast.low, contrast.high, contrast.p,
                                contrast.p_below_half, contrast.q, contrast.q_below_half}) {
      EXPECT_TRUE(std::isnan(number));
    }
    EXPECT_EQ(verdict_remark(contrast), kNeedsPairs);
    ASSERT_EQ(without.judged.random[i].changes.size(), 7u);
    EXPECT_EQ(without.judged.random[i].changes[2].relative_change,
              with.judged.random[i].changes[2].relative_change);
    EXPECT_TRUE(without.judged.random[i].contrasts.empty());
  }
  EXPECT_EQ(with.judged.by_type.size(), without.judged.by_type.size());
}

TEST(JudgeUnpaired, TablesHoldNoNumberThatWasNotComputed) {
  JudgedTwice of;
  const auto tables = explained_tables(of.cells, of.found_in(of.cells));
  const auto& contrasts = tables[4];
  ASSERT_EQ(contrasts.rows(), 3u);  // no random sets
  for (size_t row = 0; row < 3; ++row) {
    EXPECT_EQ(contrasts.text(row, "verdict"), "not_judged");
    EXPECT_EQ(contrasts.text(row, "note"), kNeedsPairs);
    EXPECT_EQ(contrasts.text(row, "slope"), "NA");
    EXPECT_EQ(tables[2].text(row, "verdict"), "not_judged");
    EXPECT_EQ(tables[2].text(row, "counts"), "no");
  }
}

TEST(JudgeUnpaired, IsToldOnceThatNothingIsConfirmed) {
  JudgedTwice of;
  auto told = told_of(of.cells, of.found_in(of.cells));
  add_verdicts(told);
  tell_explained(told, of.context);
  EXPECT_THAT(of.reporter.warnings(),
              ElementsAre(HasSubstr("chromatin and RNA were measured in different cells")));
  EXPECT_THAT(of.reporter.warnings()[0], HasSubstr("predicted change when masked"));
  EXPECT_THAT(of.reporter.warnings()[0], HasSubstr("no set is a confirmed finding"));
}

TEST(JudgeUnpaired, CountsAreNotKnown) {
  JudgedTwice of;
  const auto maps = fit_count_maps(of.cells, of.surrogate, {3, 5, 3}, of.context);
  ASSERT_EQ(maps.size(), 2u);
  EXPECT_FALSE(maps.at(3).from_counts);
  EXPECT_TRUE(std::isnan(maps.at(3).map(1.0)));
}

}  // namespace
}  // namespace grids::core
