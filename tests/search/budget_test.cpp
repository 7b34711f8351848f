// Searches keep to a budget of model evaluations.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <iterator>

#include "search/beam.hpp"
#include "search/coordinate_descent.hpp"
#include "search/greedy.hpp"
#include "support/search_world.hpp"

namespace grids::core {
namespace {

using testing::SearchWorld;

constexpr int64_t kMembers = 4;

SearchResult search(int method, Objective& objective, const Context& context) {
  if (method == 0) {
    GreedyOptions options;
    options.set_size = kMembers;
    return greedy_search(objective, options, context);
  }
  if (method == 1) {
    BeamOptions options;
    options.set_size = kMembers;
    options.candidates = 6;
    return beam_search(objective, options, context);
  }
  SearchOptions options;
  options.set_size = kMembers;
  options.candidates = 6;
  options.restarts = 2;
  options.batch_size = method == 2 ? 0 : 16;
  if (method == 4) options.rule = SearchRule::kPublished;
  return coordinate_descent(objective, options, context);
}

RC_GTEST_PROP(Budget, IsKeptByEverySearchAndAnEndlessOneChangesNothing, ()) {
  const auto seed = *rc::gen::inRange<uint64_t>(0, 20);
  const auto method = *rc::gen::inRange(0, 5);
  const SearchWorld world(seed);
  Objective free = world.objective({});
  const auto whole = search(method, free, world.context);
  RC_ASSERT(!whole.budget_spent);
  RC_ASSERT(whole.evaluations == free.evaluations);

  // The least that any of them does: a start or a round each, and the ranks.
  const int64_t least = free.cell_count() * (2 + 2 * kMembers + kGradientEvaluations * kMembers);
  Objective bound = world.objective({});
  bound.budget = least + *rc::gen::inRange<int64_t>(0, free.evaluations);
  const auto part = search(method, bound, world.context);
  RC_ASSERT(bound.evaluations <= bound.budget);
  RC_ASSERT(part.subset.size() <= static_cast<size_t>(kMembers));
  if (method != 4) RC_ASSERT(part.subset.size() == static_cast<size_t>(kMembers));

  Objective same = world.objective({});
  same.budget = 4 * free.evaluations;
  const auto again = search(method, same, world.context);
  RC_ASSERT(!again.budget_spent);
  RC_ASSERT(again.subset == whole.subset);
  RC_ASSERT(again.value == whole.value);
}

TEST(Budget, ThatLastsForAllRoundsOfGreedyLeavesOutNoCandidate) {
  const SearchWorld world(3);
  for (const int64_t candidates : {0, 5}) {
    const GreedyOptions options{.set_size = kMembers, .candidates = candidates};
    Objective free = world.objective({});
    const auto whole = greedy_search(free, options, world.context);

    // Each round may need the gradient and all its candidates; the ranks need an evaluation a
    // member.
    const int64_t a_round =
        candidates == 0 ? std::ssize(free.allowed) : candidates + kGradientEvaluations;
    Objective enough = world.objective({});
    enough.budget = free.cell_count() * kMembers * (a_round + 1);
    const auto same = greedy_search(enough, options, world.context);
    EXPECT_FALSE(same.budget_spent);
    EXPECT_EQ(same.subset, whole.subset);
    EXPECT_EQ(same.evaluations, whole.evaluations);

    Objective less = world.objective({});
    less.budget = enough.budget - 1;
    EXPECT_TRUE(greedy_search(less, options, world.context).budget_spent);
  }
}

TEST(Budget, OfOneStepIsOneStepOfCoordinateDescent) {
  const SearchWorld world(3);
  SearchOptions options;
  options.set_size = kMembers;
  options.candidates = 6;
  Objective objective = world.objective({});
  const int64_t start = 1;
  const int64_t step = 1 + options.candidates + kGradientEvaluations;
  const int64_t end = 1 + kMembers;
  objective.budget = objective.cell_count() * (start + step + end);
  EXPECT_EQ(coordinate_descent(objective, options, world.context).steps, 1);

  Objective less = world.objective({});
  less.budget = objective.budget - 1;
  const auto none = coordinate_descent(less, options, world.context);
  EXPECT_EQ(none.steps, 0);
  EXPECT_TRUE(none.budget_spent);
}

RC_GTEST_PROP(Budget, IsSpentOnlyWhereABeamCannotAffordAnotherStep, ()) {
  const SearchWorld world(*rc::gen::inRange<uint64_t>(0, 20));
  BeamOptions options;
  options.set_size = kMembers;
  options.candidates = 6;
  Objective free = world.objective({});
  beam_search(free, options, world.context);

  Objective bound = world.objective({});
  bound.budget = *rc::gen::inRange<int64_t>(free.evaluations / 4, 2 * free.evaluations);
  if (!beam_search(bound, options, world.context).budget_spent) return;
  // At most, every subset of the beam is changed; or all members of the best meet all candidates.
  const int64_t changes = options.width * (options.candidates + kGradientEvaluations);
  const int64_t check = kMembers * options.candidates + kGradientEvaluations;
  RC_ASSERT(bound.budget - bound.evaluations < bound.cell_count() * std::max(changes, check));
}

}  // namespace
}  // namespace grids::core
