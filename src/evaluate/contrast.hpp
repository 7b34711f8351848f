/// The held-out contrast: what a model predicts of masking a set of peaks, held against *measured*
/// expression of cells that it has not seen. It gives the primary p-value of a set, valid after any
/// search, because these cells took part in none.
///
/// Let δ be the predicted log change of a gene's rate in a cell when the set is masked: 0 in cells
/// where all of its peaks are closed anyway. If the prediction holds, cells with the set open make
/// exp(−δ) times the counts of like cells without. So the counts y are regressed on −δ,
///
///     y ~ negative binomial,  log mean = log total RNA + covariates + slope · (−δ),
///
/// with the covariates type (when several), donor, batch, log open peaks and numbers that stand for
/// the state of the cell (state_covariates.hpp): what is common to all peaks that follow the state
/// is no evidence for these. Slope 1 = the predicted changes are right on average; 0 = they say
/// nothing.
///
/// Choices:
/// - The dispersion is estimated on the same cells *under the null* (slope 0): it is right there,
///   makes one fit a gene serve all its sets, and is at most too large elsewhere, which costs
///   power, not validity. Variances do not rest on it (sandwich).
/// - p comes from the score test at slope 0, in which nothing but the null is fitted, so that it
///   exists where the slope runs away (all changed cells without a count); the interval is the
///   slope ± its sandwich standard error, and so need not agree with p to the last digit.
/// - The same test with the null fitted at slope ½ asks the opposite: whether the changes are less
///   than half of the predicted ones. The dispersion stays that of slope 0, where this test is to
///   have its power. A verdict (verdict.hpp) needs both.
/// - In sums of squares over cells each square is divided by 1 − leverage (HC2, MacKinnon & White
///   1985): a gene with few counts has few cells that matter, and covariates fit those best.
/// - Batches may act on a type otherwise than on the others: where several types and batches meet,
///   an indicator of each pair is a covariate as well, as far as there are cells for it after all
///   others, those of most cells first. Its coefficient is shrunk by the prior of
///   `kBatchWithinType`; the score is made orthogonal to it all the same, so that validity does not
///   rest on the prior.
/// - Donors are covariates. Where there are at least `min_donors`, scores are summed over each
///   donor's cells, and the donors' sums are tested by Student's t with donors − 1 degrees of
///   freedom (Ibragimov & Müller 2010), the interval likewise; each residual is divided by
///   √(1 − leverage) before. With fewer, cells count as independent given their donor's mean; the
///   result says which. Without donors the same is done by batch: it is then what cells have in
///   common that were handled together.
/// - Without counts, a Gaussian on the values as given, log total RNA among the covariates, and −δ
///   the predicted change of the value instead of the log rate.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/described.hpp"
#include "study/study.hpp"

namespace grids::core {

/// Ridge on the standardised covariates of regressions of counts: a normal prior of standard
/// deviation 10 on a log fold change, which hardly moves an estimate, but keeps that of a type
/// without a single count finite.
inline constexpr double kCovariateRidge = 0.01;

struct ContrastOptions {
  /// Fewest cells, fewest of them in which the set changes the prediction, and fewest that express
  /// the gene; below, a contrast is not computed.
  int64_t min_cells = 30;
  int64_t min_changed_cells = 10;
  int64_t min_expressing_cells = 10;
  /// Donors (without any, batches) from which on the variance is clustered by them. Fewer give a t
  /// with so few degrees of freedom that nothing could be called among many sets.
  int64_t min_donors = 10;
  /// Cells for each covariate: where there are fewer, only the leading principal components of the
  /// state are kept. Smaller values fit the noise.
  int64_t cells_per_covariate = 10;
  /// Principal components of open chromatin that stand for the state beside the surrogate's
  /// latents. More hold more batches and states that nobody named, and take cells.
  int64_t components = 30;
  /// Of the interval.
  double confidence = 0.95;
  /// Rates below this share of the gene's mean predicted rate count as this share: a prediction
  /// near zero has no logarithm that means anything.
  double rate_floor = 0.01;

  void describe(OptionSet& set);
};

/// δ of one gene in each cell: log(rate after ÷ rate before), rate = expm1(max(prediction, 0)),
/// from predictions *before* the clamp at 0 (clamped ones give the same) on the scale log1p(counts
/// per 100,000). Rates below `floor` times the mean rate before are raised to it, so that two rates
/// near zero differ by nothing; if all rates are 0, so is every δ.
std::vector<double> predicted_log_change(std::span<const float> before,
                                         std::span<const float> after, double floor);

/// The same where there are no counts: the change of the clamped prediction.
std::vector<double> predicted_value_change(std::span<const float> before,
                                           std::span<const float> after);

/// Cells and their covariates: what the contrasts of all genes on these cells share.
struct ContrastCells {
  std::vector<int32_t> cells;  ///< of the study; those without any RNA are left out
  std::vector<int32_t> kept;   ///< their positions among the cells that were asked for
  bool counted = true;         ///< false: Gaussian on values
  std::vector<double> offset;  ///< log total RNA; 0 where not counted
  /// A column of ones, then standardised covariates, all orthogonal to each other.
  std::vector<std::vector<double>> columns;
  std::vector<double> ridge;      ///< of regressions of counts, one a column
  std::vector<int32_t> clusters;  ///< code of each cell, from 0, when clustered; else empty
  int64_t cluster_count = 0;      ///< donors, or batches; also where too few to cluster by
  int64_t latents_used = 0;       ///< principal components of the state
  int64_t latents = 0;            ///< numbers of the state that were given
};

/// `latents`: of the state, cells × k, row-major, in the order of `cells`; may be empty.
ContrastCells contrast_cells(const Study& study, std::span<const int32_t> cells,
                             std::span<const float> latents, const ContrastOptions& options);

/// A gene's counts, or values, in the cells.
std::vector<double> measured_values(const Study& study, int32_t gene, const ContrastCells& cells);

/// A gene on these cells, fitted without any set.
struct ContrastBaseline {
  std::vector<double> measured;      ///< counts, or values
  std::vector<double> residual;      ///< score of each cell with respect to its log mean
  std::vector<double> weight;        ///< information of each cell about its log mean
  std::vector<double> leverage;      ///< share of its own residual that each cell's fit takes up
  std::vector<double> coefficients;  ///< of the columns
  std::vector<double> inverse;       ///< (X'WX)⁻¹, columns × columns
  double dispersion = 0;             ///< NaN where not counted
  std::string problem;               ///< why there is none, or empty
};

ContrastBaseline contrast_baseline(const Study& study, int32_t gene, const ContrastCells& cells,
                                   const ContrastOptions& options);

/// What measured expression says of a set, in the order in which sets stand; verdict.hpp says when
/// it is which.
enum class Verdict : uint8_t { kBorneOut, kOverstated, kUndecided, kNotJudged, kContradicted };

/// NaN where it cannot be computed; `note` then says why.
struct Contrast {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  int64_t cells = 0;
  int64_t changed_cells = 0;  ///< with δ ≠ 0
  double predicted = kNone;   ///< mean δ over the cells
  double slope = kNone;
  double low = kNone;  ///< interval of the slope
  double high = kNone;
  double p = kNone;             ///< one-sided, slope > 0
  double p_below_half = kNone;  ///< one-sided, slope < ½
  /// The smallest slope that cells like these show, with a probability of 0.8, at p ≤ 0.05.
  double detectable = kNone;
  /// Donors (without any, batches) that the variance is clustered by; 0 = cells independent.
  int64_t clusters = 0;
  std::string note;  ///< a reason for NaN, or what to know; may be empty
  /// Of the set among those of its run: see `add_verdicts`.
  double q = kNone;
  double q_below_half = kNone;
  Verdict verdict = Verdict::kNotJudged;

  /// Slope × `predicted`: the interval of the change as measured expression has it. A predicted
  /// change that is negative turns it round.
  std::pair<double, double> observed() const;
};

/// `change`: δ of every cell that `contrast_cells` was given, in that order.
Contrast contrast(const ContrastCells& cells, const ContrastBaseline& baseline,
                  std::span<const double> change, const ContrastOptions& options);

/// Of a set in cells whose expression was measured in others: what is predicted, and in `note` why
/// nothing is held against it. `change`: δ of every cell.
Contrast without_measured(std::span<const double> change);
/// Whether a contrast is such a one, as it was made or as a table has it.
bool is_without_measured(const Contrast& contrast);

/// Inverse-variance weighted mean of the slopes and its interval: how well calibrated the predicted
/// changes of many sets are together. NaN when none has a slope. Sets of one gene, or of genes that
/// share cells, are not independent: the interval is a guide.
struct PooledSlope {
  int64_t sets = 0;
  double slope = 0;
  double low = 0;
  double high = 0;
};
PooledSlope pooled_slope(std::span<const Contrast> contrasts, double confidence);

}  // namespace grids::core
