/// What is measured of one world. Each part adds to the results; bars are those of the settings'
/// capture.
#pragma once

#include <vector>

#include "base/context.hpp"
#include "cis_bars/results.hpp"
#include "cis_bars/settings.hpp"
#include "cis_bars/world.hpp"
#include "explain/explain_stage.hpp"

namespace grids::bench {

struct BarsBench {
  const World& world;
  const BarsSettings& settings;
  const Context& context;
  Results& results;
};

/// Within-type r of the fit and of the true function on test cells, and what the gates let through.
void measure_prediction(const BarsBench& bench);

/// What the search finds of the planted sets; the found sets, for their contrasts.
std::vector<ExplainedTarget> measure_search(const BarsBench& bench);

/// Held-out contrasts of null windows, of planted sets and of found ones.
void measure_contrasts(const BarsBench& bench, const std::vector<ExplainedTarget>& found);

/// What the methods that look at the data alone find of the planted sets, beside the search.
void measure_methods(const BarsBench& bench);

}  // namespace grids::bench
