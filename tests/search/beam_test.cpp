#include "search/beam.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "base/indices.hpp"
#include "search/exhaustive.hpp"
#include "search/greedy.hpp"
#include "support/formula_model.hpp"
#include "support/search_world.hpp"

namespace grids::core {
namespace {

using testing::SearchWorld;
using testing::sorted;

const std::vector<Feature> kSeven = {1, 9, 20, 33, 41, 50, 64};
constexpr int64_t kEverySwap = 3 * 4;  // of three members of kSeven
constexpr int64_t kEverySubset = 35;   // of three members

/// The best subset that one swap of `subset` leads to, or `subset` itself.
std::pair<double, std::vector<Feature>> best_swap(Objective& objective,
                                                  const std::vector<Feature>& subset) {
  std::pair<double, std::vector<Feature>> best = {value(objective, *begin(objective, subset)),
                                                  subset};
  for (const Feature out : subset) {
    for (const Feature in : objective.allowed) {
      if (std::count(subset.begin(), subset.end(), in) > 0) continue;
      auto swapped = subset;
      std::replace(swapped.begin(), swapped.end(), out, in);
      swapped = sorted(swapped);
      best = std::min(best, {value(objective, *begin(objective, swapped)), swapped});
    }
  }
  return best;
}

RC_GTEST_PROP(Beam, OfOneSubsetWithEverySwapTakesTheBestSwapInEachStep, ()) {
  SearchWorld world(*rc::gen::inRange<uint64_t>(1, 30), 1, 25);
  LossOptions loss;
  loss.kind = *rc::gen::element(LossKind::kRate, LossKind::kEq11, LossKind::kValue);
  auto objective = world.objective(loss, kSeven);
  std::vector<Feature> subset = {9, 41, 64};
  for (int64_t steps = 1; steps <= 3; ++steps) {
    const auto best = best_swap(objective, subset);
    const auto found = beam_search(objective,
                                   {.set_size = 3,
                                    .width = 1,
                                    .candidates = kEverySwap,
                                    .max_steps = steps,
                                    .initial = {64, 9, 41}},
                                   world.context);
    RC_ASSERT(found.value == best.first);
    RC_ASSERT(sorted(found.subset) == best.second);
    subset = best.second;
  }
}

RC_GTEST_PROP(Beam, NeverGetsWorseAndEndsInALocalOptimum, ()) {
  SearchWorld world(*rc::gen::inRange<uint64_t>(1, 30), 1, 25);
  auto objective = world.objective({});
  const auto width = *rc::gen::inRange<int64_t>(1, 5);
  const auto result =
      beam_search(objective, {.set_size = 4, .width = width, .candidates = 66}, world.context);
  RC_ASSERT(result.local_optimum);
  RC_ASSERT(result.steps == static_cast<int64_t>(result.trace.size()));
  RC_ASSERT(result.evaluations == objective.evaluations);
  for (size_t i = 1; i < result.trace.size(); ++i) {
    RC_ASSERT(result.trace[i].value <= result.trace[i - 1].value);
    RC_ASSERT((result.trace[i].in == kNoFeature) ==
              (result.trace[i].value == result.trace[i - 1].value));
  }
  RC_ASSERT(result.value == value(objective, *begin(objective, result.subset)));
  RC_ASSERT(best_swap(objective, sorted(result.subset)).first == result.value);
  // Coordinate descent sees nothing to improve either.
  const auto stayed = coordinate_descent(
      objective, {.set_size = 4, .candidates = 66, .initial = result.subset}, world.context);
  RC_ASSERT(stayed.value == result.value);
}

// In general a wider beam can lose: what it keeps more of may crowd out the ancestor of the better
// end. With every swap evaluated it cannot within two steps (the best of the first step is in every
// beam), and never when it is wide enough to drop nothing.
RC_GTEST_PROP(Beam, AWiderOneIsNotWorseWhereTheoryPromisesIt, ()) {
  SearchWorld world(*rc::gen::inRange<uint64_t>(1, 60), 1, 25);
  auto objective = world.objective({}, kSeven);
  const auto found = [&](int64_t width, int64_t steps) {
    return beam_search(objective,
                       {.set_size = 3,
                        .width = width,
                        .candidates = kEverySwap,
                        .max_steps = steps,
                        .initial = {9, 41, 64}},
                       world.context)
        .value;
  };
  RC_ASSERT(found(5, 1) == found(1, 1));
  RC_ASSERT(found(2, 2) <= found(1, 2));
  RC_ASSERT(found(5, 2) <= found(2, 2));
  for (const int64_t width : {1, 5}) {
    for (const int64_t steps : {3, 5}) RC_ASSERT(found(kEverySubset, steps) <= found(width, steps));
  }
}

RC_GTEST_PROP(Beam, AWideOneFindsTheBestOfAllSubsetsInASmallWorld, ()) {
  SearchWorld world(*rc::gen::inRange<uint64_t>(1, 60), 1, 25);
  auto objective = world.objective({}, kSeven);
  const auto best = exhaustive_search(objective, 3, world.context);
  // Room for all subsets of three: every one is reached by swaps and none is dropped.
  const auto found = beam_search(
      objective, {.set_size = 3, .width = kEverySubset, .candidates = kEverySwap}, world.context);
  RC_ASSERT(found.value == best.value);
  RC_ASSERT(sorted(found.subset) == best.subset);
  const auto narrow =
      beam_search(objective, {.set_size = 3, .width = 1, .candidates = 2}, world.context);
  RC_ASSERT(narrow.value >= best.value);
}

TEST(Beam, ThreadsDoNotChangeABit) {
  std::vector<SearchResult> results;
  for (const int threads : {1, 2}) {
    SearchWorld world(5, threads);
    auto objective = world.objective({.beta = 0.3});
    results.push_back(
        beam_search(objective, {.set_size = 5, .width = 3, .candidates = 8}, world.context));
  }
  EXPECT_EQ(results[0].subset, results[1].subset);
  EXPECT_EQ(results[0].value, results[1].value);
  EXPECT_EQ(results[0].evaluations, results[1].evaluations);
  EXPECT_EQ(results[0].steps, results[1].steps);
}

// What the paper is about: neither of two peaks that stand in for each other changes anything
// alone, so whoever adds up single changes takes others.
TEST(Beam, FindsARedundantPairThatGreedyMisses) {
  const auto model = testing::redundant_pair();
  ObjectiveInput input;
  input.cells = indices_below(3);
  auto objective = make_objective(model, input, {.kind = LossKind::kValue});
  ThreadPool pool(1);
  Reporter reporter;
  const Context context{1, pool, reporter};
  const std::vector<Feature> pair = {2, 5};
  const std::vector<Feature> strongest_alone = {6, 7};
  EXPECT_EQ(exhaustive_search(objective, 2, context).subset, pair);
  EXPECT_EQ(sorted(greedy_search(objective, {.set_size = 2}, context).subset), strongest_alone);
  // With one of the two masked, the gradient tells coordinate descent of the other …
  const auto from_one =
      coordinate_descent(objective, {.set_size = 2, .candidates = 2, .initial = {7, 2}}, context);
  EXPECT_EQ(sorted(from_one.subset), pair);
  // … but from where neither is, no single swap leads down; a beam keeps the detour.
  const auto stuck = coordinate_descent(
      objective, {.set_size = 2, .candidates = 6, .initial = strongest_alone}, context);
  EXPECT_EQ(sorted(stuck.subset), strongest_alone);
  BeamOptions options{.set_size = 2, .width = 1, .candidates = 12, .initial = strongest_alone};
  EXPECT_EQ(sorted(beam_search(objective, options, context).subset), strongest_alone);
  options.width = 12;
  EXPECT_EQ(sorted(beam_search(objective, options, context).subset), pair);
}

TEST(Beam, TheBestSwapsAreThoseOfTheTransitionMatrix) {
  const std::vector<double> d = {-1, 2, -3, 4, 5, -1};
  const std::vector<Feature> subset = {1, 3};
  const std::vector<Feature> allowed = {0, 1, 2, 3, 4, 5};
  // d_in − d_out: 2 for 3: −7; 0 and 5 for 3: −5; 2 for 1: −5; 0 and 5 for 1: −3; …
  const auto swaps = best_swaps(d, subset, allowed, 5);
  const std::vector<std::pair<Feature, Feature>> expected = {
      {3, 2}, {3, 0}, {1, 2}, {3, 5}, {1, 0}};
  ASSERT_EQ(swaps.size(), expected.size());
  for (size_t i = 0; i < swaps.size(); ++i) {
    EXPECT_EQ(swaps[i].out, expected[i].first) << i;
    EXPECT_EQ(swaps[i].in, expected[i].second) << i;
  }
  EXPECT_EQ(best_swaps(d, subset, allowed, 100).size(), 8u);
}

TEST(Beam, TheStepLimitIsKeptAndTold) {
  SearchWorld world(7);
  auto objective = world.objective({});
  const auto result = beam_search(
      objective, {.set_size = 6, .width = 2, .candidates = 4, .max_steps = 2}, world.context);
  EXPECT_EQ(result.steps, 2);
  EXPECT_FALSE(result.local_optimum);
}

TEST(Beam, SaysWhatItCannotDoAndCanBeStopped) {
  SearchWorld world;
  auto objective = world.objective({}, {1, 2, 3});
  EXPECT_THROW(beam_search(objective, {.set_size = 4}, world.context), Error);
  EXPECT_THROW(beam_search(objective, {.set_size = 2, .width = 0}, world.context), Error);
  std::atomic<bool> cancelled = true;
  world.context.cancelled = &cancelled;
  EXPECT_THROW(beam_search(objective, {.set_size = 2}, world.context), Error);
}

}  // namespace
}  // namespace grids::core
