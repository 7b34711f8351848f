/// The project's own training, as the benches look at it: gradients of one step for the checks, and
/// steps of each published stage for the clock.
///
/// This header does not include torch.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "base/context.hpp"
#include "model/surrogate_file.hpp"
#include "study/study.hpp"

namespace grids::core::bench {

struct FastTrainingStep {
  double loss = 0;
  std::map<std::string, Tensor> gradients;  ///< of the ATAC autoencoder, by published name
  CsrPattern closed;                        ///< the closed peaks that it sampled, a row a cell
};

/// Loss and gradients of the ATAC autoencoder on these cells, from the weights of the file.
FastTrainingStep fast_training_gradients(const Study& study, const SurrogateFile& file,
                                         std::span<const int32_t> cells, const Context& context);

/// The stages of the published schedule, step by step.
class PublishedStages {
 public:
  PublishedStages(const Study& study, const Context& context);
  ~PublishedStages();

  /// "atac", "rna", "align".
  static constexpr int64_t kCount = 3;
  std::string name(int64_t stage) const;
  /// Steps of the stage in the published schedule.
  int64_t published_steps(int64_t stage) const;
  /// Called once for each stage, in order.
  void begin(int64_t stage);
  /// Batch, loss, gradients, optimiser: all of one step.
  void step(int64_t stage, int64_t step);
  /// Gives back what the stage holds.
  void end(int64_t stage);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace grids::core::bench
