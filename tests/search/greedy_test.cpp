#include "search/greedy.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "base/indices.hpp"
#include "search/exhaustive.hpp"
#include "support/formula_model.hpp"
#include "support/search_world.hpp"

namespace grids::core {
namespace {

using testing::SearchWorld;

RC_GTEST_PROP(Greedy, TakesTheTrueMinimumInEachRound, ()) {
  const auto seed = *rc::gen::inRange<uint64_t>(1, 30);
  SearchWorld world(seed, 1, 25);
  LossOptions loss;
  loss.kind = *rc::gen::element(LossKind::kRate, LossKind::kEq11, LossKind::kValue);
  loss.direction = *rc::gen::element(Direction::kDown, Direction::kUp);
  auto objective = world.objective(loss);
  const auto result = greedy_search(objective, {.set_size = 4}, world.context);
  RC_ASSERT(result.steps == 4);
  RC_ASSERT(result.trace.size() == 4u);
  RC_ASSERT(result.evaluations == objective.evaluations);
  std::vector<Feature> subset;
  for (const SearchStep& round : result.trace) {
    double best = std::numeric_limits<double>::infinity();
    Feature best_feature = kNoFeature;
    for (Feature feature = 0; feature < 70; ++feature) {
      if (std::count(subset.begin(), subset.end(), feature) > 0) continue;
      auto larger = subset;
      larger.push_back(feature);
      const double found = value(objective, *begin(objective, larger));
      if (found < best) {  // of equal ones the first stays
        best = found;
        best_feature = feature;
      }
    }
    RC_ASSERT(round.in == best_feature);
    RC_ASSERT(round.value == best);
    subset.push_back(best_feature);
  }
  RC_ASSERT(result.value == result.trace.back().value);
  RC_ASSERT(std::set<Feature>(result.subset.begin(), result.subset.end()) ==
            std::set<Feature>(subset.begin(), subset.end()));
}

RC_GTEST_PROP(Greedy, IsNeverBetterThanTryingEverySubset, ()) {
  SearchWorld world(*rc::gen::inRange<uint64_t>(1, 30), 1, 25);
  auto objective = world.objective({}, {1, 9, 12, 20, 28, 33, 41, 50, 64});
  const auto best = exhaustive_search(objective, 3, world.context);
  for (const int64_t candidates : {0, 3}) {
    const auto found =
        greedy_search(objective, {.set_size = 3, .candidates = candidates}, world.context);
    RC_ASSERT(found.value >= best.value);
    RC_ASSERT(found.value == value(objective, *begin(objective, found.subset)));
  }
}

TEST(Greedy, AsManyCandidatesAsFeaturesAreAllOfThem) {
  SearchWorld world(3);
  auto objective = world.objective({.beta = 0.2});
  const auto all = greedy_search(objective, {.set_size = 3}, world.context);
  const auto many = greedy_search(objective, {.set_size = 3, .candidates = 70}, world.context);
  EXPECT_EQ(all.subset, many.subset);
  EXPECT_EQ(all.value, many.value);
  const auto few = greedy_search(objective, {.set_size = 3, .candidates = 5}, world.context);
  // Five additions and a gradient a round, and the ranks of three members.
  EXPECT_EQ(few.evaluations, (3 * (5 + kGradientEvaluations) + 3) * objective.cell_count());
}

TEST(Greedy, OfEqualFeaturesTheSmallerIndexIsTaken) {
  const testing::FormulaModel model(6, [](const std::vector<double>& x) {
    return 5 + x[0] + 2 * x[1] + 2 * x[3] + 2 * x[4] + x[5];
  });
  ObjectiveInput input;
  input.cells = indices_below(3);
  auto objective = make_objective(model, input, {.kind = LossKind::kValue});
  ThreadPool pool(1);
  Reporter reporter;
  const auto found = greedy_search(objective, {.set_size = 2}, {1, pool, reporter});
  EXPECT_EQ(found.trace[0].in, 1);
  EXPECT_EQ(found.trace[1].in, 3);
}

TEST(Greedy, ThreadsDoNotChangeABit) {
  std::vector<SearchResult> results;
  for (const int threads : {1, 2}) {
    SearchWorld world(5, threads);
    auto objective = world.objective({.beta = 0.3});
    results.push_back(greedy_search(objective, {.set_size = 5}, world.context));
  }
  EXPECT_EQ(results[0].subset, results[1].subset);
  EXPECT_EQ(results[0].value, results[1].value);
}

TEST(Greedy, SaysWhatItCannotDoAndCanBeStopped) {
  SearchWorld world;
  auto objective = world.objective({}, {1, 2, 3});
  EXPECT_THROW(greedy_search(objective, {.set_size = 4}, world.context), Error);
  EXPECT_THROW(greedy_search(objective, {.set_size = 0}, world.context), Error);
  EXPECT_THROW(greedy_search(objective, {.set_size = 2, .candidates = -1}, world.context), Error);
  std::atomic<bool> cancelled = true;
  world.context.cancelled = &cancelled;
  EXPECT_THROW(greedy_search(objective, {.set_size = 2}, world.context), Error);
}

}  // namespace
}  // namespace grids::core
