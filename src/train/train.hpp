/// Training of the surrogate: two autoencoders, then the maps between their latents.
///
/// Stages, in this order (published-settings.md; paper, Eqs. 4–9):
///   atac   the ATAC autoencoder, focal reconstruction of open and as many sampled closed peaks
///   rna    the RNA autoencoder, squared error of expressed and as many sampled other entries
///          (by default only before `align`: `joint` trains it itself)
///   align  (published) the maps and discriminators; ATAC and RNA batches of different cells
///   joint  (joint) everything together, on the same cells in both modalities, with two terms that
///          use the pairing: predicted against measured expression, and distance of the latents
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

namespace grids::core {

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

/// Throws Error(kInput) when the study has too few training cells, when a loss is no longer finite
/// (naming stage, step and remedy), or when a checkpoint does not belong to this study and options;
/// Error(kCancelled) after writing a checkpoint when the user stops it.
TrainResult train(const Study& study, const TrainOptions& options, const Context& context);

}  // namespace grids::core
