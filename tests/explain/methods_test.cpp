// Laws that every method keeps which sees an objective alone, and those of the methods that give
// each feature a score.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "explain/explainer.hpp"
#include "support/formula_model.hpp"
#include "support/search_world.hpp"

namespace grids {
namespace {

using testing::first_integers;
using testing::FormulaModel;
using testing::SearchWorld;

constexpr int64_t kMembers = 4;

ExplainerOptions small_options(int64_t members = kMembers) {
  ExplainerOptions options;
  options.search.set_size = members;
  options.search.candidates = 6;
  options.smoothgrad.copies = 3;
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
  limited.budget = budget;
  for (const Explainer* method : explainers()) {
    limited.evaluations = 0;
    const auto found = method->explain(limited, small_options(), world.context);
    RC_ASSERT(found.evaluations == limited.evaluations);
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
    const auto same = method->explain(again, small_options(), threaded.context);
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
  for (const char* name : {"knockout", "saliency", "smoothgrad"}) {
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

Objective value_objective(const MaskableModel& model) {
  ObjectiveInput input;
  input.cells = first_integers(model.shape().cells);
  LossOptions loss;
  loss.kind = LossKind::kValue;
  return make_objective(model, input, loss);
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
  options.smoothgrad.deviation = 1e-9;
  options.smoothgrad.copies = 2;
  Objective objective = world.objective({});
  const auto smooth = find_explainer("smoothgrad").explain(objective, options, world.context);
  EXPECT_EQ(smooth.evaluations, objective.cell_count() * (2 * kGradientEvaluations + 1));
  const auto plain = find_explainer("saliency").explain(objective, options, world.context);
  EXPECT_EQ(smooth.subset, plain.subset);
}

TEST(Differing, IsWhatGainsAreToldOf) {
  const SearchWorld world;
  const auto cells = first_integers(world.model.shape().cells);
  for (const int32_t cell : cells) {
    const auto open = world.model.open().row(cell);
    EXPECT_EQ(world.model.differing(cell), std::vector<Feature>(open.begin(), open.end()));
    EXPECT_EQ(world.model.MaskableModel::differing(cell), world.model.differing(cell));
  }
}

}  // namespace
}  // namespace grids
