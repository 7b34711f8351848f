#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "explain/explain_stage.hpp"
#include "explain/small_study.hpp"
#include "study/chromatin.hpp"
#include "support/unpaired.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;
using testing::random_surrogate;
using testing::small_shape;

/// Cells with chromatin, once with their own RNA and once beside other cells with RNA.
struct SameChromatin {
  explicit SameChromatin(int threads = 2) : pool(threads), context{7, pool, reporter} {
    const Study whole = testing::small_study();
    std::vector<int32_t> even, odd;
    for (int32_t cell = 0; cell < whole.cells.size(); ++cell) {
      (cell % 2 == 0 ? even : odd).push_back(cell);
    }
    paired = test::cells_at(whole, even);
    cells = chromatin_of(test::halves_at(whole, even, odd));
    options.methods.edit<SearchOptions>().candidates = 8;
    options.min_test_cells = options.min_expressing_cells = 5;
  }

  ExplainResult sets_of(const Study& study) const {
    return explain(study, surrogate, {{1, 7, 4}, {0, 7, 3}, {{}, 7, 4}}, options, context);
  }

  std::string refused() const {
    try {
      require_explainable(cells, surrogate, options);
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
  }

  mutable ThreadPool pool;
  mutable Reporter reporter;
  Context context;
  Study paired, cells;
  FoldedSurrogate surrogate{random_surrogate(small_shape(), 4)};
  ExplainStageOptions options;
};

/// The law of the whole: where no expression is read, that it was measured in other cells changes
/// nothing.
TEST(ExplainUnpaired, SetsAreThoseOfTheSameCellsWithTheirRna) {
  SameChromatin of;
  for (const char* method : {"grids", "greedy", "nearest", "random"}) {
    of.options.method = method;
    const auto with = of.sets_of(of.paired), without = of.sets_of(of.cells);
    ASSERT_EQ(with.explained.size(), without.explained.size()) << method;
    ASSERT_EQ(with.explained.size(), 3u) << method;
    for (size_t i = 0; i < with.explained.size(); ++i) {
      const auto &a = with.explained[i], &b = without.explained[i];
      EXPECT_EQ(a.target, b.target);
      EXPECT_EQ(a.explanation.subset, b.explanation.subset) << method;
      EXPECT_EQ(a.explanation.objective, b.explanation.objective);
      EXPECT_EQ(a.before, b.before);
      EXPECT_EQ(a.after, b.after);
      EXPECT_EQ(a.off_target.mean_change, b.off_target.mean_change);
      EXPECT_EQ(b.domain, method == std::string("grids") ? SearchDomain::kAll : a.domain);
    }
  }
}

TEST(ExplainUnpaired, ObservedReferenceIsTheTypesMean) {
  SameChromatin of;
  of.options.loss.kind = LossKind::kEq11;
  of.options.loss.reference = LossReference::kObserved;
  const auto by_means = of.sets_of(of.cells);
  ASSERT_FALSE(by_means.explained.empty());
  // The same where each paired cell is given the mean of the cells with RNA.
  Study given = of.paired;
  given.paired = false;
  given.expression_of_types = of.cells.expression_of_types;
  given.expression.values.assign(given.expression.values.size(), 9);  // nobody looks
  const auto again = of.sets_of(given);
  ASSERT_EQ(again.explained.size(), by_means.explained.size());
  for (size_t i = 0; i < again.explained.size(); ++i) {
    EXPECT_EQ(again.explained[i].explanation.objective,
              by_means.explained[i].explanation.objective);
  }
  const auto own = of.sets_of(of.paired);
  EXPECT_NE(own.explained[0].explanation.objective, by_means.explained[0].explanation.objective);
}

TEST(ExplainUnpaired, GenesThatFewCellsWithRnaExpressAreLeftOut) {
  SameChromatin of;
  of.options.min_expressing_cells = 1;
  const auto result = explain(of.cells, of.surrogate, {{1, 1, 3}}, of.options, of.context);
  ASSERT_EQ(result.skipped.size(), 1u);  // g1 is expressed nowhere
  EXPECT_THAT(result.skipped[0].reason, HasSubstr("test cells with RNA express the gene"));
}

TEST(ExplainUnpaired, WhatReadsExpressionOfTheSameCellsIsRefused) {
  SameChromatin of;
  for (const char* method : {"links", "lasso", "susie"}) {
    of.options.method = method;
    EXPECT_THAT(of.refused(), HasSubstr(kNeedsPairs)) << method;
    EXPECT_THAT(of.refused(), HasSubstr("--method grids"));
  }
  of.options.method = "grids";
  of.options.domain = SearchDomain::kCis;
  EXPECT_THAT(of.refused(), HasSubstr("--domain cis"));
  EXPECT_THAT(of.refused(), HasSubstr("leave out --domain"));
  for (const auto domain : {SearchDomain::kAuto, SearchDomain::kAll, SearchDomain::kDistal}) {
    of.options.domain = domain;
    EXPECT_EQ(of.refused(), "");
  }
}

}  // namespace
}  // namespace grids::core
