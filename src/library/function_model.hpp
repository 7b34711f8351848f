/// A model that is two functions of rows, as a maskable model (search/maskable_model.hpp).
///
/// Rows are cells. Masking a feature puts p_j in the place of x_j; the gain of cell i and feature j
/// is G_ij (p_j − x_ij), with G the gradient of ⟨cotangent, outputs⟩. Gates move x_ij along p_j −
/// x_ij.
///
/// Rows go through the functions one batch after the other, never two at a time, in batches of one
/// fixed size, the last one filled up: that a row's outputs depend on nothing but the row is tried
/// when the model is made, and where it is not so to the last bit, batches become smaller.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "grids/commands.hpp"
#include "io/feature_matrix.hpp"
#include "search/maskable_model.hpp"

namespace grids {

class FunctionModel final : public core::MaskableModel {
 public:
  using Feature = core::Feature;

  /// `rows` and `model` must outlive it. Throws Error(kInput) where outputs are not finite.
  FunctionModel(const OwnModel& model, const core::FeatureMatrix& rows,
                std::vector<float> replacement);

  core::ModelShape shape() const override;
  std::unique_ptr<core::MaskState> begin(std::span<const Feature> subset,
                                         std::span<const int32_t> cells,
                                         std::span<const int32_t> outputs) const override;
  std::vector<Feature> differing(int32_t cell) const override;
  void predict(std::span<const core::MaskedCell> rows, std::span<const int32_t> outputs,
               const core::PredictionSink& sink) const override;
  std::unique_ptr<core::GradientState> begin_relaxed(
      std::span<const int32_t> cells, std::span<const int32_t> outputs,
      const core::Relaxation& relaxation) const override;

  /// What the functions are to be given as a row: a cell, its masked features (with an edit), and
  /// at most one of noise and gates.
  struct Row {
    int32_t cell = 0;
    std::span<const Feature> subset = {};
    core::Edit edit = {};
    const core::Noise* noise = nullptr;
    const core::CellGates* gates = nullptr;
  };
  using RowOf = std::function<Row(size_t)>;

  bool differs(int32_t cell, Feature feature) const;
  /// Calls `sink(first, outputs of rows first, first + 1, …)`, batch after batch.
  void run(size_t count, std::span<const int32_t> outputs, const RowOf& row,
           const core::PredictionSink& sink) const;
  /// Calls `sink(i, gains of row i)`, a number a feature; `cotangent`: rows × outputs.
  void gains(size_t count, std::span<const int32_t> outputs, const RowOf& row,
             std::span<const float> cotangent,
             const std::function<void(size_t, std::span<const float>)>& sink) const;

 private:
  size_t features() const { return static_cast<size_t>(rows_.features); }
  std::span<const float> values(int32_t cell) const;
  void fill(const Row& row, std::span<float> to) const;
  /// Batch × features; rows beyond `count` repeat the last.
  std::vector<float> batch_of(size_t first, size_t count, const RowOf& row) const;
  std::vector<float> outputs_of(std::span<const float> batch) const;
  size_t tried_batch();
  bool is_sound();

  const OwnModel& model_;
  const core::FeatureMatrix& rows_;
  std::vector<float> replacement_;
  size_t batch_ = 1;
  mutable std::mutex one_at_a_time_;
};

}  // namespace grids
