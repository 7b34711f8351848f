/// The chosen cells as a search sees them; shared by checks and timings.
#pragma once

#include <cstdint>
#include <vector>

#include "cells.hpp"
#include "model/surrogate_model.hpp"
#include "search/coordinate_descent.hpp"

namespace grids::core::bench {

/// The weight of the second term where there is one. Only that it is above 0 matters for the cost.
inline constexpr double kBeta = 0.5;

/// What a masked peak becomes in every cell: closed, or its mean over the cells.
enum class Replaced : uint8_t { kClosed, kMean };

/// A model of the chosen cells: model cell i is `cells.cells[i]`.
SurrogateModel make_model(const Cells& cells, ThreadPool& pool,
                          Replaced replaced = Replaced::kClosed);

/// All cells of the model, objective `rate`.
Objective make_search(const SurrogateModel& model, int32_t target, double beta);

/// Search options with L, k and the rule of the design; all cells unless a batch is given.
SearchOptions search_options(const Sizes& sizes);

/// Indices of all cells and of all genes of the model.
std::vector<int32_t> all_cells(const SurrogateModel& model);
std::vector<int32_t> all_genes(const SurrogateModel& model);

/// `count` cells of the model, ascending; another draw for each `number`.
std::vector<int32_t> draw_batch(const SurrogateModel& model, int64_t count, uint64_t seed,
                                uint64_t number);

/// `count` different peaks.
std::vector<Feature> draw_subset(const SurrogateModel& model, int64_t count, uint64_t seed);

/// A coordinate step and where its time went, in seconds.
struct TimedStep {
  CoordinateStep step;
  double state = 0;       ///< the batch's cells taken out of the state of all, and their value
  double gains = 0;       ///< d_j of all peaks
  double candidates = 0;  ///< choosing the k best, and their exact values
  double seconds() const { return state + gains + candidates; }
};

/// One whole coordinate step on a batch, as the search makes it from the state of all cells.
TimedStep step_on_batch(const Objective& objective, const MaskState& everywhere,
                        const std::vector<int32_t>& batch, const std::vector<Feature>& subset,
                        size_t coordinate, const SearchOptions& options);

/// Rows of the tail that such a step needs at least: a candidate's open cells, once each.
int64_t rows_of_step(const SurrogateModel& model, const std::vector<int32_t>& batch,
                     const std::vector<Feature>& candidates);

}  // namespace grids::core::bench
