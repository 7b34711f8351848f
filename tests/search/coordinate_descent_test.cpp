#include "search/coordinate_descent.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "base/indices.hpp"
#include "base/random.hpp"
#include "search/exhaustive.hpp"
#include "support/formula_model.hpp"
#include "support/search_world.hpp"

namespace grids::core {
namespace {

using testing::SearchWorld;

RC_GTEST_PROP(CoordinateDescent, NeverGetsWorseOnFixedCellsAndEndsInALocalOptimum, ()) {
  const auto seed = *rc::gen::inRange<uint64_t>(1, 30);
  SearchWorld world(seed, 2);
  LossOptions loss;
  loss.kind = *rc::gen::element(LossKind::kRate, LossKind::kEq11, LossKind::kValue);
  loss.direction = *rc::gen::element(Direction::kDown, Direction::kUp);
  auto objective = world.objective(loss);
  SearchOptions options{.set_size = 4, .candidates = 70, .max_steps = 1000};
  const auto result = coordinate_descent(objective, options, world.context);
  RC_ASSERT(result.local_optimum);
  RC_ASSERT(result.steps == static_cast<int64_t>(result.trace.size()));
  RC_ASSERT(result.evaluations == objective.evaluations);
  for (size_t i = 1; i < result.trace.size(); ++i) {
    const auto& step = result.trace[i];
    RC_ASSERT(step.value <= result.trace[i - 1].value);
    RC_ASSERT((step.value == result.trace[i - 1].value) == (step.in == step.out));
  }
  RC_ASSERT(std::set<Feature>(result.subset.begin(), result.subset.end()).size() == 4u);
  RC_ASSERT(result.value == result.trace.back().value);
  RC_ASSERT(result.value == value(objective, *begin(objective, result.subset)));
  // With every feature a candidate, no swap at all is better.
  const auto state = begin(objective, result.subset);
  std::vector<Edit> swaps;
  for (const Feature out : result.subset) {
    for (Feature in = 0; in < 70; ++in) {
      if (std::count(result.subset.begin(), result.subset.end(), in) == 0) {
        swaps.push_back({out, in});
      }
    }
  }
  const auto values = values_after(objective, *state, swaps);
  RC_ASSERT(*std::min_element(values.begin(), values.end()) >= result.value);
}

RC_GTEST_PROP(CoordinateDescent, IsNeverBetterThanTryingEverySubset, ()) {
  const auto seed = *rc::gen::inRange<uint64_t>(1, 30);
  SearchWorld world(seed);
  auto objective = world.objective({}, {1, 9, 12, 20, 28, 33, 41, 50, 64});
  const auto best = exhaustive_search(objective, 3, world.context);
  const auto found =
      coordinate_descent(objective, {.set_size = 3, .candidates = 9, .restarts = 3}, world.context);
  RC_ASSERT(found.value >= best.value);
  for (const Feature member : found.subset) {
    RC_ASSERT(std::binary_search(objective.allowed.begin(), objective.allowed.end(), member));
  }
  // Started at the best there is, it stays there.
  const auto stayed = coordinate_descent(
      objective, {.set_size = 3, .candidates = 9, .initial = best.subset}, world.context);
  RC_ASSERT(stayed.value == best.value);
}

TEST(CoordinateDescent, ThreadsDoNotChangeABit) {
  std::vector<SearchResult> results;
  for (const int threads : {1, 3}) {
    SearchWorld world(5, threads);
    auto objective = world.objective({.beta = 0.3});
    results.push_back(
        coordinate_descent(objective, {.set_size = 5, .candidates = 8}, world.context));
  }
  EXPECT_EQ(results[0].subset, results[1].subset);
  EXPECT_EQ(results[0].value, results[1].value);
  EXPECT_EQ(results[0].evaluations, results[1].evaluations);
}

TEST(CoordinateDescent, MembersAreRankedByWhatDroppingThemCosts) {
  SearchWorld world(6);
  auto objective = world.objective({});
  const auto result = coordinate_descent(objective, {.set_size = 6}, world.context);
  double last = std::numeric_limits<double>::infinity();
  for (const Feature dropped : result.subset) {
    std::vector<Feature> rest;
    for (const Feature member : result.subset) {
      if (member != dropped) rest.push_back(member);
    }
    const double without = value(objective, *begin(objective, rest));
    EXPECT_LE(without, last);
    last = without;
  }
}

TEST(CoordinateDescent, TheStepLimitIsKeptAndTold) {
  SearchWorld world(7);
  auto objective = world.objective({});
  const auto result = coordinate_descent(
      objective, {.set_size = 6, .candidates = 4, .max_steps = 3}, world.context);
  EXPECT_EQ(result.steps, 3);
  EXPECT_FALSE(result.local_optimum);
}

TEST(CoordinateDescent, BatchesEndInALocalOptimumOfAllCellsOrSayThatTheyDoNot) {
  SearchWorld world(8);
  auto objective = world.objective({});
  SearchOptions options{.set_size = 4, .candidates = 70, .max_steps = 400, .batch_size = 16};
  const auto result = coordinate_descent(objective, options, world.context);
  EXPECT_EQ(result.value, value(objective, *begin(objective, result.subset)));
  ASSERT_TRUE(result.local_optimum);
  options.batch_size = 0;
  options.initial = result.subset;
  const auto again = coordinate_descent(objective, options, world.context);
  EXPECT_EQ(again.value, result.value);
}

TEST(CoordinateDescent, ThePublishedRuleMayShrinkTheSubset) {
  EXPECT_EQ(edit_of(std::vector<Feature>{4, 7}, 0, 7).out, 4);
  EXPECT_EQ(edit_of(std::vector<Feature>{4, 7}, 0, 7).in, kNoFeature);
  EXPECT_EQ(edit_of(std::vector<Feature>{7, 7}, 0, 3).out, kNoFeature);
  EXPECT_EQ(edit_of(std::vector<Feature>{7, 7}, 0, 3).in, 3);
  EXPECT_EQ(edit_of(std::vector<Feature>{4, 7}, 0, 4).out, kNoFeature);
  SearchWorld world(9);
  auto objective = world.objective({.kind = LossKind::kValue});
  SearchOptions options{.set_size = 4, .candidates = 5, .max_steps = 40, .batch_size = 16};
  options.rule = SearchRule::kPublished;
  const auto result = coordinate_descent(objective, options, world.context);
  EXPECT_EQ(result.steps, 40);
  EXPECT_FALSE(result.local_optimum);
  EXPECT_LE(result.subset.size(), 4u);
  EXPECT_EQ(result.value, value(objective, *begin(objective, result.subset)));
}

TEST(CoordinateDescent, AnotherStreamStartsElsewhereAndTheSameOneInTheSamePlace) {
  const auto all = indices_below(1000);
  const auto a = random_subset(all, 10, {1, Purpose::kSearch, 7, 0});
  EXPECT_EQ(a, random_subset(all, 10, {1, Purpose::kSearch, 7, 0}));
  EXPECT_NE(a, random_subset(all, 10, {1, Purpose::kSearch, 8, 0}));
  EXPECT_NE(a, random_subset(all, 10, {1, Purpose::kSearch, 7, 1}));
  EXPECT_NE(a, random_subset(all, 10, {2, Purpose::kSearch, 7, 0}));
  EXPECT_EQ(std::set<Feature>(a.begin(), a.end()).size(), 10u);
}

TEST(CoordinateDescent, OfSeveralStartsTheBestIsKeptAndOfEqualsTheFirst) {
  SearchWorld world;
  auto objective = world.objective({});
  const std::vector<double> values = {0.5, 0.2, 0.4, 0.2};
  std::vector<std::vector<Feature>> initials;
  SearchStarts starts;
  starts.set_size = 3;
  starts.restarts = 4;
  const auto search = [&](const std::vector<Feature>& initial, uint32_t start) {
    initials.push_back(initial);
    objective.evaluations += 10;
    SearchResult result;
    result.subset = {static_cast<Feature>(start)};
    result.value = values[start];
    return result;
  };
  const auto best = best_of_starts(objective, starts, world.context, search);
  EXPECT_EQ(best.subset, std::vector<Feature>{1});
  EXPECT_EQ(best.value, 0.2);
  EXPECT_EQ(best.evaluations, 40);
  // Every start begins elsewhere.
  EXPECT_EQ(std::set<std::vector<Feature>>(initials.begin(), initials.end()).size(), 4u);
}

TEST(CoordinateDescent, MoreMembersThanFeaturesIsAnErrorWithNumbers) {
  SearchWorld world;
  auto objective = world.objective({}, {1, 2, 3});
  try {
    coordinate_descent(objective, {.set_size = 4}, world.context);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_STREQ(error.what(),
                 "a subset of L = 4 was asked for, but only 3 features may be masked");
  }
}

TEST(CoordinateDescent, TheSecondLookFindsWhatAMemberStandsInFor) {
  // 2 and 5 are needed jointly, and 2 adds a little more. Where 5 is masked, 0 looks better than 2,
  // which no longer does what 5 does.
  const testing::FormulaModel model(8, [](const std::vector<double>& x) {
    return 1 + 3 * x[2] * x[5] + 0.5 * x[2] + 0.8 * x[0];
  });
  ObjectiveInput input;
  input.cells = {0, 1, 2};
  auto objective = make_objective(model, input, {});
  const SearchWorld world;
  const SearchOptions options{.set_size = 1, .candidates = 1, .initial = {5}};
  const auto found = coordinate_descent(objective, options, world.context);
  EXPECT_EQ(found.subset, std::vector<Feature>{2});
  EXPECT_TRUE(found.local_optimum);
}

TEST(CoordinateDescent, TheLastLookHoldsTheWeakestMemberAgainstCandidatesOfLowerRank) {
  // By gradient 3 comes after 1 and 2, because its effect grows as it closes; exactly it is best.
  const testing::FormulaModel model(8, [](const std::vector<double>& x) {
    return 3 + x[0] + 0.4 * x[1] + 0.4 * x[2] + 0.9 * (1 - (1 - x[3]) * (1 - x[3])) + 0.1 * x[3];
  });
  ObjectiveInput input;
  input.cells = {0, 1, 2};
  auto objective = make_objective(model, input, {});
  const SearchWorld world;
  const SearchOptions options{.set_size = 2, .candidates = 1, .initial = {0, 1}};
  const auto found = coordinate_descent(objective, options, world.context);
  EXPECT_EQ(std::set<Feature>(found.subset.begin(), found.subset.end()), (std::set<Feature>{0, 3}));
  EXPECT_TRUE(found.local_optimum);
}

TEST(CoordinateDescent, AUserCanStopIt) {
  SearchWorld world;
  std::atomic<bool> cancelled = true;
  world.context.cancelled = &cancelled;
  auto objective = world.objective({});
  EXPECT_THROW(coordinate_descent(objective, {}, world.context), Error);
}

}  // namespace
}  // namespace grids::core
