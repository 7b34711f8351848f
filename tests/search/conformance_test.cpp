// The published searches, step by step, over the batches of the conformance vectors.
#include "support/conformance.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/indices.hpp"
#include "search/coordinate_descent.hpp"
#include "support/search_world.hpp"

namespace grids::core {
namespace {

using testing::Conformance;

class SearchConformance : public ::testing::TestWithParam<std::tuple<std::string, SearchRule>> {};

INSTANTIATE_TEST_SUITE_P(SizesAndRules, SearchConformance,
                         ::testing::Combine(::testing::Values("small", "medium"),
                                            ::testing::Values(SearchRule::kPublished,
                                                              SearchRule::kMonotone)));

TEST_P(SearchConformance, TransitionsCandidatesLossesAndTrajectoryAreThePublishedOnes) {
  const auto& [size, rule] = GetParam();
  GRIDS_NEEDS(Conformance::file(size, "model"));
  const Conformance c(size);
  const std::string prefix =
      rule == SearchRule::kMonotone ? "search.monotone." : "search.published.";
  ThreadPool pool(2);
  const FoldedSurrogate surrogate(c.model);
  const SurrogateModel model(surrogate, c.open(), replace_by(c.model.shape.peaks(), 0), pool);
  ObjectiveInput input;
  input.cells = indices_below(c.open().rows);
  input.target = static_cast<int32_t>(c.integers("search.target_gene")[0]);
  const Objective objective = make_objective(model, input, {.kind = LossKind::kValue});

  std::vector<Feature> coordinates;
  for (const int64_t peak : c.integers("search.initial_subset")) {
    coordinates.push_back(static_cast<Feature>(peak));
  }
  const auto batches = c.integers("search.batches");
  const auto steps = static_cast<size_t>(c.at("search.batches").shape[0]);
  const auto batch_size = static_cast<size_t>(c.at("search.batches").shape[1]);
  const auto candidates = c.integers(prefix + "candidates");
  const auto losses = c.floats(prefix + "candidate_losses");
  const auto width = static_cast<size_t>(c.at(prefix + "candidates").shape[1]);
  SearchOptions options;
  options.rule = rule;
  options.candidates = static_cast<int64_t>(width) - (rule == SearchRule::kMonotone ? 1 : 0);

  for (size_t step = 0; step < steps; ++step) {
    std::vector<int32_t> batch;
    for (const int64_t cell : batches.subspan(step * batch_size, batch_size)) {
      batch.push_back(static_cast<int32_t>(cell));
    }
    Objective part = objective.on(batch);
    const std::set<Feature> members(coordinates.begin(), coordinates.end());
    const std::vector<Feature> subset(members.begin(), members.end());
    const auto state = begin(part, subset);
    const double current = value(part, *state);
    // Tolerance of the README for losses.
    EXPECT_NEAR(current, c.floats(prefix + "batch_loss")[step], 1e-5) << step;
    const auto d = gains(part, *state);
    if (step == 0) {
      const auto expected = c.floats(prefix + "transition_step0");
      double largest = 0, worst = 0;
      for (size_t i = 0; i < coordinates.size(); ++i) {
        const auto row = transition_row(d, coordinates, i);
        for (size_t j = 0; j < row.size(); ++j) {
          // Published scaling: averaged over the batch once more.
          const double difference =
              row[j] / static_cast<double>(batch_size) - expected[i * row.size() + j];
          worst = std::max(worst, std::abs(difference));
          largest = std::max(largest, std::abs(double{expected[i * row.size() + j]}));
        }
      }
      // Tolerance of the README for gradients.
      EXPECT_LE(worst, 1e-5 * largest);
    }
    const size_t i = step % coordinates.size();
    const auto made = coordinate_step(part, {*state, current, coordinates, i}, d, options);
    ASSERT_EQ(made.candidates.size(), width);
    for (size_t k = 0; k < width; ++k) {
      EXPECT_EQ(made.candidates[k], candidates[step * width + k]) << step << ", " << k;
      EXPECT_NEAR(made.values[k], losses[step * width + k], 1e-5) << step << ", " << k;
    }
    coordinates[i] = made.candidates[made.best];
    for (size_t l = 0; l < coordinates.size(); ++l) {
      ASSERT_EQ(coordinates[l], c.integers(prefix + "trajectory")[step * coordinates.size() + l])
          << step;
    }
  }
}

}  // namespace
}  // namespace grids::core
