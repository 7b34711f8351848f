/// Fast paths against the dense formulation, at full size. Nothing is timed that is not right.
#pragma once

#include "cells.hpp"
#include "check_list.hpp"
#include "dense_formulation.hpp"
#include "figures.hpp"
#include "search_problem.hpp"

namespace grids::core::bench {

/// What every check is handed.
struct CheckBench {
  const Cells& cells;
  const Sizes& sizes;
  const Context& context;
  const SurrogateModel& model;    ///< of the chosen cells
  const DenseFormulation& dense;  ///< of all cells of the study
  CheckList& list;
  Figures& figures;
};

/// Predictions, unmasked and masked; d_j of all peaks and candidate values, at β = 0 and β > 0.
void check_search(const CheckBench& bench);
/// d_j and candidate values where masked peaks become their means.
void check_replacement(const CheckBench& bench);
/// Loss and every gradient of an ATAC training step.
void check_training(const CheckBench& bench);
/// Single knock-outs against masking and predicting again; adds the figure `max_error`.
void check_knockout(const CheckBench& bench);
/// All of these, and a search, with one thread and with two, to the last bit.
void check_threads(const CheckBench& bench);

/// All checks. Throws Error(kInternal) that lists every one that failed.
void run_checks(const Cells& cells, const Sizes& sizes, const Context& context, Figures& figures);

// What several checks read.

/// The study's cells at these positions among the chosen cells.
std::vector<int32_t> study_cells(const Cells& cells, std::span<const int32_t> positions);

/// A batch of random training cells of the study.
std::vector<int32_t> training_batch(const Cells& cells, const Sizes& sizes, uint64_t seed);

/// A peak to mask and a gene to look at.
struct KnockoutPair {
  Feature peak = 0;
  int32_t gene = 0;
};
/// Random ones; the peaks are open in at least one of the chosen cells.
std::vector<KnockoutPair> draw_pairs(const SurrogateModel& model, int64_t count, uint64_t seed);

/// Changes of the mean prediction over all cells of the model, one a pair, as knock-outs get them.
std::vector<double> knockout_changes(const SurrogateModel& model,
                                     std::span<const KnockoutPair> pairs);

}  // namespace grids::core::bench
