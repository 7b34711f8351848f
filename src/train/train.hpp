/// Training of the surrogate: two autoencoders, then the maps between their latents.
///
/// Stages, in this order (published-settings.md; paper, Eqs. 4–9):
///   atac   the ATAC autoencoder, focal reconstruction of open and as many sampled closed peaks
///   rna    the RNA autoencoder, squared error of expressed and as many sampled other entries
///          (by default only before `align`: `joint` trains it itself)
///   align  (published) the maps and discriminators; ATAC and RNA batches of different cells
///   joint  (joint) everything together, on the same cells in both modalities, with two terms that
///          use the pairing: predicted against measured expression, and distance of the latents.
///          Where cells were not measured together, partners take the place of the same cell
///          (partners.hpp), and a third term tells a cell's partner from others by its latents
/// Only training cells are learnt from; validation cells decide when a stage ends and which of its
/// weights are kept; test cells are never read.
///
/// This header does not include torch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "io/table.hpp"
#include "model/surrogate_file.hpp"
#include "model/train_options.hpp"
#include "study/study.hpp"
#include "study/unpaired_study.hpp"

namespace grids::core {

/// What training learns from.
struct TrainingCells {
  const Study& atac;  ///< whose chromatin
  const Study& rna;   ///< whose RNA; the same study where each cell has both
  /// Whether the cells of the two are the same, and training may know it.
  bool paired = true;
  /// Whether training may know the types of the cells.
  bool atac_labelled = true;
  bool rna_labelled = true;
};

/// Something of either modality: some cells, or what is said of them.
struct Halves {
  std::vector<int32_t> atac, rna;
};

/// All of it, less what the options hide. The study must outlive what is returned.
TrainingCells training_cells(const Study& study, const TrainOptions& options);
TrainingCells training_cells(const UnpairedStudy& study, const TrainOptions& options);

struct StageSummary {
  std::string stage;  ///< "atac", "rna", "align" or "joint"
  int64_t steps = 0;  ///< made
  int64_t best_step = 0;
  double best_value = 0;  ///< validation loss of what the stage kept; NaN without validation
  bool stopped_early = false;
};

struct TrainResult {
  SurrogateFile surrogate;
  std::vector<StageSummary> stages;
  /// training.tsv. Training losses are means over the steps since the row before; validation is in
  /// inference mode.
  Table curves;
};

/// Throws Error(kInput) when the study has too few training cells, when cells that were not
/// measured together are to be aligned by `joint` without a guide or no gene has a peak near it,
/// when a loss is no longer finite (naming stage, step and remedy), or when a checkpoint does not
/// belong to this study and options; Error(kCancelled) after writing a checkpoint when the user
/// stops it.
TrainResult train(const TrainingCells& cells, const TrainOptions& options, const Context& context);
/// The same of a study whose cells are paired.
TrainResult train(const Study& study, const TrainOptions& options, const Context& context);

}  // namespace grids::core
