/// The outputs of a model's cells under one set of masked peaks after the other, for who keeps none
/// of them: only the rows that a set touches are computed, from what was kept of the unmasked
/// cells.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/surrogate_model.hpp"

namespace grids::core {

/// Immutable and thread-safe. Every row has the bits of a state begun with the same set.
class SetOutputs {
 public:
  /// `model` must outlive this.
  SetOutputs(const SurrogateModel& model, std::span<const int32_t> outputs);

  int64_t cells() const { return model_.shape().cells; }
  int64_t width() const { return outputs_->layer->size(); }

  /// Before any clamp, of some cells [begin, end): cells × outputs.
  std::vector<float> unmasked(int64_t begin, int64_t end) const;
  std::vector<float> unmasked() const { return unmasked(0, cells()); }

  /// Rows of some cells.
  struct Rows {
    std::vector<int32_t> cells;  ///< ascending
    std::vector<float> outputs;  ///< before any clamp, cells × outputs
  };
  /// Of the cells that a set (distinct peaks, in any order) touches, that is, in which one of its
  /// peaks has x ≠ p.
  Rows masked(std::span<const Feature> set) const;

 private:
  struct Masks;

  /// Outputs of `rows` rows from their latents and fixed parts (a pointer each).
  void predict(int64_t rows, std::vector<float>& latents, std::span<const float* const> fixed,
               float* out) const;

  const SurrogateModel& model_;
  std::shared_ptr<const ModelOutputs> outputs_;
  std::vector<float> fixed_;  ///< cells × stride of the cis outputs, unmasked
};

/// The outputs of one gene on all cells, clamped at 0, from those of the unmasked cells (clamped,
/// too) and the rows of a set.
std::vector<float> clamped_after(std::span<const float> before, const SetOutputs::Rows& rows);
void clamp(std::vector<float>& outputs);

}  // namespace grids::core
