/// What the methods share that give each feature a score of its own and take the L best.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "methods/explainer.hpp"
#include "search/starts.hpp"

namespace grids::core {

/// Evaluations that a method may spend: the budget's rest once the value of the subset that it will
/// choose is set aside, at least 0.
int64_t evaluations_left(const Objective& objective);

/// Positions of the objective's cells, ascending: all, or `count` at random if there are more.
std::vector<int32_t> some_cells(const Objective& objective, int64_t count, uint64_t stream,
                                const Context& context);

/// Calls `work` with the objective, or with the part of it, over some_cells, that the budget
/// affords at `cost` evaluations a cell; not at all where that is no cell. What the part was
/// evaluated is counted. Returns whether it was the whole.
bool on_affordable_cells(Objective& objective, int64_t cost, uint64_t stream,
                         const Context& context, const std::function<void(Objective&)>& work);

/// Adds |d_j| of every cell (Eq. 14's d_j of one cell, cell_gains) to the sums, which are indexed
/// by feature, in the order of the cells.
void add_absolute_gains(Objective& objective, const GradientState& state, std::span<double> sums);

/// The `count` allowed features with the highest score (indexed by feature), ties to the smaller
/// index, best first.
std::vector<Feature> highest(std::span<const double> scores, const Objective& objective,
                             int64_t count);

/// Of each feature of the model; intervals may be empty.
struct ScoredFeatures {
  std::span<const double> scores, low, high;
};

/// The explanation that `ranked` is, with its value. `before`: the evaluations when the method
/// began. The value is computed even where the budget was spent before.
Explanation conclude(Objective& objective, std::vector<Feature> ranked, int64_t before,
                     bool budget_spent, const ScoredFeatures& scored = {});

}  // namespace grids::core
