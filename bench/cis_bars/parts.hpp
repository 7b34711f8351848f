/// What is measured of one world. Each part adds to the results; bars are those of the settings'
/// capture.
#pragma once

#include <span>
#include <vector>

#include "base/context.hpp"
#include "cis_bars/results.hpp"
#include "cis_bars/settings.hpp"
#include "cis_bars/world.hpp"
#include "explain/explain_stage.hpp"

namespace grids::core::bench {

struct BarsBench {
  const World& world;
  const BarsSettings& settings;
  const Context& context;
  Results& results;
};

/// Within-type r of the fit and of the true function on test cells, and what the gates let through.
void measure_prediction(const BarsBench& bench);

/// How a found set compares with the planted one.
struct SetScore {
  int32_t gene = 0;
  double recall = 0;
  bool mistaken = false;  ///< has a bystander and lacks a cause
};
SetScore score_set(const World& world, int32_t gene, std::span<const Feature> found);

/// What `explain` finds of the planted sets with its defaults on the path as it was fitted and
/// judged: what a user gets. A target that it skips has recall 0.
std::vector<SetScore> measure_end_to_end(const BarsBench& bench);

/// What the search finds of the planted sets.
struct FoundSets {
  std::vector<ExplainedTarget> explained;
  std::vector<SetScore> scores;
};
FoundSets measure_search(const BarsBench& bench);

/// The same sets by the lasso, and what explain, and the search on every path, find beyond it.
void measure_lasso(const BarsBench& bench, const std::vector<SetScore>& end_to_end,
                   const std::vector<SetScore>& found);

/// What a negative binomial lasso that knows the capture finds, in the order of the genes.
std::vector<SetScore> lasso_scores(const BarsBench& bench);

/// How often a bystander is likelier than the cause that it copies, to one who knows all else.
void measure_oracle(const BarsBench& bench);

/// Held-out contrasts of null windows, of planted sets and of found ones.
void measure_contrasts(const BarsBench& bench, const std::vector<ExplainedTarget>& found);

/// What the methods that look at the data alone find of the planted sets, beside the search.
void measure_methods(const BarsBench& bench);

}  // namespace grids::core::bench
