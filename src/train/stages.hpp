/// The stages of training: what a step learns from, and how its outcome is judged.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/context.hpp"
#include "train/batches.hpp"
#include "train/optimizer.hpp"
#include "train/train.hpp"

namespace grids::core {

/// What all stages share.
struct Workshop {
  Workshop(const Study& study, const TrainOptions& options, const SurrogateShape& shape,
           const Context& context);

  const Study& study;
  const TrainOptions& options;
  const Context& context;
  SurrogateNetworks net;
  BatchMaker batches;
  TensorMemory memory;              ///< of training steps
  std::vector<int32_t> training;    ///< cells
  std::vector<int32_t> validation;  ///< cells, a sample where there are very many
};

/// The value of one term of a loss.
struct LossTerm {
  std::string name;
  double value = 0;
};

class Stage {
 public:
  virtual ~Stage() = default;

  virtual std::string name() const = 0;
  virtual int64_t steps() const = 0;
  /// What the user can turn down when the loss is no longer finite.
  virtual std::string remedy() const = 0;
  /// Called once, before the first step or after a restart.
  virtual void begin() = 0;
  /// Makes step number `step` (from 0). The first term is the loss; the others are its parts.
  virtual std::vector<LossTerm> step(int64_t step) = 0;
  /// Loss on the validation cells in inference mode.
  virtual LossTerm judge() = 0;
  /// Called once with the weights that the stage keeps; may still change them.
  virtual void finish() {}
  /// The networks that the stage trains.
  virtual std::vector<Part> trained() const = 0;
  /// With names that tell them apart in a checkpoint.
  virtual std::vector<std::pair<std::string, Optimizer*>> optimizers() = 0;
};

/// All stages that the options ask for, in order. The workshop must outlive them.
std::vector<std::unique_ptr<Stage>> make_stages(Workshop& workshop);

}  // namespace grids::core
