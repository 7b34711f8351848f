// The methods that look at measured cells and not at the model, as the stage runs them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "explain/explain_stage.hpp"
#include "explain/small_study.hpp"
#include "explain/study_data.hpp"
#include "math/negative_binomial.hpp"
#include "math/penalised_regression.hpp"
#include "methods/planted_cells.hpp"
#include "support/formula_model.hpp"
#include "support/search_world.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;
using testing::random_surrogate;
using testing::small_shape;
using testing::small_study;

const std::vector<std::string> kMethods = {"nearest", "links", "lasso", "susie"};

struct Fixture {
  explicit Fixture(int threads = 2)
      : pool(threads), context{7, pool, reporter}, study(small_study()) {
    options.loss.kind = LossKind::kValue;
    options.force = true;
  }

  ExplainResult run(const std::string& method, int32_t gene, int64_t set_size) {
    options.method = method;
    return explain(study, surrogate, {{1, gene, set_size}}, options, context);
  }

  ThreadPool pool;
  Reporter reporter;
  Context context;
  Study study;
  FoldedSurrogate surrogate{random_surrogate(small_shape(), 4)};
  ExplainStageOptions options;
};

TEST(DataMethods, NearestAreTheNearestByBruteForce) {
  Fixture f;
  f.study.genes.start[0] = 4'700;  // between two peaks, both 200 bp away
  f.study.genes.end[0] = 9'000;
  std::vector<std::pair<int64_t, Feature>> order;
  for (Feature peak = 0; peak < f.study.peaks.size(); ++peak) {
    const auto distance = distance_to_tss(f.study, 0, peak);
    if (distance) order.emplace_back(std::abs(*distance), peak);
  }
  std::sort(order.begin(), order.end());
  const auto result = f.run("nearest", 0, 5);
  ASSERT_EQ(result.explained.size(), 1u);
  const auto& explanation = result.explained[0].explanation;
  ASSERT_EQ(explanation.subset.size(), 5u);
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(explanation.subset[i], order[i].second);
  // One evaluation a training cell, for the value of the set; none to choose it.
  EXPECT_EQ(explanation.evaluations, result.explained[0].train_cells);
}

TEST(DataMethods, GiveLFeaturesEachOnceWhateverTheWindowHolds) {
  for (const int64_t window : {1, 3000, 1'000'000}) {
    for (const auto& method : kMethods) {
      Fixture f;
      f.options.domain_window = window;
      const auto result = f.run(method, 0, 8);
      ASSERT_EQ(result.explained.size(), 1u) << method << " " << result.skipped[0].reason;
      const auto& subset = result.explained[0].explanation.subset;
      const std::set<Feature> distinct(subset.begin(), subset.end());
      EXPECT_EQ(distinct.size(), 8u) << method;
      if (window == 1) {
        // Peak 0 starts at the TSS: the others are filled up by nearness.
        EXPECT_EQ(subset, (std::vector<Feature>{0, 1, 2, 3, 4, 5, 6, 7})) << method;
      }
    }
  }
}

TEST(DataMethods, AreTheSameInAnyNumberOfThreads) {
  for (const auto& method : kMethods) {
    Fixture one(1), three(3);
    const auto a = one.run(method, 0, 6);
    const auto b = three.run(method, 0, 6);
    EXPECT_EQ(a.explained.at(0).explanation.subset, b.explained.at(0).explanation.subset) << method;
    EXPECT_EQ(a.explained.at(0).explanation.objective, b.explained.at(0).explanation.objective);
  }
}

TEST(DataMethods, WithoutAnyPositionTheRemedyIsNamed) {
  for (const auto& method : kMethods) {
    Fixture f;
    f.study.genes.chromosome.assign(f.study.genes.names.size(), "");
    try {
      f.run(method, 0, 3);
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      EXPECT_THAT(error.what(), HasSubstr("'" + method + "'"));
      EXPECT_THAT(error.what(), HasSubstr("--genes"));
    }
  }
}

TEST(DataMethods, AGeneWithoutPositionIsSkippedAndOthersAreNot) {
  Fixture f;
  f.study.genes.chromosome[0] = "";
  f.options.method = "nearest";
  const auto result = explain(f.study, f.surrogate, {{1, 0, 3}, {1, 2, 3}}, f.options, f.context);
  EXPECT_EQ(result.explained.size(), 1u);
  ASSERT_EQ(result.skipped.size(), 1u);
  EXPECT_THAT(result.skipped[0].reason, HasSubstr("--genes"));
}

TEST(DataMethods, TooFewPeaksOnTheChromosomeAreAReason) {
  Fixture f;
  const auto result = f.run("nearest", 0, f.study.peaks.chromosome_offsets[1] + 1);
  ASSERT_EQ(result.skipped.size(), 1u);
  EXPECT_THAT(result.skipped[0].reason, HasSubstr("on the gene's chromosome"));
}

TEST(DataMethods, WithoutMeasuredCellsTheySaySo) {
  Fixture f;
  Objective objective;
  for (const auto& method : kMethods) {
    const Explainer& explainer = find_explainer(method);
    EXPECT_TRUE(explainer.needs_data());
    try {
      explainer.explain(objective, {}, f.context);
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      EXPECT_THAT(error.what(), HasSubstr(method));
    }
  }
}

TEST(DataMethods, FeaturesOpenOrClosedInTooFewCellsAreLeftOut) {
  MeasuredCells measured;
  measured.log_exposure.assign(100, 0.0);
  measured.by_feature.columns = 100;
  for (const int64_t open : {9, 10, 90, 91}) {
    for (int32_t cell = 0; cell < open; ++cell) measured.by_feature.indices.push_back(cell);
    measured.by_feature.offsets.push_back(measured.by_feature.nonzeros());
    ++measured.by_feature.rows;
  }
  TargetData data;
  data.measured = &measured;
  data.distance.assign(4, 0);
  EXPECT_EQ(window_features(data, std::vector<Feature>{0, 1, 2, 3}), (std::vector<Feature>{1, 2}));
}

/// An objective over `features` features, for methods that only ask for a set's value.
struct AnyModel {
  explicit AnyModel(int32_t features)
      : model(features, [](const std::vector<double>& x) { return 2 + x[0]; }) {
    ObjectiveInput input;
    input.cells = indices_below(3);
    objective = make_objective(model, input, {});
  }
  testing::FormulaModel model;
  Objective objective;
};

TEST(DataMethods, StandingsGoByTierScoreSecondDistanceAndIndex) {
  AnyModel any(6);
  TargetData data;
  data.distance = {5, 4, 3, 2, 2, 9};
  const auto found =
      explanation_of(any.objective, data,
                     {{0, 1, 9, 9}, {1, 0, 1, 0}, {2, 0, 2, 1}, {3, 0, 2, 5}, {4, 0, 2, 5}}, 6);
  EXPECT_EQ(found.subset, (std::vector<Feature>{3, 4, 2, 1, 0, 5}));
}

TEST(DataMethods, TheLassoPutsWhatActsAgainstTheGoalLast) {
  const Fixture f;
  const auto planted = testing::planted_cells(800, 16, {0.9, -0.9}, 2);
  AnyModel any(16);
  ExplainerOptions options;
  options.data = &planted->data;
  options.set_size = 8;  // all of the target's chromosome
  const auto found = find_explainer("lasso").explain(any.objective, options, f.context);
  EXPECT_EQ(found.subset.front(), 0);
  EXPECT_EQ(found.subset.back(), 1);
}

TEST(DataMethods, TheLassoOrdersWhatIsNotChosenByWhenItEnters) {
  const Fixture f;
  const auto planted = testing::planted_cells(600, 80, {0.9}, 2);
  const auto& measured = planted->measured;
  AnyModel any(80);
  ExplainerOptions options;
  options.data = &planted->data;
  options.set_size = 40;  // all of the target's chromosome
  const auto found = find_explainer("lasso").explain(any.objective, options, f.context).subset;

  PenalisedRows rows;
  rows.counts = true;
  rows.response = planted->data.response;
  rows.offset = measured.log_exposure;
  rows.covariates = measured.covariates;
  for (Feature j = 0; j < 40; ++j) rows.features.push_back(measured.by_feature.row(j));
  CountRows covariates_only{rows.response, rows.offset, {}};
  for (const auto& column : rows.covariates) covariates_only.columns.emplace_back(column);
  rows.dispersion = fit_negative_binomial(covariates_only, {}).dispersion;
  const auto path = penalty_path(rows, {}, options.stream, f.context);
  // The first step at which a feature keeps the gene up.
  const auto entry = [&](Feature j) {
    size_t step = 0;
    while (step < path.penalty.size() && path.coefficients[step][at(j)] <= 0) ++step;
    return step;
  };
  std::vector<size_t> entries;
  for (const Feature j : found) {
    const double chosen = path.coefficients[path.chosen][at(j)];
    if (!(chosen < 0 || chosen > 0) && entry(j) < path.penalty.size()) entries.push_back(entry(j));
  }
  EXPECT_GE(entries.size(), 3u);
  EXPECT_TRUE(std::is_sorted(entries.begin(), entries.end()));
}

TEST(DataMethods, TheExposureOfCountsIsTheLogarithmOfACellsDepth) {
  Fixture f;
  f.study.counts = f.study.expression;
  for (size_t cell = 0; cell < f.study.cells.total_rna.size(); ++cell) {
    f.study.cells.total_rna[cell] = 500.0 + static_cast<double>(cell);
  }
  const auto measured = measured_cells(f.study);
  size_t i = 0;
  for (int32_t cell = 0; cell < f.study.cells.size(); ++cell) {
    if (f.study.cells.split[at(cell)] == Split::kTest) continue;
    EXPECT_EQ(measured.log_exposure[i++], std::log(f.study.cells.total_rna[at(cell)]));
  }
  EXPECT_EQ(i, measured.cells());
}

TEST(DataMethods, TheMeasuredCellsAreThoseNotTested) {
  Fixture f;
  const auto measured = measured_cells(f.study);
  const auto tested = f.study.cells_of(Split::kTest).size();
  EXPECT_EQ(measured.cells(), static_cast<size_t>(f.study.cells.size()) - tested);
  for (size_t a = 0; a < measured.covariates.size(); ++a) {
    for (size_t b = 0; b <= a; ++b) {
      double product = 0;
      for (size_t i = 0; i < measured.cells(); ++i) {
        product += measured.covariates[a][i] * measured.covariates[b][i];
      }
      // Rounding of some hundred terms.
      EXPECT_NEAR(product / static_cast<double>(measured.cells()), a == b ? 1 : 0, 1e-9);
    }
  }
}

/// Expression of gene 0 in the small study, made to follow two of its peaks in training and
/// validation cells alike: peak 9 raises it, peak 4 lowers it.
void plant(Study& study) {
  CsrMatrix planted;
  planted.pattern.rows = study.cells.size();
  planted.pattern.columns = study.genes.size();
  for (int64_t cell = 0; cell < study.cells.size(); ++cell) {
    const auto genes = study.expression.row_indices(cell);
    const auto values = study.expression.row_values(cell);
    float own = 1.0F;
    if (study.open.contains(cell, 9)) own += 1.5F;
    if (study.open.contains(cell, 4)) own -= 0.7F;
    own += 0.1F * static_cast<float>(cell % 7);
    planted.pattern.indices.push_back(0);
    planted.values.push_back(own);
    for (size_t i = 0; i < genes.size(); ++i) {
      if (genes[i] == 0) continue;
      planted.pattern.indices.push_back(genes[i]);
      planted.values.push_back(values[i]);
    }
    planted.pattern.offsets.push_back(planted.pattern.nonzeros());
  }
  study.expression = std::move(planted);
}

TEST(DataMethods, TheGoalDecidesWhichSignIsWanted) {
  struct Goal {
    Direction direction;
    Perturbation perturbation;
    Feature first;
  };
  const std::vector<Goal> goals = {{Direction::kDown, Perturbation::kClosed, 9},
                                   {Direction::kUp, Perturbation::kClosed, 4},
                                   {Direction::kUp, Perturbation::kOpen, 9},
                                   {Direction::kDown, Perturbation::kOpen, 4}};
  for (const auto& goal : goals) {
    for (const char* method : {"links", "lasso", "susie"}) {
      Fixture f;
      plant(f.study);
      f.options.loss.direction = goal.direction;
      f.options.perturbation = goal.perturbation;
      const auto result = f.run(method, 0, 3);
      ASSERT_EQ(result.explained.size(), 1u) << method << " " << result.skipped[0].reason;
      const auto& subset = result.explained[0].explanation.subset;
      EXPECT_EQ(subset[0], goal.first) << method;
      // What acts against the goal is not among the first three.
      const Feature against = goal.first == 9 ? 4 : 9;
      EXPECT_EQ(std::count(subset.begin(), subset.end(), against), 0) << method;
    }
  }
}

}  // namespace
}  // namespace grids::core
