/// A model that is two functions of rows, as a maskable model (search/row_model.hpp).
///
/// The gain of cell i and feature j is G_ij (p_j − x_ij), with G the gradient of ⟨cotangent,
/// outputs⟩. Gates move x_ij along p_j − x_ij. The functions are called one batch after the other,
/// never two at a time.
#pragma once

#include <mutex>
#include <span>
#include <vector>

#include "grids/commands.hpp"
#include "io/feature_matrix.hpp"
#include "search/row_model.hpp"

namespace grids {

class FunctionModel final : public core::RowModel {
 public:
  /// `rows` and `model` must outlive it. Throws Error(kInput) where outputs are not finite.
  FunctionModel(const OwnModel& model, const core::FeatureMatrix& rows,
                std::vector<float> replacement);

 private:
  std::vector<float> outputs_of(int64_t count, const RowOf& row) const override;
  void gains_of(int64_t count, const RowOf& row, std::span<const float> cotangent,
                const RowGains& sink) const override;
  void fill(const Row& row, std::span<float> to) const;
  /// Batch × features; rows beyond `count` repeat the last.
  std::vector<float> batch_of(int64_t count, const RowOf& row) const;

  const OwnModel& model_;
  mutable std::mutex one_at_a_time_;
};

}  // namespace grids
