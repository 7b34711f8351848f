#include "search/starts.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.hpp"
#include "search/coordinate_descent.hpp"
#include "support/formula_model.hpp"
#include "support/search_world.hpp"

namespace grids::core {
namespace {

using testing::sorted;

Objective objective_of(const testing::FormulaModel& model, std::vector<Feature> allowed = {}) {
  ObjectiveInput input;
  input.cells = {0, 1, 2};
  input.allowed = std::move(allowed);
  return make_objective(model, input, {});
}

TEST(InformedStart, HoldsTheTripleThatNoSingleMaskShows) {
  // Any of 2, 5 and 6 suffices; 0 and 7 add a little.
  const testing::FormulaModel model(12, [](const std::vector<double>& x) {
    return 1 + 3 * (1 - (1 - x[2]) * (1 - x[5]) * (1 - x[6])) + 0.1 * x[0] + 0.2 * x[7];
  });
  auto objective = objective_of(model);
  const auto unmasked = gains(objective, *begin(objective, {}));
  for (const size_t member : {2u, 5u, 6u}) EXPECT_EQ(unmasked[member], 0);
  EXPECT_EQ(sorted(informed_start(objective, 3)), (std::vector<Feature>{2, 5, 6}));
  auto without = objective_of(model, {0, 2, 5, 7});  // 6 stands in for both
  EXPECT_EQ(sorted(informed_start(without, 2)), (std::vector<Feature>{0, 7}));
}

TEST(InformedStart, HoldsAPairThatIsNeededJointlyAndOneThatStandsInForOneAnother) {
  // Where all is masked 1 and 4 say nothing, where nothing is masked 2 and 5 say nothing; both
  // starts fill up with features of lower indices that do nothing.
  const testing::FormulaModel model(12, [](const std::vector<double>& x) {
    return 1 + 2 * x[1] * x[4] * x[4] + 3 * (1 - (1 - x[2]) * (1 - x[5])) + x[7] + 0.9 * x[8];
  });
  auto objective = objective_of(model);
  const auto start = informed_start(objective, 5);
  for (const Feature member : {2, 5, 7, 8}) {
    EXPECT_NE(std::find(start.begin(), start.end(), member), start.end()) << member;
  }
}

TEST(InformedStart, SeesThatAStrongMemberMakesAnotherNeedless) {
  // Either of 0 and 1 closes the gene as far as both do, so 2 should come second: their gradients
  // are larger where nothing is masked, and where all is masked 5, 6 and 7 hide it, of which two
  // are no use without the third.
  const testing::FormulaModel model(12, [](const std::vector<double>& x) {
    return 1 + 3 * x[0] * x[1] + x[2] + 2 * (1 - (1 - x[5]) * (1 - x[6]) * (1 - x[7]));
  });
  auto objective = objective_of(model);
  EXPECT_EQ(sorted(informed_start(objective, 2)), (std::vector<Feature>{0, 2}));
}

TEST(InformedStart, IsNoWorseThanTheBestSingleGradients) {
  const testing::SearchWorld world;
  auto objective = world.objective({});
  for (const int64_t count : {1, 3, 8}) {
    const auto near = lowest(gains(objective, *begin(objective, {})), objective.allowed, count);
    const auto start = informed_start(objective, count);
    EXPECT_EQ(std::ssize(start), count);
    EXPECT_LE(value(objective, *begin(objective, start)),
              value(objective, *begin(objective, near)));
  }
}

TEST(InformedStart, KeepsToWhatItSaysThatItCosts) {
  const testing::SearchWorld world;
  auto objective = world.objective({});
  const int64_t before = objective.evaluations;
  informed_start(objective, 5);
  EXPECT_LE(objective.evaluations - before, informed_start_evaluations(5) * objective.cell_count());
}

TEST(InformedStart, GivesWayToARandomOneWhereTheBudgetIsTooSmall) {
  const testing::SearchWorld world;
  auto objective = world.objective({});
  objective.budget = objective.evaluations + 10 * objective.cell_count();
  const SearchStarts starts{5, 1, 3, {}, true};
  const int64_t before = objective.evaluations;
  const auto start = initial_subset(objective, starts, world.context, 0);
  EXPECT_EQ(objective.evaluations, before);
  EXPECT_EQ(start, random_subset(objective.allowed, 5,
                                 {world.context.seed, Purpose::kSearch, starts.stream, 0}));
}

TEST(InformedStart, OfMoreMembersThanFeaturesIsAnError) {
  const testing::SearchWorld world;
  auto objective = world.objective({}, {1, 2, 3});
  EXPECT_THROW(informed_start(objective, 4), Error);
}

}  // namespace
}  // namespace grids::core
