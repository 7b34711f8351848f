/// Any differentiable model, a TorchScript file over an input matrix, as a maskable model
/// (search/maskable_model.hpp): what searches and explanation methods see of it.
///
/// Rows are cells. Masking a feature puts p_j in the place of x_j: a number, or for inputs that are
/// ids, another id. With e(x) what the network's `forward` takes of a feature, x itself or its
/// embedding, the gain of cell i and feature j is
///
///     d_ij = ⟨∂(cotangent · outputs)/∂e_ij, e(p_j) − e(x_ij)⟩,
///
/// for numbers G_ij (p_j − x_ij). Gates move e(x_ij) along e(p_j) − e(x_ij), for numbers as for
/// embeddings; noise moves numbers as they are and embeddings along that difference. Batches run
/// side by side on the pool.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/thread_pool.hpp"
#include "io/feature_matrix.hpp"
#include "search/row_model.hpp"
#include "torchscript/script_module.hpp"

namespace grids::core {

class ScriptModel final : public RowModel {
 public:
  /// `replacement`: p of each feature. `pool` must outlive the model. Throws Error(kInput)
  /// when the network does not take the rows, when an id is no whole number, and when
  /// outputs are not finite.
  ScriptModel(ScriptModule module, FeatureMatrix rows, std::vector<float> replacement,
              ThreadPool& pool);

 private:
  std::vector<float> outputs_of(int64_t count, const RowOf& row) const override;
  void gains_of(int64_t count, const RowOf& row, std::span<const float> cotangent,
                const RowGains& sink) const override;
  /// Embedded; rows beyond `count` repeat the last.
  at::Tensor batch_of(int64_t count, const RowOf& row) const;
  void add_noise(const Row& row, float* embedded) const;
  void apply_gates(const Row& row, float* embedded) const;

  ScriptModule module_;
  FeatureMatrix matrix_;  ///< what rows() points to
  at::Tensor replaced_;   ///< 1 × features (× size): e(p)
};

}  // namespace grids::core
