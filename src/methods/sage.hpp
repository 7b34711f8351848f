/// SAGE (Covert et al. 2020, "Understanding global feature contributions with additive importance
/// measures") by permutation sampling: Shapley values of the objective, over the cells.
///
/// A permutation draws one of the cells and an order of the allowed features, the players. In
/// Covert's account players join an empty coalition in that order; a player's contribution is what
/// changes when it joins. A player outside the coalition is masked: it takes its perturbation value
/// (as published for this comparison; SAGE itself draws it from other cells). The value of a player
/// is the mean of its contributions.
///
/// *Cut permutations* (as published for this comparison, L players): only the last players of the
/// order are evaluated, those that join when all others are in the coalition already. Read from the
/// end, the last player alone is masked, then the last two, up to the last L. So contributions are
/// averaged over coalitions that lack fewer than L players, and a permutation costs L evaluations
/// in place of one a feature. Whole permutations give Shapley values, which sum to what masking
/// everything changes.
///
/// A player that does not differ from its perturbation value in the cell (x = p) contributes
/// exactly 0 and is not computed, but it costs an evaluation all the same.
#pragma once

#include <cstdint>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "search/objective.hpp"

namespace grids::core {

struct SageOptions {
  /// Most permutations. Larger values shrink the errors with the square root; the budget may reduce
  /// them.
  int64_t permutations = 256'000;
  /// Players evaluated of each permutation; 0 = as many as the subset has members, as published. As
  /// many as there are features, or more, are whole permutations.
  int64_t players = 0;
  /// Permutations between two looks at the convergence.
  int64_t batch = 512;
  /// Converged: the largest standard error is at most this share of the range of the values
  /// (Covert's 0.025). Larger values stop earlier; 0 = never.
  double threshold = 0.025;

  void describe(OptionSet& set);
};

struct SageValues {
  /// Of each feature of the model: mean change of the objective by masking it in one cell
  /// (CellChanges; lower is better). 0 for features that were never drawn.
  std::vector<double> values;
  /// Their standard errors; infinite for features drawn less than twice.
  std::vector<double> errors;
  std::vector<int64_t> draws;  ///< permutations in which the feature was evaluated
  int64_t permutations = 0;
  bool converged = false;
  bool budget_spent = false;  ///< before convergence and the last permutation
};

/// `members` stands for `players` = 0. Keeps the value of one subset in the budget.
SageValues sage_values(Objective& objective, int64_t members, const SageOptions& options,
                       uint64_t stream, const Context& context);

}  // namespace grids::core
