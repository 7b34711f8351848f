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
/// embeddings; noise moves numbers as they are and embeddings along that difference.
///
/// Rows go through the network in batches of one fixed size, the last one filled up, since matrix
/// products of another size may round in another way. That a row's outputs depend on nothing but
/// the row is tried when the model is made: at every place of a batch, among different neighbours.
/// Where it is not so to the last bit, batches become smaller, down to single rows.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/thread_pool.hpp"
#include "io/feature_matrix.hpp"
#include "search/maskable_model.hpp"
#include "torchscript/script_module.hpp"

namespace grids::core {

class ScriptModel : public MaskableModel {
 public:
  /// `replacement`: p of each feature. `pool` must outlive the model. Throws Error(kInput)
  /// when the network does not take the rows, when an id is no whole number, and when
  /// outputs are not finite.
  ScriptModel(ScriptModule module, FeatureMatrix rows, std::vector<float> replacement,
              ThreadPool& pool);

  ModelShape shape() const override;
  std::unique_ptr<MaskState> begin(std::span<const Feature> subset, std::span<const int32_t> cells,
                                   std::span<const int32_t> outputs) const override;
  std::vector<Feature> differing(int32_t cell) const override;
  void predict(std::span<const MaskedCell> rows, std::span<const int32_t> outputs,
               const PredictionSink& sink) const override;
  std::unique_ptr<GradientState> begin_relaxed(std::span<const int32_t> cells,
                                               std::span<const int32_t> outputs,
                                               const Relaxation& relaxation) const override;

  /// Rows that go through the network at once: 1 where a row's outputs depend on its neighbours.
  int64_t batch_rows() const { return batch_; }

 private:
  friend class ScriptState;

  /// What the network is to be given as a row: a cell, its masked features (with an edit), and
  /// at most one of noise and gates.
  struct Row {
    int32_t cell = 0;
    std::span<const Feature> subset = {};
    Edit edit = {};
    const Noise* noise = nullptr;
    const CellGates* gates = nullptr;
  };

  int64_t features() const { return rows_.features; }
  const float* values(int32_t cell) const;
  bool differs(int32_t cell, Feature feature) const;
  /// Embedded; `row(i)` for i < count ≤ batch.
  at::Tensor batch_of(int64_t count, const std::function<Row(int64_t)>& row) const;
  void add_noise(const Row& row, float* embedded) const;
  void apply_gates(const Row& row, float* embedded) const;
  /// Calls `sink(first, outputs of rows first, first + 1, …)` from several threads.
  void run(int64_t count, std::span<const int32_t> outputs, const std::function<Row(int64_t)>& row,
           const PredictionSink& sink) const;
  /// Calls `sink(i, gains of row i)` for the rows of one batch, a number a feature.
  void gains_of(int64_t count, const std::function<Row(int64_t)>& row, const at::Tensor& cotangent,
                const std::function<void(int64_t, std::span<const float>)>& sink) const;
  int64_t tried_batch();
  bool is_sound(int64_t batch);

  ScriptModule module_;
  FeatureMatrix rows_;
  std::vector<float> replacement_;
  ThreadPool& pool_;
  at::Tensor replaced_;  ///< 1 × features (× size): e(p)
  int64_t outputs_ = 0;
  int64_t batch_ = 1;
};

}  // namespace grids::core
