/// What a search minimises: a number for the outputs of some cells under a mask, compared with the
/// same cells unmasked (design, "The objective"; paper, Eq. 11).
///
/// The first output is the target; the others are read only when beta > 0. F stands for a
/// prediction clamped at 0, on the scale log1p of counts per 100,000, F⁰ for the unmasked one; the
/// rate is expm1(F). Sums run over the cells.
///
/// - `rate`:  ± (Σ rate_i / Σ rate⁰_i)² + β Σ_j w_j (Σ rate_j / Σ rate⁰_j − 1)²
///            with w_j = Σ rate⁰_j / Σ_k Σ rate⁰_k: a cell near zero cannot dominate.
/// - `eq11`:  mean over cells of ± (F_i / ref_i)² + β · mean_j ((F_j − F⁰_j) / ref_j)²,
///            ref = max(F⁰, floor), floor = 1 % of the output's mean F⁰ over the cells; or, with
///            observed reference y, (F_i / y_i)² + β · mean_j (F_j / y_j − 1)² over the cells with
///            y_i > 0 and, in each, the j with y_j > 0.
/// - `value`: ± mean F_i (the published code).
///
/// For models that predict no expression (f is an output, *not* clamped):
/// - `cross-entropy`: ± mean −log softmax(f)_target, over all outputs of the model: what is lowered
///            when the target becomes the class that is read.
/// - `output`: ± mean f_target.
///
/// ± is + to lower the target and − to raise it; only the target's term changes its sign. Outputs
/// whose mean F⁰ is 0 have no relative change and are left out of the second terms.
///
/// Gradients are taken before the clamp, with F at least at 0 (`eq11`: at least at the floor), so
/// that a cell at 0 neither misleads nor falls silent.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/described.hpp"

namespace grids::core {

enum class LossKind : uint8_t { kRate, kEq11, kValue, kCrossEntropy, kOutput };
enum class Direction : uint8_t { kDown, kUp };
enum class LossReference : uint8_t { kPredicted, kObserved };

struct LossOptions {
  LossKind kind = LossKind::kRate;
  /// Whether the target (its cross-entropy, where that is the kind) is to fall or to rise.
  Direction direction = Direction::kDown;
  /// Weight of the second term, which asks that other outputs stay where they are. Larger values
  /// forbid side effects more strictly; above 0 every output is computed, which costs time. Ignored
  /// by `value`.
  double beta = 0;
  /// `eq11` only: what predictions are divided by.
  LossReference reference = LossReference::kPredicted;
  /// `eq11` only: the least reference, as a share of the output's mean unmasked prediction. Larger
  /// values weaken cells whose prediction is near 0.
  double floor_share = 0.01;

  void describe(OptionSet& set);
};

/// "rate", "eq11", "value", "cross-entropy", "output".
const char* loss_name(LossKind kind);

/// Whether it reads every output of a cell, and not only the target.
bool reads_all_outputs(const LossOptions& options);

/// The unmasked cells. Rows are cells; `before` is before the clamp.
struct LossInput {
  int64_t outputs = 0;
  std::span<const float> before;      ///< cells × outputs
  std::span<const float> observed;    ///< cells × outputs; read only with observed reference
  std::span<const uint8_t> left_out;  ///< outputs: 1 = not in the second term; may be empty
};

/// A loss bound to its cells, as arrays. It is a function, `loss_finish`, of sums over the cells of
/// their terms, so that the value after a swap needs new terms only for the cells that the swap
/// touches. Terms are those of a block of cells at once, so that another device can take the work.
/// Cells are numbered as in LossInput; F⁰, w and ref are those of the equations above.
struct Loss {
  LossKind kind = LossKind::kRate;
  int64_t cells = 0;
  int64_t outputs = 0;        ///< of a cell
  int64_t terms = 1;          ///< numbers a cell
  int64_t counted_cells = 0;  ///< all, but for `eq11` with observed reference
  double sign = 1;            ///< of the target's term: 1 = it is to fall, −1 = to rise
  double beta = 0;

  /// `rate` and `eq11`: cells × outputs, what outputs are held against: before the clamp, or
  /// observed.
  std::vector<float> start;

  // `rate` only.
  std::vector<uint8_t> left_out;     ///< outputs: 1 = not in the second term
  std::vector<double> rates_before;  ///< terms: Σ rate⁰ over the cells
  std::vector<double> weights;       ///< terms: w; 0 for the target and for those left out

  // `eq11` only.
  bool observed = false;             ///< the reference is observed: 0 stands for "not there"
  double target_floor = 0;           ///< 1 % (`floor_share`) of the target's mean F⁰
  std::vector<double> references;    ///< cells: ref of the target; 0 where the cell is not counted
  std::vector<uint8_t> below_floor;  ///< cells: 1 = F⁰ of the target lies below the floor
  std::vector<double> least;         ///< outputs: least ref, infinite for those left out; beta > 0
  std::vector<int64_t> taking_part;  ///< cells: outputs in their second term; beta > 0
};

/// Throws Error(kInput) when the target of a rate, eq11 or value has nothing to change: predicted
/// to be 0 in every cell (no cell with expression, for observed reference).
Loss make_loss(const LossInput& input, const LossOptions& options);

/// The same loss over some of the cells; floors stay those of all.
Loss loss_on(const Loss& loss, std::span<const int32_t> cells);

/// The terms of some cells, cells × terms, from their outputs before the clamp, cells × outputs. A
/// cell's terms depend on no other cell.
void loss_terms(const Loss& loss, std::span<const int32_t> cells, std::span<const float> outputs,
                std::span<double> terms);

/// The value from the sums of the terms over all cells (block_sums.hpp).
double loss_finish(const Loss& loss, std::span<const double> sums);

/// The gradient of the value with respect to the outputs of all cells: cells × outputs.
void loss_cotangent(const Loss& loss, std::span<const float> outputs, std::span<const double> sums,
                    std::span<float> cotangent);

/// Cells whose unmasked prediction of the target lies below the floor (`eq11`, else 0).
int64_t cells_below_floor(const Loss& loss);

}  // namespace grids::core
