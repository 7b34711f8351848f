/// The seam between a model and everything that searches it.
///
/// A maskable model maps cells × features to outputs and knows, for each feature, the perturbation
/// value p that a mask puts in its place (paper, Eq. 12). Searches and explanation methods see only
/// this: features, cells, outputs, masks. They know neither chromatin nor torch.
///
/// To make another kind of model searchable, write the two classes: `begin` computes the outputs of
/// some cells under a subset of masked features; the state answers what single edits would change.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "search/measure.hpp"

namespace grids::core {

using Feature = int32_t;
inline constexpr Feature kNoFeature = -1;

/// A change of a subset: a swap; only `in` = add; only `out` = drop.
struct Edit {
  Feature out = kNoFeature;
  Feature in = kNoFeature;
};

struct ModelShape {
  int32_t cells = 0;
  int32_t features = 0;
  int32_t outputs = 0;
};

/// Rows of outputs that need not lie side by side.
class OutputRows {
 public:
  OutputRows(std::span<const float* const> rows, size_t width) : rows_(rows), width_(width) {}

  size_t size() const { return rows_.size(); }
  std::span<const float> operator[](size_t i) const { return {rows_[i], width_}; }

 private:
  std::span<const float* const> rows_;
  size_t width_;
};

/// Receives what an edit changes: the positions (in the state's cell list, ascending) of the cells
/// that it touches and their outputs after it, a row a position. Called once for each edit, in any
/// order and *from several threads at a time*: what it is told of an edit depends on that edit
/// alone, and so should what it writes.
using EditSink =
    std::function<void(size_t edit, std::span<const int32_t> positions, const OutputRows& outputs)>;

/// Receives what masking one more feature would change: how many cells it touches, and for each
/// number of the measure Σ over those cells of (after − before). Called once for each feature, in
/// the order of the features, on the calling thread.
using ChangeSink =
    std::function<void(size_t feature, int64_t touched, std::span<const double> changes)>;

/// One cell under a mask of its own.
struct MaskedCell {
  int32_t cell = 0;                 ///< of the model
  std::span<const Feature> subset;  ///< masked features, ascending, each once
};

/// Receives the outputs of rows `first`, first + 1, …, before any clamp: rows × outputs. Every row
/// is told once, blocks of them from several threads at a time.
using PredictionSink = std::function<void(size_t first, std::span<const float> outputs)>;

/// Receives the gains of one cell (by its position): those of the features with x ≠ p, ascending;
/// all others are zero. Called once for each position, from several threads at a time.
using CellGainSink = std::function<void(size_t position, std::span<const Feature> features,
                                        std::span<const float> gains)>;

/// Normal noise that is added to every unmasked x_j, independently. A cell's noise depends on seed,
/// copy and cell alone.
struct Noise {
  double deviation = 0;  ///< standard deviation
  uint64_t seed = 0;
  uint64_t copy = 0;
};

/// How far some features of one cell are on the way from their unmasked value to p: 0 = unmasked, 1
/// = masked. All other features are unmasked. What it points to must outlive the state that it
/// gates.
struct CellGates {
  std::span<const Feature> features;  ///< ascending, each once
  std::span<const float> gates;       ///< in [0, 1], one a feature
};

/// What leaves the cells between unmasked and masked: noise, or gates, one entry a cell. With gates
/// x_j + g_j (p_j − x_j) stands in the place of x_j, x_j unmasked.
using Relaxation = std::variant<Noise, std::span<const CellGates>>;

/// The outputs of some cells and their gradient.
class GradientState {
 public:
  virtual ~GradientState() = default;

  /// cells × outputs, in the order given to `begin`, *before* any clamp at zero (losses clamp, so
  /// that gradients of clamped cells stay defined).
  virtual std::span<const float> outputs() const = 0;

  /// For every cell and feature j: ⟨∂(cotangent · outputs)/∂x_j, p_j − x_j⟩ with x_j the *unmasked*
  /// value (Eq. 14's d_j of one cell). `cotangent` is cells × outputs.
  virtual void cell_gains(std::span<const float> cotangent, const CellGainSink& sink) const = 0;
};

/// Some cells under one subset of masked features. Equal, to the last bit, to a state freshly begun
/// with the same subset, whatever its history. Not thread-safe: one for each beam entry or thread.
class MaskState : public GradientState {
 public:
  /// The masked features, ascending.
  virtual std::span<const Feature> subset() const = 0;

  /// The outputs that each edit would lead to, for the cells that it touches only.
  virtual void outputs_after(std::span<const Edit> edits, const EditSink& sink) const = 0;

  /// The summed changes that masking each of these features, alone and in addition to the subset,
  /// would make. Added up in double over the touched cells in the order of their positions, so that
  /// the numbers of a feature depend neither on the threads nor on the other features. The default
  /// rests on `outputs_after`; a model that can add up without keeping every row should.
  virtual void summed_changes(std::span<const Feature> features, const Measure& measure,
                              const ChangeSink& sink) const;

  virtual void apply(Edit edit) = 0;

  /// The same subset over some of the cells (distinct positions in the cell list, in any order),
  /// for much less than `begin` costs.
  virtual std::unique_ptr<MaskState> on(std::span<const int32_t> positions) const = 0;

  /// `cell_gains`, summed over the cells, for every feature; zero where all cells have x_j = p_j.
  virtual void gains(std::span<const float> cotangent, std::span<double> gains) const = 0;

  /// The same for some features (ascending, each once) at least; `gains` has room for every
  /// feature, and what is written of the others means nothing. The default is `gains`; a model that
  /// can do few features for less should, and give the same bits.
  virtual void gains_of(std::span<const float> cotangent, std::span<const Feature> features,
                        std::span<double> gains) const;
};

/// Immutable and thread-safe.
class MaskableModel {
 public:
  virtual ~MaskableModel() = default;

  virtual ModelShape shape() const = 0;

  /// `cells` and `outputs` are indices below `shape()`; `subset` has no duplicates.
  virtual std::unique_ptr<MaskState> begin(std::span<const Feature> subset,
                                           std::span<const int32_t> cells,
                                           std::span<const int32_t> outputs) const = 0;

  /// The features whose mask changes a cell, that is, those with x ≠ p: ascending. The default asks
  /// a state for gains.
  virtual std::vector<Feature> differing(int32_t cell) const;

  /// The outputs of cells under masks of their own, equal to the last bit to those of a state begun
  /// with the row's subset. The default begins one for each row.
  virtual void predict(std::span<const MaskedCell> rows, std::span<const int32_t> outputs,
                       const PredictionSink& sink) const;

  /// Cells under no mask but with noise or gates on their features. A gain is the derivative with
  /// respect to the gate (of 0, with noise). Where all gates are 0 or 1, outputs and gains equal
  /// those under the subset to the last bit. Throws Error(kUsage) for what the model does not take:
  /// by default, both.
  virtual std::unique_ptr<GradientState> begin_relaxed(std::span<const int32_t> cells,
                                                       std::span<const int32_t> outputs,
                                                       const Relaxation& relaxation) const;
};

}  // namespace grids::core
