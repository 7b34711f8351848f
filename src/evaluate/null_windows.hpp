/// Null windows: peaks that should say nothing about a gene, to see whether contrasts of the kind
/// in contrast.hpp are calibrated on the cells at hand.
///
/// A null window of a set is a run of as many neighbouring peaks on another chromosome, about as
/// often open. A small model of the gene is fitted to it on *training* cells, as one would be to
/// peaks of its own, and the predicted change of masking it is held against the test cells: one p,
/// which is uniform if nothing but the state of a cell, which the covariates hold, links
/// chromosomes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "evaluate/contrast.hpp"

namespace grids::core {

struct NullWindowOptions {
  /// Random places on other chromosomes of which the one that is open most nearly as often is
  /// taken. More match more closely, and repeat themselves sooner.
  int64_t places = 30;
  /// Prior standard deviation of the log fold change of one open peak, in the fit of a window.
  /// Smaller values shrink more.
  double weight_sd = 1;
};

/// `open_cells`: for each peak, in how many training cells it is open. Throws Error(kInput) when no
/// other chromosome has enough peaks, or the gene has no position.
std::vector<int32_t> draw_null_window(const Study& study, int32_t gene,
                                      std::span<const int32_t> peaks,
                                      std::span<const int64_t> open_cells,
                                      const NullWindowOptions& options, RandomStream& random);

/// Log fold change of each of some peaks (change of the value, where there are no counts).
struct WindowWeights {
  std::vector<int32_t> peaks;  ///< ascending
  std::vector<double> weights;
  bool converged = true;
};

/// Regresses a gene on the openness of some peaks beside the covariates of the cells (training
/// cells), as a contrast does on a predicted change, with a normal prior on each weight.
WindowWeights fit_window(const Study& study, int32_t gene, std::span<const int32_t> peaks,
                         const ContrastCells& cells, const NullWindowOptions& options);

/// δ of closing the window in each cell: −Σ of the weights of its open peaks.
std::vector<double> window_change(const Study& study, std::span<const int32_t> cells,
                                  const WindowWeights& window);

/// What null windows are to resemble: a set of a gene, or all peaks around it.
struct NullTarget {
  int32_t gene = 0;
  std::vector<int32_t> peaks;
};

/// Contrasts on test cells of `windows` null windows, each fitted on the training cells.
/// `test_cells` are those that `test` was made of. Draws depend on the seed and the gene's name.
/// Throws as `draw_null_window` does.
std::vector<Contrast> null_contrasts(const Study& study, const NullTarget& target,
                                     const ContrastCells& train, const ContrastCells& test,
                                     std::span<const int32_t> test_cells, int64_t windows,
                                     const NullWindowOptions& options,
                                     const ContrastOptions& contrast_options, uint64_t seed);

}  // namespace grids::core
