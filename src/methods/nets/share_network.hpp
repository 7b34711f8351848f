/// The network of CXPlain (cxplain.hpp): U-Net, a dense layer of low rank, softmax over blocks.
///
///     h = Uᵀ unet(x) / √places,   logit_b = b_b + ⟨V_b, h⟩
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/thread_pool.hpp"
#include "methods/cxplain.hpp"
#include "methods/nets/unet.hpp"

namespace grids::core {

class ShareNetwork {
 public:
  static constexpr int64_t kRank = 16;

  ShareNetwork(const FeatureBlocks& blocks, RandomStream random);

  /// What one cell's pass leaves for the gradients of what the cells share.
  struct Pass {
    const BlockShares* cell = nullptr;
    std::vector<float> seen;              ///< unet(x), places and 0 up to the stride
    std::vector<float> hidden;            ///< h
    std::vector<float> shares;            ///< predicted, of the cell's blocks
    std::vector<float> logit_gradients;   ///< likewise
    std::vector<float> hidden_gradients;  ///< of h / √places
    std::vector<float> unet_gradients;
  };
  struct Room {
    UNet::Work work;
    Pass pass;
    std::vector<float> seen_gradients;
  };
  /// What passes write, of networks of one size: kept by the caller, as asking for it takes longer
  /// than some of the layers.
  class Memory {
   public:
    /// Room for one pass of one thread, used or new; to be given back.
    std::unique_ptr<Room> take();
    void give(std::unique_ptr<Room> room);

    std::vector<Pass> passes;

   private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<Room>> free_;
  };

  /// The predicted shares of the cell's blocks, in their order; sum 1.
  std::vector<float> predict(const BlockShares& cell, Memory& memory) const;
  /// Kullback–Leibler divergence of the prediction from the cell's shares.
  double divergence(const BlockShares& cell, Memory& memory) const;

  /// One step of Adam down the mean divergence of the cells, which have shares. `step` counts from
  /// 1.
  void learn(std::span<const BlockShares* const> cells, int64_t step, const AdamOptions& options,
             Memory& memory, ThreadPool& pool);

  /// For tests: U-Net, U, V, b, and the gradients that `learn` goes down.
  std::vector<AdamValues*> parameters();
  std::vector<std::vector<float>> gradients(std::span<const BlockShares* const> cells,
                                            ThreadPool& pool) const;

 private:
  void forward(const BlockShares& cell, UNet::Work& work, Pass& pass) const;
  std::span<const Pass> passes(std::span<const BlockShares* const> cells, Memory& memory,
                               ThreadPool& pool) const;
  void place_gradients(std::span<const Pass> passes, int64_t begin, int64_t end,
                       std::span<float> sums) const;
  void block_gradients(std::span<const Pass> passes, int64_t begin, int64_t end,
                       std::span<float> rows, std::span<float> bias) const;

  int64_t places_;
  int64_t stride_;  ///< places, filled up to whole vectors
  int64_t blocks_;
  float scale_;  ///< 1 / √places
  UNet unet_;
  AdamValues in_;    ///< Uᵀ: rank × stride
  AdamValues out_;   ///< V: blocks × rank
  AdamValues bias_;  ///< blocks
};

}  // namespace grids::core
