/// Some cells of a RowModel under one subset of masked features.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "search/row_model.hpp"

namespace grids::core {

class RowState final : public MaskState {
 public:
  RowState(const RowModel& model, std::span<const Feature> subset, std::span<const int32_t> cells,
           std::span<const int32_t> outputs);
  /// Without masked features, but with noise or gates: of these only `outputs` and `cell_gains` may
  /// be asked.
  RowState(const RowModel& model, std::span<const int32_t> cells, std::span<const int32_t> outputs,
           const Relaxation& relaxation);

  std::span<const Feature> subset() const override { return subset_; }
  std::span<const float> outputs() const override { return outputs_; }
  void outputs_after(std::span<const Edit> edits, const EditSink& sink) const override;
  void apply(Edit edit) override;
  std::unique_ptr<MaskState> on(std::span<const int32_t> positions) const override;
  void gains(std::span<const float> cotangent, std::span<double> gains) const override;
  void cell_gains(std::span<const float> cotangent, const CellGainSink& sink) const override;

 private:
  RowModel::Row row(int64_t position) const;
  /// Computes the outputs at these positions.
  void renew(std::span<const int32_t> positions);
  /// Positions at which an edit puts another value in, ascending.
  std::vector<int32_t> touched(Edit edit) const;

  const RowModel& model_;
  std::vector<Feature> subset_;
  std::vector<int32_t> cells_;
  std::vector<int32_t> chosen_;  ///< outputs of the model
  std::optional<Noise> noise_;
  std::vector<CellGates> gates_;  ///< one a cell, or none
  std::vector<float> outputs_;    ///< cells × chosen
};

}  // namespace grids::core
