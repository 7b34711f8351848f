/// How a surrogate is trained: the options of `train/`, which do not need torch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/described.hpp"
#include "model/surrogate_file.hpp"

namespace grids::core {

enum class Alignment : uint8_t { kPublished, kJoint };

/// What says which cells go together where chromatin and RNA were measured in different ones.
enum class Guide : uint8_t {
  kPositions,  ///< open chromatin near a gene goes with its expression (train/partners.hpp)
  kOff,        ///< nothing but types
};

/// Of which cells training is not to know the types.
enum class HiddenLabels : uint8_t { kNone, kAtac, kRna, kBoth };

/// The defaults were chosen by accuracy on held-out cells; see docs/surrogate.md.
struct TrainOptions {
  /// How the two modalities are brought together; see above.
  Alignment alignment = Alignment::kJoint;

  /// Most steps of each stage. A stage ends sooner when validation stops improving. Without an RNA
  /// stage, the joint stage starts the RNA autoencoder from fresh weights: as accurate, and sooner.
  int64_t atac_steps = 4000;
  int64_t rna_steps = 0;
  int64_t alignment_steps = 1500;
  /// Cells of a step. More steady the gradients and cost proportionally; all training cells are
  /// taken when there are fewer.
  int64_t batch = 128;

  /// Validation is judged every so many steps.
  int64_t evaluate_every = 100;
  /// A stage ends after so many judgements without improvement and its best weights are kept.
  /// 0 = every stage runs to its last step and the last weights are kept.
  int64_t patience = 5;

  /// What is judged and kept is the running mean of the weights, whose memory decays by this a
  /// step; nearer to 1 smoother and slower. 0 = the weights of the last step, as published.
  double averaging = 0.99;

  /// Learning rates of Adam: the two autoencoder stages, the maps in the alignment stage, and the
  /// discriminators.
  double atac_rate = 1e-3;
  double rna_rate = 5e-4;
  double map_rate = 5e-4;
  double discriminator_rate = 1e-4;
  /// Learning rate of encoders and decoders in the joint stage; ignored by `published`.
  double joint_rate = 2e-4;
  /// Decay of Adam's running mean and mean square.
  double beta1 = 0.9;
  double beta2 = 0.99;
  /// The gradient's norm is cut to this in the autoencoder stages and the joint stage.
  double clip = 1.0;

  /// Probability with which the discriminators' first layer drops a unit.
  double dropout = 0.1;
  /// The discriminators learn at every so many steps of the alignment stage.
  int64_t discriminator_every = 5;
  /// Weights of cycle consistency and of the adversarial terms in the generators' loss, and of the
  /// discriminators' loss.
  double cycle_weight = 1.0;
  double adversarial_weight = 0.5;

  /// Joint stage only: weight γ of the generators' loss beside the reconstructions (Eq. 9);
  /// 0 leaves cycles and discriminators out altogether.
  double gamma = 0.0;
  /// Joint stage only: weight of the squared error of predicted expression, f_Dec(f_AR(h_a)),
  /// against the same cell's measured one, over all genes.
  double prediction_weight = 1.0;
  /// Joint stage only: weight of the squared distance between mapped latents and the same cell's
  /// own.
  double latent_weight = 0.0;

  /// Joint stage only: at its end, fit the RNA decoder's last layer anew by ridge regression of the
  /// training cells' expression, with the penalty that predicts validation cells best
  /// (readout.hpp). Where chromatin says little, a prediction then says little more than the gene's
  /// mean.
  bool refit_readout = true;

  /// Cells of which each has one modality; paired ones are taken for such where `hide_pairing`.
  Guide guide = Guide::kPositions;
  /// Joint stage only, in such cells: weight of telling a cell's partner from the other cells of
  /// the step by its latents, mapped and own.
  double partner_weight = 0.1;
  /// For judging what training makes of such cells, where pairs or types are known.
  bool hide_pairing = false;
  HiddenLabels hide_labels = HiddenLabels::kNone;

  /// Standard deviation of the embedding's initial entries. BatchNorm follows the sums over peaks,
  /// so a small one changes only how fast learning overcomes the random start: at 1, as published,
  /// what a peak's vector learns in a few thousand steps is small beside its random part.
  double embedding_deviation = 0.1;

  /// Sizes of the layers; peaks, genes and discriminator columns are set from the study.
  SurrogateShape layers;

  /// Folder for checkpoints; empty = none. One is written every `checkpoint_every` steps and when
  /// the user stops the program.
  std::filesystem::path checkpoint;
  int64_t checkpoint_every = 1000;
  /// Continue from the checkpoint in `checkpoint`, to the same result as an uninterrupted run.
  bool resume = false;

  /// Alignment `published` on the scale of the defaults: an RNA stage, more alignment steps and
  /// more patience, because its validation error wanders.
  static TrainOptions published();

  /// The published experiments: alignment `published`, 36,000 + 9,000 + 36,000 steps, no early
  /// stopping.
  static TrainOptions paper();

  /// All but how the modalities are aligned, which a command asks for together with the presets
  /// (TrainSettings), and the checkpoint's folder.
  void describe(OptionSet& set);

  /// JSON of everything that the result depends on (not the checkpoint's place).
  std::string to_json() const;
};

/// The words of `grids train` that ask for what `to_json` of this or an earlier version recorded,
/// "--batch=128". Throws Error(kInput) where there is no record, or no option asks for it.
std::vector<std::string> training_words(const std::string& json);

/// The training options as a command offers them: presets, and what goes beyond them.
struct TrainSettings {
  enum class Preset : uint8_t { kDefault, kPaper };
  enum class AlignmentChoice : uint8_t { kPreset, kJoint, kPublished };

  Preset preset = Preset::kDefault;
  AlignmentChoice alignment = AlignmentChoice::kPreset;
  std::optional<int64_t> max_steps;  ///< caps the steps of each stage
  std::filesystem::path checkpoint;  ///< as in TrainOptions
  bool resume = false;
  TrainOptions options;  ///< as the presets have them, until told otherwise

  void describe(OptionSet& set);
  /// The options with cap and checkpoint.
  TrainOptions resolved() const;
};

}  // namespace grids::core
