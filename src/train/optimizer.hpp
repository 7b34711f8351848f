/// Adam over named tensors, with the norm of the gradient cut where asked.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "train/kernels.hpp"
#include "train/networks.hpp"

namespace grids::core {

struct OptimizerOptions {
  double rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.99;
  double clip = 0;  ///< largest norm of the whole gradient; 0 = as it is
};

class Optimizer {
 public:
  /// Only the trainable ones of `tensors` are stepped.
  Optimizer(const std::vector<NamedTensor>& tensors, const OptimizerOptions& options);

  /// One step with the gradients that the tensors hold, which are dropped. A tensor that received
  /// none counts as having gradient 0. Returns the gradient's norm (0 when not clipping).
  double step(ThreadPool& pool);

  /// The state, for checkpoints: names are prefix + tensor name + ".mean" / ".square".
  void save(const std::string& prefix, std::map<std::string, Tensor>& tensors) const;
  void load(const std::string& prefix, const std::map<std::string, Tensor>& tensors);
  int64_t steps() const { return steps_; }
  void set_steps(int64_t steps) { steps_ = steps; }

 private:
  struct Entry {
    NamedTensor parameter;
    std::vector<float> mean, square;
  };

  std::vector<Entry> entries_;
  OptimizerOptions options_;
  int64_t steps_ = 0;
};

}  // namespace grids::core
