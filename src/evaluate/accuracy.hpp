/// How well the surrogate predicts expression on cells that it has not seen, beside simple
/// predictors.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "evaluate/agreement.hpp"
#include "evaluate/baselines.hpp"
#include "study/shared_columns.hpp"
#include "study/study.hpp"

namespace grids::core {

namespace column {

inline constexpr ColumnText kPredictor{
    "predictor",
    "`surrogate`; beside it, fitted on training cells: `gene mean`, `type mean`, `depth` (total "
    "RNA and open peaks), `linear` (ridge on principal components of the peaks), `neighbours` "
    "(nearest in them)"};
inline constexpr ColumnText kR{
    "r",
    "Pearson correlation of measured and predicted over the cells, −1 … 1; 0 for a prediction that "
    "does not vary, NA for a gene that does not"};
inline constexpr ColumnText kR2{
    "r2",
    "1 − squared error ÷ squared error of the cells' own mean; 1 = perfect, below 0 = worse than "
    "that mean"};
inline constexpr ColumnText kWithinTypeR{
    "within_type_r", "`r` within each type of at least 10 cells, averaged, weighted by cells"};
inline constexpr ColumnText kWithinTypeRPartial{
    "within_type_r_partial",
    "the same after depth is taken out of both (log total RNA and log open peaks): knowing how "
    "deep a cell was sequenced scores 0. Where there are counts, measured values are log1p of "
    "counts per median total RNA, on which depth leaves nothing behind"};
inline constexpr ColumnText kJudgedGenes{"genes", "those with an `r2`"};
inline constexpr ColumnText kShareR2Positive{"share_r2_positive",
                                             "the share of these genes with `r2` above 0"};
inline constexpr ColumnText kMeasuredMean{"measured_mean",
                                          "mean expression over the cells of the type, measured"};
inline constexpr ColumnText kPredictedMean{"predicted_mean", "the same, predicted"};

}  // namespace column

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

/// Judges a surrogate, whose predictions of these cells are clamped at 0, and the baselines on
/// `cells`, which should be test cells; baselines are fitted on the training cells of the study.
/// Values of cells × genes are held for a run of genes at a time. Throws Error(kInput) when there
/// are no cells to judge or no training cells.
Accuracy judge_accuracy(const Study& study, std::span<const int32_t> cells,
                        const GenePredictor& surrogate, const AccuracyOptions& options,
                        const Context& context);

/// accuracy.tsv, a row for each gene and predictor.
Table accuracy_table(const Study& study, const Accuracy& accuracy);
TableText describe_accuracy();

/// accuracy_summary.tsv, a row for each predictor: each measure's mean and median over the genes.
Table accuracy_summary_table(const Accuracy& accuracy);
TableText describe_accuracy_summary();

/// What accuracy_summary.tsv calls the mean, and the median, of a measure.
std::string mean_of(const ColumnText& measure);
std::string median_of(const ColumnText& measure);

/// Means of the given genes over the given cells of each type that has any; `predicted`: cells ×
/// these genes.
std::vector<MarkerMean> marker_means(const Study& study, std::span<const int32_t> cells,
                                     std::span<const float> predicted,
                                     std::span<const int32_t> genes);

/// 1 − Σ(measured − predicted)² / Σ(measured − their mean)² over all of them; NaN when all measured
/// means are equal.
double marker_means_r2(std::span<const MarkerMean> means);

/// marker_means.tsv.
Table marker_means_table(const Study& study, std::span<const MarkerMean> means);
TableText describe_marker_means();

}  // namespace grids::core
