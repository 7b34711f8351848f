/// A model, the cells that count, and what is to be minimised over subsets of features: all that a
/// search sees.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "search/block_sums.hpp"
#include "search/loss.hpp"
#include "search/maskable_model.hpp"

namespace grids::core {

struct Objective {
  const MaskableModel* model = nullptr;
  std::vector<int32_t> cells;    ///< of the model
  std::vector<int32_t> outputs;  ///< of the model; the first is the target
  Loss loss;                     ///< over these cells and outputs
  std::vector<Feature> allowed;  ///< features that may be masked, ascending, each once
  /// Model evaluations so far: one is one cell under one mask, counted whether or not the mask
  /// touches the cell; a gradient counts three a cell. Every function below adds to it, but not the
  /// unmasked outputs of make_objective, which all methods share.
  int64_t evaluations = 0;
  /// What `evaluations` may reach: methods look before they compute.
  int64_t budget = std::numeric_limits<int64_t>::max();

  /// Whether so many more are within the budget.
  bool affords(int64_t more) const { return more <= budget - evaluations; }
  int64_t cell_count() const { return static_cast<int64_t>(cells.size()); }

  /// The same objective over some of the cells (positions in `cells`), with a counter of its own
  /// and no budget.
  Objective on(std::span<const int32_t> positions) const;
};

/// Of a gradient, a cell.
inline constexpr int64_t kGradientEvaluations = 3;

struct ObjectiveInput {
  std::vector<int32_t> cells;
  int32_t target = 0;
  /// Features that may be masked, each once; empty = all.
  std::vector<Feature> allowed;
  /// Outputs that the second term of the loss leaves out (beta > 0).
  std::vector<int32_t> left_out;
  /// Observed values, cells × all outputs of the model; read only with observed reference.
  std::span<const float> observed;
};

/// Computes the unmasked outputs of the cells and binds the loss to them; all outputs of the model
/// where the loss reads them, else only the target. Throws as make_loss does.
Objective make_objective(const MaskableModel& model, const ObjectiveInput& input,
                         const LossOptions& options);

/// A state of the objective's cells and outputs.
std::unique_ptr<MaskState> begin(const Objective& objective, std::span<const Feature> subset);

double value(Objective& objective, const MaskState& state);

/// The values that single edits of the state's subset would give: equal to the last bit to `value`
/// of the state after the edit.
std::vector<double> values_after(Objective& objective, const MaskState& state,
                                 std::span<const Edit> edits);

/// Eq. 14's d_j of the features that may be masked: what masking each would add to the value, to
/// first order. Lower is better. By feature of the model; entries of features that may not be
/// masked mean nothing.
std::vector<double> gains(Objective& objective, const MaskState& state);

/// The same, cell by cell; the cells' gains add up to `gains`. `state` is over the objective's
/// cells and outputs.
void cell_gains(Objective& objective, const GradientState& state, const CellGainSink& sink);

/// What the value would change by if one cell's outputs were others and all other cells stayed
/// unmasked: the share of a single cell in the objective, whatever the loss. Small changes add up
/// over cells. Must not outlive the objective.
class CellChanges {
 public:
  /// Computes the unmasked outputs, which is not counted.
  explicit CellChanges(const Objective& objective);

  /// One number a row. `positions` of the rows in the objective's cells; `outputs` before the
  /// clamp, rows × outputs.
  std::vector<double> operator()(std::span<const int32_t> positions,
                                 std::span<const float> outputs) const;

 private:
  const Loss& loss_;
  BlockSums unmasked_;
  double value_;  ///< unmasked
};

/// One of the objective's cells (a position) under a mask of its own.
struct MaskedPosition {
  int32_t position = 0;
  std::span<const Feature> subset;  ///< ascending, each once
};

/// The `CellChanges` of each row.
std::vector<double> cell_changes(Objective& objective, const CellChanges& changes,
                                 std::span<const MaskedPosition> rows);

/// Row `coordinate` of the transition matrix (Eq. 14, lower is better) for every feature:
/// 1[j ∉ r] d_j − 1[j ≠ r_i] d_{r_i}, with r = `coordinates`.
std::vector<double> transition_row(std::span<const double> gains,
                                   std::span<const Feature> coordinates, size_t coordinate);

/// The `count` features among `allowed` (ascending, each once) with the lowest score (indexed by
/// feature), ties to the smaller index, best first.
std::vector<Feature> lowest(std::span<const double> scores, std::span<const Feature> allowed,
                            int64_t count);

}  // namespace grids::core
