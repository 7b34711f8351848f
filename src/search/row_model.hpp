/// A model that is a function of rows, as a maskable model: what a user's own model is, whether a
/// TorchScript file or a function in Python.
///
/// Rows are cells. Masking a feature puts p_j in the place of x_j. A batch of rows goes through the
/// function at once, of one fixed size, the last one filled up, since matrix products of another
/// size may round in another way. That a row's outputs depend on nothing but the row is tried when
/// the model is made: at every place of a batch, among different neighbours. Where it is not so to
/// the last bit, batches become smaller, down to single rows.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/thread_pool.hpp"
#include "search/maskable_model.hpp"

namespace grids::core {

/// Cells × features, row by row, and p of each feature. What `values` points to must outlive its
/// user.
struct MaskableRows {
  std::span<const float> values;
  int64_t rows = 0;
  int64_t features = 0;
  std::vector<float> replacement;
  std::string source;  ///< in errors; may be empty
};

class RowModel : public MaskableModel {
 public:
  ModelShape shape() const override;
  std::unique_ptr<MaskState> begin(std::span<const Feature> subset, std::span<const int32_t> cells,
                                   std::span<const int32_t> outputs) const override;
  std::vector<Feature> differing(int32_t cell) const override;
  void predict(std::span<const MaskedCell> rows, std::span<const int32_t> outputs,
               const PredictionSink& sink) const override;
  std::unique_ptr<GradientState> begin_relaxed(std::span<const int32_t> cells,
                                               std::span<const int32_t> outputs,
                                               const Relaxation& relaxation) const override;

  /// Rows that go through the function at once: 1 where a row's outputs depend on its neighbours.
  int64_t batch_rows() const { return batch_; }

 protected:
  /// What the function is to be given as a row: a cell, its masked features (with an edit), and at
  /// most one of noise and gates.
  struct Row {
    int32_t cell = 0;
    std::span<const Feature> subset = {};
    Edit edit = {};
    const Noise* noise = nullptr;
    const CellGates* gates = nullptr;
  };
  using RowOf = std::function<Row(int64_t)>;
  /// The gains of row i of a batch, a number a feature.
  using RowGains = std::function<void(int64_t i, std::span<const float> gains)>;

  /// `pool`: batches run side by side on it; without one, one after the other. It must outlive the
  /// model. Throws Error(kInput) where there is not one replacement a feature.
  RowModel(std::string name, MaskableRows rows, ThreadPool* pool);

  /// For constructors, when the function can be called: how many outputs it has, and which batch is
  /// sound.
  void settle(int32_t outputs);

  /// All outputs of `batch_rows()` rows, of which the first `count` are asked for: batch × outputs.
  virtual std::vector<float> outputs_of(int64_t count, const RowOf& row) const = 0;
  /// Calls `sink` for the first `count` rows of a batch; `cotangent`: batch × outputs.
  virtual void gains_of(int64_t count, const RowOf& row, std::span<const float> cotangent,
                        const RowGains& sink) const = 0;

  const std::string& name() const { return name_; }
  const MaskableRows& rows() const { return rows_; }
  int64_t features() const { return rows_.features; }
  std::span<const float> values(int32_t cell) const;
  /// x with its masks: those of the subset and its edit, and of shut gates, which are masks to the
  /// last bit. Neither noise nor other gates.
  void put_masked(const Row& row, std::span<float> to) const;

 private:
  friend class RowState;

  bool differs(int32_t cell, Feature feature) const;
  void for_batches(
      int64_t count,
      const std::function<void(int64_t begin, int64_t end, int64_t batch)>& work) const;
  /// Calls `sink(first, outputs of rows first, first + 1, …)`, batch by batch. Throws Error(kInput)
  /// where one is not finite.
  void run(int64_t count, std::span<const int32_t> outputs, const RowOf& row,
           const PredictionSink& sink) const;
  /// Calls `sink(batch, i, gains of row i)`; `cotangent`: count × outputs.
  void gains(int64_t count, std::span<const int32_t> outputs, const RowOf& row,
             std::span<const float> cotangent,
             const std::function<void(int64_t, int64_t, std::span<const float>)>& sink) const;
  bool is_sound() const;

  std::string name_;
  MaskableRows rows_;
  ThreadPool* pool_;
  int32_t outputs_ = 0;
  int64_t batch_ = 1;
};

}  // namespace grids::core
