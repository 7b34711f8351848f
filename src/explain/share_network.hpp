/// The network of CXPlain (cxplain.hpp): U-Net, a dense layer of low rank, softmax over blocks.
///
///     h = Uᵀ unet(x) / √places,   logit_b = b_b + ⟨V_b, h⟩
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/thread_pool.hpp"
#include "explain/cxplain.hpp"
#include "explain/unet.hpp"

namespace grids {

class ShareNetwork {
 public:
  static constexpr int64_t kRank = 16;

  ShareNetwork(const FeatureBlocks& blocks, RandomStream random);

  /// The predicted shares of the cell's blocks, in their order; sum 1.
  std::vector<float> predict(const BlockShares& cell, UNet::Work& work) const;
  /// Kullback–Leibler divergence of the prediction from the cell's shares.
  double divergence(const BlockShares& cell, UNet::Work& work) const;

  /// One step of Adam down the mean divergence of the cells, which have shares. `step` counts from
  /// 1.
  void learn(std::span<const BlockShares* const> cells, int64_t step, const AdamOptions& options,
             ThreadPool& pool);

  /// For tests: U-Net, U, V, b, and the gradients that `learn` goes down.
  std::vector<AdamValues*> parameters();
  std::vector<std::vector<float>> gradients(std::span<const BlockShares* const> cells,
                                            ThreadPool& pool) const;

 private:
  struct Pass;
  struct Gradients;
  void forward(const BlockShares& cell, UNet::Work& work, Pass& pass) const;
  std::vector<Pass> passes(std::span<const BlockShares* const> cells, ThreadPool& pool) const;
  void place_gradients(std::span<const Pass> passes, int64_t begin, int64_t end,
                       std::span<float> sums) const;
  void block_gradients(std::span<const Pass> passes, int64_t begin, int64_t end,
                       std::span<float> rows, std::span<float> bias) const;

  int64_t places_;
  int64_t blocks_;
  float scale_;  ///< 1 / √places
  UNet unet_;
  AdamValues in_;    ///< U: places × rank
  AdamValues out_;   ///< V: blocks × rank
  AdamValues bias_;  ///< blocks
};

}  // namespace grids
