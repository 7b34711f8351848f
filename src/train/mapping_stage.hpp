/// What the ways of bringing the two latents together have in common, and which ways there are.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "train/stages.hpp"

namespace grids::core {

/// The order of the stages; part of the seed's meaning.
enum StageNumber : uint32_t { kAtacStage = 0, kRnaStage = 1, kAlignStage = 2 };

/// Keys of what is drawn within a step. Validation draws once, at a step that training never makes.
inline uint64_t draw_key(StageNumber stage, int64_t step) {
  return (static_cast<uint64_t>(stage) << 48) | static_cast<uint64_t>(step);
}
inline constexpr int64_t kValidationStep = int64_t{1} << 40;

Optimizer make_optimizer(Workshop& shop, const std::vector<Part>& parts, double rate, double clip);

/// Discriminators, and the judgement by prediction.
class MappingStage : public Stage {
 public:
  explicit MappingStage(Workshop& shop);

  int64_t steps() const override { return shop_.options.alignment_steps; }
  std::vector<Part> trained() const override {
    // The published stage, too, moves the BatchNorm statistics of the autoencoders.
    return {Part::kAtac,
            Part::kRna,
            Part::kAtacToRna,
            Part::kRnaToAtac,
            Part::kAtacDiscriminator,
            Part::kRnaDiscriminator};
  }
  void begin() override;
  LossTerm judge() override;

 protected:
  inline static const std::vector<Part> kMaps = {Part::kAtacToRna, Part::kRnaToAtac};
  inline static const std::vector<Part> kDiscriminators = {Part::kAtacDiscriminator,
                                                           Part::kRnaDiscriminator};

  Dropout dropout_at(int64_t step) const {
    return {shop_.options.dropout, shop_.context.seed, draw_key(kAlignStage, step), 0};
  }

  /// Trains the discriminators where this is one of their steps.
  void step_discriminators(int64_t step, const Pass& pass, const Latents& latents, Dropout& dropout,
                           std::vector<LossTerm>& terms);
  static void add_terms(const GeneratorLoss& loss, std::vector<LossTerm>& terms);

  Workshop& shop_;
  Optimizer discriminators_;
  AlignmentWeights weights_;
  AtacBatch atac_, validation_atac_;
  RnaBatch rna_, validation_rna_;
};

/// As published: maps and discriminators learn, from cells drawn apart in the two modalities.
std::unique_ptr<Stage> make_align_stage(Workshop& shop);
/// The paper's Eq. 9 on paired cells, with the two terms that use the pairing.
std::unique_ptr<Stage> make_joint_stage(Workshop& shop);

}  // namespace grids::core
