#include "view/what_if.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "evaluate/changes.hpp"
#include "explain/explain_stage.hpp"
#include "search/coordinate_descent.hpp"
#include "view/small_view.hpp"
#include "view/view_search.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;
using testing::SmallView;

/// Training and validation cells of a type (or all), ascending.
std::vector<int32_t> seen_cells(const Study& study, std::optional<int32_t> type) {
  std::vector<int32_t> cells;
  for (int32_t cell = 0; cell < study.cells.size(); ++cell) {
    const bool own = !type || study.cells.type.codes[at(cell)] == *type;
    if (own && study.cells.split[at(cell)] != Split::kTest) cells.push_back(cell);
  }
  return cells;
}

/// Predictions, cells × genes, by a model that is made for these cells and switches alone; asked
/// for `gene`.
std::vector<float> plainly(SmallView& view, std::span<const int32_t> cells, int32_t gene,
                           std::span<const int32_t> genes, const PeakSwitches& switches) {
  auto replacement = replace_by(view.study.peaks.size(), 0);
  auto subset = switches.close;
  for (const int32_t peak : switches.open) {
    replacement[at(peak)] = 1;
    subset.push_back(peak);
  }
  std::sort(subset.begin(), subset.end());
  const auto model =
      view.surrogate().asked_for({&gene, 1}).model(view.study, cells, replacement, view.pool);
  const auto state = model->begin(subset, indices_below(std::ssize(cells)), genes);
  std::vector<float> values(state->outputs().begin(), state->outputs().end());
  for (float& value : values) value = std::max(value, 0.0f);
  return values;
}

std::vector<float> plainly(SmallView& view, std::span<const int32_t> cells, int32_t gene,
                           const PeakSwitches& switches) {
  return plainly(view, cells, gene, {&gene, 1}, switches);
}

/// Σ over the cells of each gene's rate.
std::vector<double> summed(const std::vector<float>& predictions, size_t genes) {
  std::vector<double> sums(genes, 0.0);
  for (size_t i = 0; i < predictions.size(); ++i) {
    sums[i % genes] += std::expm1(double{predictions[i]});
  }
  return sums;
}

const PeakSwitches kSwitches[] = {{{2, 3, 30}, {}}, {{}, {5, 41}}, {{7, 1}, {4, 60}}, {{}, {}}};

TEST(WhatIf, ATypesChangeIsThatOfAModelMadeForItsCellsToTheLastBit) {
  SmallView view;
  WhatIf what_if(view.study, view.surrogate(), view.pool);
  const int32_t gene = view.gene();
  for (const auto& switches : kSwitches) {
    const auto answer = what_if.change({gene, 1}, switches);
    ASSERT_EQ(answer.types.size(), 2u);
    for (int32_t type = 0; type < 2; ++type) {
      const auto cells = seen_cells(view.study, type);
      const auto before = plainly(view, cells, gene, {}),
                 after = plainly(view, cells, gene, switches);
      const auto& told = answer.types[at(type)];
      EXPECT_EQ(told.cells, std::ssize(cells));
      EXPECT_EQ(told.rate_change, predicted_change(before, after).rate_change);
      double sum = 0;
      for (const float value : after) sum += std::expm1(double{value});
      EXPECT_EQ(told.after, sum / static_cast<double>(cells.size()));
    }
  }
}

TEST(WhatIf, NothingSwitchedChangesNothing) {
  SmallView view;
  WhatIf what_if(view.study, view.surrogate(), view.pool);
  const auto answer = what_if.change({view.gene(), std::nullopt}, {});
  ASSERT_EQ(answer.types.size(), 3u);  // all, then each
  EXPECT_EQ(answer.types[0].cell_type, "all");
  for (const auto& type : answer.types) {
    EXPECT_EQ(type.before, type.after);
    EXPECT_EQ(type.rate_change, 0);
  }
  EXPECT_TRUE(answer.others.empty());
}

TEST(WhatIf, OtherGenesChangeAsTheirMeanRatesDo) {
  SmallView view;
  WhatIf what_if(view.study, view.surrogate(), view.pool);
  const int32_t gene = view.gene();
  const auto cells = seen_cells(view.study, 0);
  for (const auto& switches : kSwitches) {
    const auto answer = what_if.change({gene, 0}, switches);
    const auto genes = indices_below(view.study.genes.size());
    const auto before = summed(plainly(view, cells, gene, genes, {}), genes.size());
    const auto after = summed(plainly(view, cells, gene, genes, switches), genes.size());
    double last = std::numeric_limits<double>::infinity();
    for (const auto& other : answer.others) {
      EXPECT_NE(other.gene, gene);
      // Sums of 60 cells in another order.
      EXPECT_NEAR(other.rate_change, after[at(other.gene)] / before[at(other.gene)] - 1, 1e-12);
      EXPECT_LE(std::abs(other.rate_change), last);
      last = std::abs(other.rate_change);
    }
    EXPECT_EQ(answer.others.empty(), switches.close.empty() && switches.open.empty());
  }
}

TEST(WhatIf, APeakAloneChangesWhatItsSwitchDoes) {
  SmallView view;
  WhatIf what_if(view.study, view.surrogate(), view.pool);
  const ViewTarget target{0, 1};
  const auto answer = what_if.gene(target);
  ASSERT_EQ(answer.peaks.size(), 23u);  // all of chr1 lie within reach of gene 0
  for (const auto& peak : answer.peaks) {
    EXPECT_TRUE(peak.in_cis);
    const auto alone = what_if.change(target, {{peak.peak}, {}});
    EXPECT_EQ(peak.change_alone, alone.types[1].rate_change);
    EXPECT_EQ(peak.change_alone, what_if.rate_change(target, {&peak.peak, 1}));
  }
}

TEST(WhatIf, OpennessIsTheShareOfTheTypesTrainingCells) {
  SmallView view;
  WhatIf what_if(view.study, view.surrogate(), view.pool);
  const auto answer = what_if.gene({0, 1});
  for (const auto& peak : answer.peaks) {
    for (int32_t type = 0; type < 2; ++type) {
      const auto cells = view.study.cells_of(Split::kTrain, type);
      const auto open = std::count_if(cells.begin(), cells.end(), [&](int32_t cell) {
        return view.study.open.contains(cell, peak.peak);
      });
      EXPECT_DOUBLE_EQ(peak.openness[at(type)],
                       static_cast<double>(open) / static_cast<double>(cells.size()));
    }
  }
}

TEST(WhatIf, ReadsNoTestCell) {
  SmallView view, changed;
  const auto other =
      testing::random_open(view.study.cells.size(), view.study.peaks.size(), 0.4, 99);
  CsrPattern open;
  open.columns = view.study.open.columns;
  open.rows = view.study.open.rows;
  for (int32_t cell = 0; cell < view.study.cells.size(); ++cell) {
    const bool test = view.study.cells.split[at(cell)] == Split::kTest;
    const auto row = test ? other.row(cell) : view.study.open.row(cell);
    open.indices.insert(open.indices.end(), row.begin(), row.end());
    open.offsets.push_back(open.nonzeros());
  }
  changed.study.open = open;
  WhatIf a(view.study, view.surrogate(), view.pool);
  WhatIf b(changed.study, changed.surrogate(), changed.pool);
  const int32_t gene = view.gene();
  for (const auto& switches : kSwitches) {
    const auto x = a.change({gene, 0}, switches), y = b.change({gene, 0}, switches);
    for (size_t i = 0; i < x.types.size(); ++i) EXPECT_EQ(x.types[i].after, y.types[i].after);
    ASSERT_EQ(x.others.size(), y.others.size());
    for (size_t i = 0; i < x.others.size(); ++i) {
      EXPECT_EQ(x.others[i].gene, y.others[i].gene);
      EXPECT_EQ(x.others[i].rate_change, y.others[i].rate_change);
    }
  }
  const auto x = a.gene({0, 0}), y = b.gene({0, 0});
  for (size_t i = 0; i < x.peaks.size(); ++i) {
    EXPECT_EQ(x.peaks[i].change_alone, y.peaks[i].change_alone);
    EXPECT_EQ(x.peaks[i].openness, y.peaks[i].openness);
  }
}

TEST(WhatIf, AnswersDependNeitherOnThreadsNorOnWhatWasAskedBefore) {
  SmallView one(1), three(3);
  WhatIf a(one.study, one.surrogate(), one.pool);
  WhatIf b(three.study, three.surrogate(), three.pool);
  // Other genes first, more than are kept.
  for (int32_t gene = 0; gene < 6; ++gene) b.change({gene, 1}, kSwitches[0]);
  const int32_t gene = one.gene();
  const auto x = a.change({gene, 0}, kSwitches[2]), y = b.change({gene, 0}, kSwitches[2]);
  for (size_t i = 0; i < x.types.size(); ++i) EXPECT_EQ(x.types[i].after, y.types[i].after);
  ASSERT_EQ(x.others.size(), y.others.size());
  for (size_t i = 0; i < x.others.size(); ++i) {
    EXPECT_EQ(x.others[i].rate_change, y.others[i].rate_change);
  }
}

TEST(WhatIf, APeakIsNotClosedAndOpenAtOnce) {
  SmallView view;
  WhatIf what_if(view.study, view.surrogate(), view.pool);
  try {
    what_if.change({0, 0}, {{3, 4}, {4}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr(view.study.peaks.names[4]));
  }
}

/// Waits for the end.
ViewSearchState finished(const ViewSearch& search, int64_t id) {
  for (;;) {
    const auto state = search.state(id);
    if (state->done) return *state;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

TEST(ViewSearch, FindsWhatExplainFinds) {
  SmallView view;
  WhatIf what_if(view.study, view.surrogate(), view.pool);
  QuickFirst quick;
  ViewSearch search(what_if, quick, view.study, view.context);
  const int32_t gene = view.gene();
  for (const bool cis : {true, false}) {
    for (const auto direction : {Direction::kDown, Direction::kUp}) {
      ViewSearchQuestion question{{cis ? 0 : gene, 1}, 4, cis, direction};
      const auto id = search.start(question);
      ASSERT_TRUE(id);
      const auto state = finished(search, *id);
      EXPECT_EQ(state.error, "");
      ExplainStageOptions options;
      options.domain = cis ? SearchDomain::kCis : SearchDomain::kAll;
      options.loss.direction = direction;
      options.force = true;
      const auto result =
          explain(view.study, view.surrogate(), {question.target.sized(4)}, options, view.context);
      ASSERT_EQ(result.explained.size(), 1u);
      EXPECT_EQ(state.peaks, result.explained[0].explanation.subset);
      EXPECT_EQ(state.rate_change, what_if.rate_change(question.target, state.peaks));
      ASSERT_FALSE(state.steps.empty());
      auto last = state.peaks;
      std::sort(last.begin(), last.end());
      EXPECT_EQ(state.steps.back().peaks, last);
      EXPECT_EQ(state.steps.back().rate_change, state.rate_change);
    }
  }
}

TEST(ViewSearch, OneAtATimeAndToBeStopped) {
  SmallView view;
  WhatIf what_if(view.study, view.surrogate(), view.pool);
  QuickFirst quick;
  ViewSearch search(what_if, quick, view.study, view.context);
  const ViewSearchQuestion question{{view.gene(), std::nullopt}, 8, false, Direction::kDown};
  int64_t id = 0;
  {
    const QuickFirst::Question waits(quick);  // the search stands at its first step
    id = search.start(question).value();
    EXPECT_FALSE(search.start(question));
    EXPECT_FALSE(search.stop(id + 1));
    EXPECT_TRUE(search.stop(id));
  }
  const auto state = finished(search, id);
  EXPECT_EQ(state.error, "stopped");
  EXPECT_TRUE(state.peaks.empty());
  EXPECT_FALSE(search.state(id + 1));
  const auto next = search.start(question);
  ASSERT_TRUE(next);
  EXPECT_EQ(finished(search, *next).error, "");
  EXPECT_FALSE(search.state(id));
}

TEST(ViewSearch, WhatCannotBeSearchedIsToldAtOnce) {
  SmallView view;
  WhatIf what_if(view.study, view.surrogate(), view.pool);
  QuickFirst quick;
  ViewSearch search(what_if, quick, view.study, view.context);
  // Gene 2 lies 600 kb from the last peak of chr1.
  EXPECT_THROW(search.start({{2, 1}, 3, true, Direction::kDown}), Error);
  EXPECT_FALSE(search.state(1));
}

}  // namespace
}  // namespace grids::core
