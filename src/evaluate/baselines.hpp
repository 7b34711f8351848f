/// Simple predictors of expression, fitted on training cells: what a surrogate has to beat.
///
/// Each predicts on the study's expression scale, for any run of genes, and borrows the study. All
/// but depth see only peaks and labels; depth sees the total RNA of the very cell that it predicts,
/// which favours it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "evaluate/gene_predictor.hpp"
#include "study/study.hpp"

namespace grids::core {

/// The gene's mean over the training cells, for every cell.
GenePredictor predict_gene_mean(const Study& study, std::span<const int32_t> training,
                                std::span<const int32_t> cells);

/// The gene's mean over the training cells of the cell's own type (over all of them for a type that
/// has none).
GenePredictor predict_type_mean(const Study& study, std::span<const int32_t> training,
                                std::span<const int32_t> cells);

/// Least squares on log total RNA and log open peaks.
GenePredictor predict_from_depth(const Study& study, std::span<const int32_t> training,
                                 std::span<const int32_t> cells);

struct PeakBaselineOptions {
  /// Principal components of the peaks that the linear model and the neighbours see. More see finer
  /// structure and more noise; fewer are used when there are few cells.
  int64_t components = 50;
  /// Training cells whose mean expression is the nearest-neighbour prediction.
  int64_t neighbours = 30;
};

/// Cells as the linear model and the neighbours see them: their scores on the principal components
/// of the TF-IDF weighted peaks of the training cells.
struct PeakScores {
  int64_t components = 0;
  std::vector<float> training;  ///< training cells × components
  std::vector<float> cells;     ///< cells × components
};

PeakScores peak_scores(const Study& study, std::span<const int32_t> training,
                       std::span<const int32_t> cells, const PeakBaselineOptions& options,
                       const Context& context);

/// Ridge regression on the scores. The penalty, one for all genes, is the one of a small grid that
/// predicts every tenth training cell best from the others; the fit is then to all of them.
GenePredictor predict_linear(const Study& study, std::span<const int32_t> training,
                             const PeakScores& scores, const Context& context);

/// Mean expression of the training cells with the nearest scores (Euclidean).
GenePredictor predict_from_neighbours(const Study& study, std::span<const int32_t> training,
                                      const PeakScores& scores, const PeakBaselineOptions& options,
                                      const Context& context);

}  // namespace grids::core
