/// How well the surrogate predicts expression on cells that it has not seen, beside simple
/// predictors.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "data/study.hpp"
#include "evaluate/agreement.hpp"
#include "evaluate/baselines.hpp"
#include "io/table.hpp"

namespace grids {

struct AccuracyOptions {
  /// Types with fewer of the judged cells than this do not enter within-type measures; a
  /// correlation over fewer is noise.
  int64_t min_cells_in_type = 10;
  PeakBaselineOptions peaks;
  /// Whether to judge the linear model and the nearest neighbours, which need principal components
  /// of all peaks.
  bool peak_baselines = true;

  void describe(OptionSet& set);
};

/// One predictor on every gene.
struct PredictorAccuracy {
  std::string
      predictor;  ///< "surrogate", "gene mean", "type mean", "depth", "linear", "neighbours"
  std::vector<GeneAgreement> genes;  ///< in the study's order
};

/// A gene's mean in a type, measured and predicted (the paper's Figure 2A).
struct MarkerMean {
  int32_t type = 0;
  int32_t gene = 0;
  double measured = 0;
  double predicted = 0;
};

struct Accuracy {
  int64_t cells = 0;                          ///< judged
  std::vector<PredictorAccuracy> predictors;  ///< the surrogate first
};

/// Judges `predicted` (cells × genes, row-major, clamped at 0) and the baselines on `cells`, which
/// should be test cells; baselines are fitted on the training cells of the study. Throws
/// Error(kInput) when there are no cells to judge or no training cells.
Accuracy judge_accuracy(const Study& study, std::span<const int32_t> cells,
                        std::span<const float> predicted, const AccuracyOptions& options,
                        const Context& context);

/// accuracy.tsv: gene, predictor, r, r2, within_type_r, within_type_r_partial, n.
Table accuracy_table(const Study& study, const Accuracy& accuracy);

/// accuracy_summary.tsv: for each predictor the number of judged genes, mean and median of each
/// measure over them, and the share of genes with r2 > 0.
Table accuracy_summary_table(const Accuracy& accuracy);

/// Means of the given genes over the given cells of each type that has any.
std::vector<MarkerMean> marker_means(const Study& study, std::span<const int32_t> cells,
                                     std::span<const float> predicted,
                                     std::span<const int32_t> genes);

/// 1 − Σ(measured − predicted)² / Σ(measured − their mean)² over all of them; NaN when all measured
/// means are equal.
double marker_means_r2(std::span<const MarkerMean> means);

/// marker_means.tsv: cell_type, gene, measured_mean, predicted_mean.
Table marker_means_table(const Study& study, std::span<const MarkerMean> means);

}  // namespace grids
