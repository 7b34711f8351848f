/// The stages of training: what a step learns from, and how its outcome is judged.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/context.hpp"
#include "train/batches.hpp"
#include "train/optimizer.hpp"
#include "train/partners.hpp"
#include "train/train.hpp"

namespace grids::core {

/// What all stages share.
struct Workshop {
  Workshop(const TrainingCells& cells, const TrainOptions& options, const SurrogateShape& shape,
           const Context& context);

  const Study& atac;
  const Study& rna;
  const TrainOptions& options;
  const Context& context;
  SurrogateNetworks net;
  bool paired;
  BatchMaker batches;
  TensorMemory memory;  ///< of training steps
  Halves training;
  Halves validation;  ///< samples where there are very many
  /// Where pairs are not known: what stands in for them.
  std::optional<MatchedHalves> partners = {};

  /// The cells with RNA that are taken for these cells with chromatin: themselves where cells are
  /// paired, else partners drawn for this key.
  std::vector<int32_t> rna_of_training(std::span<const int32_t> cells, uint64_t key) const;
  std::vector<int32_t> rna_of_validation(uint64_t key) const;
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
std::vector<std::unique_ptr<Stage>> make_stages(Workshop& workshop, const TrainingCells& cells);

}  // namespace grids::core
