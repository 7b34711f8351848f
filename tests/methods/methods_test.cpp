// Laws that every method keeps which sees an objective alone, and those of the methods that give
// each feature a score.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "base/indices.hpp"
#include "methods/cxplain.hpp"
#include "methods/explainer.hpp"
#include "methods/fimap.hpp"
#include "methods/lime.hpp"
#include "methods/planted_cells.hpp"
#include "methods/sage.hpp"
#include "methods/smoothgrad.hpp"
#include "search/coordinate_descent.hpp"
#include "support/formula_model.hpp"
#include "support/search_world.hpp"

namespace grids::core {
namespace {

using testing::FormulaModel;
using testing::SearchWorld;
using testing::value_objective;

constexpr int64_t kMembers = 4;

ExplainerOptions small_options(int64_t members = kMembers) {
  ExplainerOptions options;
  options.set_size = members;
  options.methods.edit<SearchOptions>().candidates = 6;
  options.methods.edit<SmoothGradOptions>().copies = 3;
  options.methods.edit<LimeOptions>().neighbours = 40;
  options.methods.edit<LimeOptions>().picks = 3;
  options.methods.edit<SageOptions>().permutations = 700;
  options.methods.edit<SageOptions>().batch = 64;
  options.methods.edit<CxplainOptions>().epochs = 2;
  options.methods.edit<FimapOptions>().steps = 20;
  options.methods.edit<FimapOptions>().rounds = 2;
  options.methods.edit<FimapOptions>().batch = 16;
  return options;
}

/// The least that every method does: for the searching ones a start or a round each and the ranks.
int64_t least_budget(const Objective& objective) {
  return objective.cell_count() * (2 + 2 * kMembers + kGradientEvaluations * kMembers);
}

RC_GTEST_PROP(Methods, ChooseWhatIsAllowedWithinTheBudgetAndByTheSeedAlone, ()) {
  const auto seed = *rc::gen::inRange<uint64_t>(0, 20);
  const SearchWorld world(seed);
  const SearchWorld threaded(seed, 2);
  std::vector<Feature> allowed;
  for (Feature j = 0; j < world.model.shape().features; j += 2) allowed.push_back(j);
  LossOptions loss;
  loss.kind = *rc::gen::element(LossKind::kRate, LossKind::kEq11, LossKind::kValue);
  Objective limited = world.objective(loss, allowed);
  const int64_t budget = least_budget(limited) + *rc::gen::inRange<int64_t>(0, 20'000);
  // What was spent before leaves the budget that it leaves, and is no part of what a method
  // reports.
  constexpr int64_t kSpent = 1000;
  limited.budget = kSpent + budget;
  // Half of its features lie on the target's chromosome: as many as the model has.
  const auto planted =
      testing::planted_cells(100, int64_t{2} * world.model.shape().features, {}, 1);
  ExplainerOptions options = small_options();
  options.data = &planted->data;
  for (const Explainer* method : explainers()) {
    limited.evaluations = kSpent;
    const auto found = method->explain(limited, options, world.context);
    RC_ASSERT(found.evaluations == limited.evaluations - kSpent);
    RC_ASSERT(found.evaluations <= budget);
    RC_ASSERT(found.subset.size() == static_cast<size_t>(kMembers));
    RC_ASSERT(std::set<Feature>(found.subset.begin(), found.subset.end()).size() ==
              static_cast<size_t>(kMembers));
    for (const Feature feature : found.subset) {
      RC_ASSERT(std::binary_search(allowed.begin(), allowed.end(), feature));
    }
    auto sorted = found.subset;
    std::sort(sorted.begin(), sorted.end());
    RC_ASSERT(found.objective == value(limited, *begin(limited, sorted)));

    Objective again = threaded.objective(loss, allowed);
    again.budget = budget;
    const auto same = method->explain(again, options, threaded.context);
    RC_ASSERT(same.subset == found.subset);
    RC_ASSERT(same.objective == found.objective);
    RC_ASSERT(same.evaluations == found.evaluations);
    RC_ASSERT(same.budget_spent == found.budget_spent);
  }
}

RC_GTEST_PROP(Methods, ThatScoreFeaturesCopeWithAnyBudgetThatPaysForTheValue, ()) {
  const SearchWorld world(*rc::gen::inRange<uint64_t>(0, 20));
  Objective objective = world.objective({});
  objective.budget = *rc::gen::inRange<int64_t>(objective.cell_count(), 8 * objective.cell_count());
  for (const char* name :
       {"knockout", "saliency", "smoothgrad", "lime", "lime-sp", "sage", "cxplain", "fimap"}) {
    objective.evaluations = 0;
    const auto found = find_explainer(name).explain(objective, small_options(), world.context);
    RC_ASSERT(objective.evaluations <= objective.budget);
    RC_ASSERT(found.subset.size() == static_cast<size_t>(kMembers));
  }
}

/// Σ a_j x_j over features that are open in all cells, far from the clamp.
FormulaModel linear_model(std::vector<double> coefficients) {
  const auto features = static_cast<int32_t>(coefficients.size());
  return {features, [coefficients](const std::vector<double>& x) {
            double sum = 50;
            for (size_t j = 0; j < x.size(); ++j) sum += coefficients[j] * x[j];
            return sum;
          }};
}

const std::vector<double> kCoefficients = {0.5, 3, -4, 1, 0, 2, -1, 0.25};

std::vector<Feature> chosen(const char* method, const MaskableModel& model, int64_t members) {
  ThreadPool pool(1);
  Reporter reporter;
  Objective objective = value_objective(model);
  return find_explainer(method)
      .explain(objective, small_options(members), Context{1, pool, reporter})
      .subset;
}

TEST(Knockout, OfALinearModelIsTheTopCoefficients) {
  EXPECT_EQ(chosen("knockout", linear_model(kCoefficients), 4), (std::vector<Feature>{1, 5, 3, 0}));
}

TEST(Saliency, OfALinearModelIsTheLargestCoefficientsOfEitherSign) {
  EXPECT_EQ(chosen("saliency", linear_model(kCoefficients), 4), (std::vector<Feature>{2, 1, 5, 3}));
}

TEST(Knockout, SeesNothingOfARedundantPair) {
  const auto subset = chosen("knockout", testing::redundant_pair(), 6);
  EXPECT_EQ(std::count(subset.begin(), subset.end(), 2), 0);
  EXPECT_EQ(std::count(subset.begin(), subset.end(), 5), 0);
}

TEST(Saliency, SeesNothingOfARedundantPair) {
  const auto subset = chosen("saliency", testing::redundant_pair(), 6);
  EXPECT_EQ(std::count(subset.begin(), subset.end(), 2), 0);
  EXPECT_EQ(std::count(subset.begin(), subset.end(), 5), 0);
}

TEST(Methods, TellWhatTheyRankBy) {
  const SearchWorld world(4, 2);
  for (const char* name : {"cxplain", "fimap", "lime", "sage", "saliency", "smoothgrad"}) {
    for (const int64_t networks : {1, 3}) {
      auto options = small_options();
      options.methods.edit<CxplainOptions>().networks = networks;
      Objective objective = world.objective({});
      const auto found = find_explainer(name).explain(objective, options, world.context);
      ASSERT_EQ(found.scores.size(), found.subset.size()) << name;
      // SAGE's values are changes of the objective: the lowest come first.
      const double sign = std::string(name) == "sage" ? -1 : 1;
      for (size_t i = 1; i < found.scores.size(); ++i) {
        EXPECT_GE(sign * found.scores[i - 1].score, sign * found.scores[i].score) << name;
      }
      const bool has_interval = sign < 0 || (std::string(name) == "cxplain" && networks > 1);
      for (const FeatureScore& score : found.scores) {
        EXPECT_EQ(std::isnan(score.low), !has_interval) << name;
        EXPECT_EQ(std::isnan(score.high), !has_interval) << name;
        if (!has_interval) continue;
        EXPECT_LE(score.low, score.score) << name;
        EXPECT_GE(score.high, score.score) << name;
        EXPECT_LT(score.low, score.high) << name;
      }
    }
  }
  Objective objective = world.objective({});
  EXPECT_TRUE(
      find_explainer("greedy").explain(objective, small_options(), world.context).scores.empty());
}

/// Of the search by sets: what each member's removal from the set costs.
TEST(Methods, GridsScoresMembersByWhatLeavingThemOutCosts) {
  const SearchWorld world(4, 2);
  Objective objective = world.objective({});
  const auto found = find_explainer("grids").explain(objective, small_options(), world.context);
  ASSERT_EQ(found.scores.size(), found.subset.size());
  for (size_t i = 0; i < found.subset.size(); ++i) {
    std::vector<Feature> rest;
    for (const Feature member : found.subset) {
      if (member != found.subset[i]) rest.push_back(member);
    }
    std::sort(rest.begin(), rest.end());
    EXPECT_DOUBLE_EQ(found.scores[i].score,
                     value(objective, *begin(objective, rest)) - found.objective);
    if (i > 0) {
      EXPECT_GE(found.scores[i - 1].score, found.scores[i].score);
    }
  }
}

TEST(Knockout, EvaluatesEveryFeatureInEveryCellOnce) {
  const SearchWorld world;
  Objective objective = world.objective({});
  const auto found = find_explainer("knockout").explain(objective, small_options(), world.context);
  // And the value of what was chosen.
  EXPECT_EQ(found.evaluations, objective.cell_count() * (world.model.shape().features + 1));
  EXPECT_FALSE(found.budget_spent);
}

TEST(SmoothGrad, WithNoiseThatVanishesIsSaliency) {
  const SearchWorld world;
  auto options = small_options();
  options.methods.edit<SmoothGradOptions>().deviation = 1e-9;
  options.methods.edit<SmoothGradOptions>().copies = 2;
  Objective objective = world.objective({});
  const auto smooth = find_explainer("smoothgrad").explain(objective, options, world.context);
  EXPECT_EQ(smooth.evaluations, objective.cell_count() * (2 * kGradientEvaluations + 1));
  const auto plain = find_explainer("saliency").explain(objective, options, world.context);
  EXPECT_EQ(smooth.subset, plain.subset);
}

TEST(Lime, ReturnsTheCoefficientsOfALinearModelAsTheRidgePenaltyVanishes) {
  ThreadPool pool(1);
  Reporter reporter;
  const auto model = linear_model(kCoefficients);
  Objective objective = value_objective(model);
  LimeOptions options;
  options.neighbours = 64;
  options.ridge = 1e-9;
  int64_t cells = 0;
  lime_coefficients(
      objective, options, 0, Context{1, pool, reporter}, [&](const CellCoefficients& cell) {
        EXPECT_EQ(cell.position, cells++);
        ASSERT_EQ(cell.coefficients.size(), kCoefficients.size());
        for (size_t j = 0; j < kCoefficients.size(); ++j) {
          // The objective is the mean over the cells. Outputs are floats near 50:
          // 4e-6 apart.
          EXPECT_NEAR(cell.coefficients[j],
                      kCoefficients[j] / static_cast<double>(objective.cell_count()), 1e-5);
        }
      });
  EXPECT_EQ(cells, objective.cell_count());
  EXPECT_EQ(objective.evaluations, cells * options.neighbours);
}

TEST(Lime, OfALinearModelIsTheLargestCoefficientsOfEitherSign) {
  EXPECT_EQ(chosen("lime", linear_model(kCoefficients), 4), (std::vector<Feature>{2, 1, 5, 3}));
  EXPECT_EQ(chosen("lime-sp", linear_model(kCoefficients), 4), (std::vector<Feature>{2, 1, 5, 3}));
}

TEST(Lime, SplitsABudgetOverAllCellsAndThenOverFewer) {
  const SearchWorld world;
  Objective objective = world.objective({});
  const int64_t cells = objective.cell_count();
  const LimeOptions options;
  const auto cost_of = [&](int64_t left) {
    objective.budget = cells + left;  // the subset's value is set aside
    return lime_cost(objective, options);
  };
  EXPECT_EQ(cost_of(3000 * cells).neighbours, 2048);
  EXPECT_FALSE(cost_of(2048 * cells).reduced);
  EXPECT_EQ(cost_of(2047 * cells).neighbours, 2047);
  EXPECT_TRUE(cost_of(2047 * cells).reduced);
  EXPECT_EQ(cost_of(256 * cells).cells, cells);
  EXPECT_EQ(cost_of(255 * cells).cells, 255 * cells / 256);
  EXPECT_GE(cost_of(255 * cells).neighbours, 256);
  EXPECT_EQ(cost_of(100).cells, 1);
  EXPECT_EQ(cost_of(100).neighbours, 100);
  EXPECT_EQ(cost_of(0).cells, 0);
}

/// Whole permutations of all features.
SageOptions whole_permutations(int64_t permutations) {
  SageOptions options;
  options.permutations = permutations;
  options.players = 1 << 20;
  options.batch = 32;
  return options;
}

TEST(Sage, ValuesSumToTheTotalForWholePermutations) {
  const SearchWorld world;
  ObjectiveInput input;
  input.cells = {7};
  input.target = world.target();
  Objective objective = make_objective(world.model, input, {});
  const double total = value(objective, *begin(objective, objective.allowed)) -
                       value(objective, *begin(objective, {}));
  const auto found = sage_values(objective, kMembers, whole_permutations(20), 0, world.context);
  double sum = 0;
  for (const double value : found.values) sum += value;
  // Telescoping sums of doubles.
  EXPECT_NEAR(sum, total, 1e-12 + 1e-9 * std::abs(total));
  EXPECT_EQ(found.permutations, 20);
  EXPECT_FALSE(found.budget_spent);
}

TEST(Sage, GivesEachOfARedundantPairHalfAndACutPermutationOfOneNothing) {
  ThreadPool pool(1);
  Reporter reporter;
  const Context context{1, pool, reporter};
  const auto model = testing::redundant_pair(3, 0.1);
  Objective objective = value_objective(model);
  const auto cells = static_cast<double>(objective.cell_count());
  SageOptions options = whole_permutations(4000);
  options.threshold = 0;
  const auto found = sage_values(objective, kMembers, options, 0, context);
  // Five standard errors: once in two million.
  for (const size_t j : {2u, 5u}) {
    EXPECT_GT(found.errors[j], 0);
    EXPECT_NEAR(found.values[j], -1.5 / cells, 5 * found.errors[j]);
  }
  // The others add up: no permutation says otherwise, but for float outputs near 5.
  EXPECT_NEAR(found.values[7], -0.8 / cells, 1e-6);
  options.players = 1;
  const auto cut = sage_values(objective, kMembers, options, 0, context);
  EXPECT_NEAR(cut.values[2], 0, 1e-9);
  EXPECT_NEAR(cut.values[7], -0.8 / cells, 1e-6);
}

TEST(Sage, StopsWhenTheErrorsAreSmallAgainstTheRangeOfTheValues) {
  ThreadPool pool(1);
  Reporter reporter;
  const Context context{1, pool, reporter};
  const auto model = testing::redundant_pair(3, 0.1);
  Objective objective = value_objective(model);
  SageOptions options = whole_permutations(100'000);
  const auto found = sage_values(objective, kMembers, options, 0, context);
  EXPECT_TRUE(found.converged);
  EXPECT_LT(found.permutations, 10'000);
  const auto [low, high] = std::minmax_element(found.values.begin(), found.values.end());
  EXPECT_LE(*std::max_element(found.errors.begin(), found.errors.end()),
            options.threshold * (*high - *low));
  options.threshold = 0.25;
  EXPECT_LT(sage_values(objective, kMembers, options, 0, context).permutations, found.permutations);
}

TEST(Sage, CountsPlayersThatChangeNothing) {
  const SearchWorld world;
  Objective objective = world.objective({});
  SageOptions options;
  options.permutations = 100;
  const auto found = sage_values(objective, kMembers, options, 0, world.context);
  EXPECT_EQ(objective.evaluations, 100 * kMembers);
  int64_t draws = 0;
  for (const int64_t count : found.draws) draws += count;
  EXPECT_EQ(draws, 100 * kMembers);
}

TEST(Sage, TellsThatTheBudgetEndedIt) {
  const SearchWorld world;
  Objective objective = world.objective({});
  objective.budget = objective.cell_count() + 50 * kMembers + 3;
  const auto found = sage_values(objective, kMembers, {}, 0, world.context);
  EXPECT_EQ(found.permutations, 50);
  EXPECT_TRUE(found.budget_spent);
  EXPECT_FALSE(found.converged);
}

TEST(Methods, ReportAllSenselessOptionsAtOnce) {
  ExplainerOptions options;
  options.methods.edit<LimeOptions>().ridge = -1;
  options.methods.edit<SageOptions>().batch = 0;
  options.methods.edit<SmoothGradOptions>().copies = 0;
  Problems problems;
  check(options, problems);
  try {
    problems.raise(ErrorKind::kUsage, "explain");
    FAIL() << "no problem was found";
  } catch (const Error& error) {
    const std::string message = error.what();
    for (const char* part : {"ridge", "batch", "copies"}) {
      EXPECT_NE(message.find(part), std::string::npos) << message;
    }
  }
}

TEST(Differing, IsWhatGainsAreToldOf) {
  const SearchWorld world;
  const auto cells = indices_below(world.model.shape().cells);
  for (const int32_t cell : cells) {
    const auto open = world.model.open().row(cell);
    EXPECT_EQ(world.model.differing(cell), std::vector<Feature>(open.begin(), open.end()));
    EXPECT_EQ(world.model.MaskableModel::differing(cell), world.model.differing(cell));
  }
}

}  // namespace
}  // namespace grids::core
