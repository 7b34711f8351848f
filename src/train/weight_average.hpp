/// The running mean of the weights over the last steps: what is judged and kept instead of the
/// weights of one step, which still carry the noise of the last few batches (Polyak and Juditsky
/// 1992).
#pragma once

#include <cstdint>
#include <vector>

#include "train/networks.hpp"

namespace grids::core {

class WeightAverage {
 public:
  /// Averages `tensors` (BatchNorm's running statistics too) with weights that decay by `decay` a
  /// step; early on faster, so that the start is soon forgotten. Does nothing when `decay` is 0.
  WeightAverage(std::vector<NamedTensor> tensors, double decay);

  /// To be called after every step; takes part of the mean at every kEvery-th.
  void update(ThreadPool& pool, int64_t step);

  /// Exchanges the networks' weights with the means; calling it again restores them. Does nothing
  /// before the first update.
  void swap();

  /// For a restart: whether there are means yet; makes them, equal to the weights, to be
  /// overwritten through `swap`.
  bool started() const { return updates_ > 0; }
  int64_t updates() const { return updates_; }
  void restart(int64_t updates);

 private:
  static constexpr int64_t kEvery = 5;

  std::vector<NamedTensor> tensors_;
  std::vector<at::Tensor> means_;
  double decay_;
  int64_t updates_ = 0;
};

}  // namespace grids::core
