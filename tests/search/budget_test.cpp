// Searches keep to a budget of model evaluations.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "search/beam.hpp"
#include "search/coordinate_descent.hpp"
#include "search/greedy.hpp"
#include "support/search_world.hpp"

namespace grids {
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

}  // namespace
}  // namespace grids
