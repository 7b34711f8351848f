/// FIMAP (Chapman-Rounds, Bhatt, Pazos, Schulz & Georgatzis 2021, "FIMAP: Feature importance by
/// minimal adversarial perturbation", AAAI): a network learns, for every cell, the smallest
/// perturbation that takes the model's output to the goal.
///
/// In the original a perturbation is a gate and a value for each feature; here the value is given,
/// the perturbation value p, and only the gates are learnt. A network (gate_network.hpp) reads
/// which features of a cell differ from p and gives each a logit; the gate is a binary concrete
/// sample (Maddison et al. 2017) σ((logit + logistic noise) / T), T falling from 1 to 0.1, and puts
/// x + gate · (p − x) in the place of x. Minimised by Adam, on batches of cells:
///
///     objective of the gated cells + weight · mean number of gates a cell
///
/// with the model's gradient at the gated cells (MaskableModel::begin_relaxed). The weight is
/// sought, a round of training from fresh weights each, until L gates stay open (logit > 0) on
/// average, or until it is clear that they never will: where fewer features matter at all, no
/// weight opens more.
///
/// A feature's score is the mean over all cells of −log P(gate closed) = log(1 + exp(logit)): how
/// unlikely it is that the feature is left alone in all of them. The mere share of cells with an
/// open gate would rank what is open nearly everywhere before what is decisive where it is.
///
/// Nothing of this is published for the comparison of the paper; the settings are ours.
#pragma once

#include <cstdint>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "search/objective.hpp"

namespace grids::core {

struct FimapOptions {
  /// Steps of Adam in a round. Larger values settle the gates better and cost 3 evaluations a cell
  /// of the batch each; the budget may reduce them.
  int64_t steps = 300;
  /// Most rounds, each with another weight. Larger values come closer to L gates.
  int64_t rounds = 8;
  /// Cells of a step. Larger values make steadier gradients and cost in proportion.
  int64_t batch = 64;
  /// Of Adam. Larger values move the gates faster and less surely.
  double rate = 0.03;

  void describe(OptionSet& set);
};

struct FimapGates {
  std::vector<double> scores;  ///< of each feature of the model, ≥ 0
  double open = 0;             ///< gates open on average, a cell
  double weight = 0;           ///< of the number of gates
  int64_t rounds = 0;
  bool reduced = false;  ///< by the budget
};

/// Keeps the value of one subset in the budget. Throws Error(kUsage) for models without gates.
FimapGates fimap_gates(Objective& objective, int64_t members, const FimapOptions& options,
                       uint64_t stream, const Context& context);

}  // namespace grids::core
