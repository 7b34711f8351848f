/// The clock: fast paths beside the dense formulation and beside their floors.
#pragma once

#include "cells.hpp"
#include "figures.hpp"
#include "machine.hpp"

namespace grids::core::bench {

/// What every timing is handed.
struct Bench {
  const Cells& cells;
  const Settings& settings;
  const Sizes& sizes;
  const Machine& machine;
  const Context& context;
  Figures& figures;
};

/// step_ms, beta_step_ms, dense_step_s, step_ratio.
void time_steps(const Bench& bench);
/// step_cis_ratio and the same at beta > 0; checks that states with a cis path equal freshly begun
/// ones after all these steps.
void time_cis(const Bench& bench);
/// search_l10_s, search_l128_s.
void time_searches(const Bench& bench);
/// train_ms, dense_train_s, train_ratio.
void time_training(const Bench& bench);
/// schedule_h, and milliseconds a step of each stage.
void time_schedule(const Bench& bench);
/// knockout_s, knockout_all_s, writing included.
void time_knockout(const Bench& bench);
/// How the cost of a coordinate step grows when one size is doubled and the others stay.
void time_growth(const Bench& bench);
/// explain_peak_mb, train_peak_mb, of the real programs.
void measure_memory(const Bench& bench);

}  // namespace grids::core::bench
