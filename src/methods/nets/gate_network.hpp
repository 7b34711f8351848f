/// The network of FIMAP: it reads which features of a cell a mask would change and gives each of
/// them the logit of a gate.
///
///     z = Σ_j e_j / √m,   h = ReLU(W z + c),   logit_j = b_j + ⟨u_j, h⟩,   j over the m features
///
/// One vector e_j and one u_j for each feature; so gates depend on the cell, and features that are
/// rarely seen learn from few cells.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "base/thread_pool.hpp"
#include "methods/nets/adam.hpp"

namespace grids::core {

class GateNetwork {
 public:
  static constexpr int64_t kWidth = 16;  ///< of e, u and h

  /// What the network makes of one cell.
  struct Cell {
    std::span<const int32_t> features;  ///< ascending, below the number of features
    std::vector<float> hidden;          ///< h
    std::vector<float> summed;          ///< z
    std::vector<float> logits;
    std::vector<float> logit_gradients;   ///< set by the caller of `learn`
    std::vector<float> hidden_gradients;  ///< before the ReLU
    std::vector<float> summed_gradients;  ///< of each e_j
  };

  /// Random vectors; every logit starts near `bias`.
  GateNetwork(int64_t features, float bias, RandomStream random);

  /// Hidden values and logits of the cell's features.
  void forward(Cell& cell) const;

  /// One step of Adam down the sum of the cells' gradients. `step` counts from 1.
  void learn(std::span<Cell> cells, int64_t step, const AdamOptions& options, ThreadPool& pool);

  /// All parameters one after the other, for tests: e, u, b, W, c.
  std::vector<AdamValues*> parameters() { return {&in_, &out_, &bias_, &layer_, &layer_bias_}; }
  /// The gradients that `learn` goes down, in that order.
  std::vector<std::vector<float>> gradients(std::span<Cell> cells) const;

 private:
  /// Gradients of hidden and summed values, from those of the logits.
  void backward(Cell& cell) const;
  struct FeatureGradients;
  FeatureGradients feature_gradients(std::span<const Cell> cells, int64_t begin, int64_t end) const;
  void layer_gradients(std::span<const Cell> cells, std::span<float> weight,
                       std::span<float> bias) const;

  int64_t features_;
  AdamValues in_;          ///< features × width
  AdamValues out_;         ///< features × width
  AdamValues bias_;        ///< features
  AdamValues layer_;       ///< width (out) × width (in)
  AdamValues layer_bias_;  ///< width
};

}  // namespace grids::core
