#include "evaluate/contrast.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/at.hpp"
#include "base/nan.hpp"
#include "math/information.hpp"
#include "math/negative_binomial.hpp"
#include "math/robust_covariance.hpp"
#include "math/statistics.hpp"
#include "study/chromatin.hpp"

namespace grids::core {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The slope's, as a share of its information: keeps it finite where it would run away, and shrinks
/// it by a thousandth elsewhere.
constexpr double kSlopeRidge = 1e-3;
/// Share of a predicted change's variance that covariates must leave; predictions are floats, and
/// what is left below it is as much rounding as change.
constexpr double kOwnShare = 1e-4;
/// Of the smallest slope that cells could have shown.
constexpr double kDetectedAt = 0.05;
constexpr double kDetectedHowOften = 0.8;

std::vector<std::span<const double>> spans_of(const std::vector<std::vector<double>>& columns) {
  return {columns.begin(), columns.end()};
}

NegativeBinomialOptions covariate_ridge(const ContrastCells& cells) {
  NegativeBinomialOptions options;
  options.ridge = cells.ridge;
  return options;
}

/// Score and information of each cell with respect to its log mean.
void score_cells(std::span<const double> counts, const NegativeBinomialFit& fit,
                 std::vector<double>& residual, std::vector<double>& weight) {
  residual.resize(counts.size());
  weight.resize(counts.size());
  for (size_t i = 0; i < counts.size(); ++i) {
    const double inflation = 1 + fit.dispersion * fit.mean[i];
    residual[i] = (counts[i] - fit.mean[i]) / inflation;
    weight[i] = fit.mean[i] / inflation;
  }
}

/// The covariates alone, on top of the offset.
void fit_counts(const ContrastCells& cells, std::span<const double> offset,
                const NegativeBinomialOptions& options, ContrastBaseline& baseline) {
  const CountRows rows{baseline.measured, offset, spans_of(cells.columns)};
  const auto fit = fit_negative_binomial(rows, options);
  if (!fit.converged) {
    baseline.problem = "the regression on the covariates did not converge";
    return;
  }
  baseline.coefficients = fit.coefficients;
  baseline.dispersion = fit.dispersion;
  score_cells(baseline.measured, fit, baseline.residual, baseline.weight);
}

/// What the tests need of the cells that are fitted.
void add_leverage(const ContrastCells& cells, ContrastBaseline& baseline) {
  const auto columns = spans_of(cells.columns);
  baseline.inverse = CholeskyFactor(weighted_products(columns, baseline.weight)).inverse();
  baseline.leverage = leverages(columns, baseline.inverse, baseline.weight);
}

void fit_values(const ContrastCells& cells, ContrastBaseline& baseline) {
  baseline.dispersion = kNaN;
  baseline.residual = baseline.measured;
  baseline.weight.assign(cells.cells.size(), 1.0);
  const auto columns = spans_of(cells.columns);
  baseline.coefficients = column_products(columns, baseline.measured);
  for (size_t j = 0; j < columns.size(); ++j) {
    baseline.coefficients[j] /= static_cast<double>(cells.cells.size());  // orthogonal columns
    for (size_t i = 0; i < columns[j].size(); ++i) {
      baseline.residual[i] -= baseline.coefficients[j] * columns[j][i];
    }
  }
}

/// −δ on the cells, and what the covariates leave of it where cells weigh as under the null.
struct Regressor {
  std::vector<double> x;
  std::vector<double> own;
  double information = 0;  ///< Σ weight · own²
  double own_share = 0;    ///< of the weighted variance of x
};

Regressor make_regressor(const ContrastCells& cells, const ContrastBaseline& baseline,
                         std::span<const double> change) {
  Regressor result;
  for (const int32_t i : cells.kept) result.x.push_back(-change[at(i)]);
  const size_t n = result.x.size();
  std::vector<double> weighted(n);
  double sum = 0, weight = 0;
  for (size_t i = 0; i < n; ++i) {
    weighted[i] = baseline.weight[i] * result.x[i];
    sum += weighted[i];
    weight += baseline.weight[i];
  }
  const auto columns = spans_of(cells.columns);
  const auto products = column_products(columns, weighted);
  result.own = result.x;
  for (size_t j = 0; j < columns.size(); ++j) {
    double coefficient = 0;
    for (size_t k = 0; k < columns.size(); ++k) {
      coefficient += baseline.inverse[j * columns.size() + k] * products[k];
    }
    for (size_t i = 0; i < n; ++i) result.own[i] -= coefficient * columns[j][i];
  }
  double total = 0;
  for (size_t i = 0; i < n; ++i) {
    const double rest = result.x[i] - sum / weight;
    total += baseline.weight[i] * rest * rest;
    result.information += baseline.weight[i] * result.own[i] * result.own[i];
  }
  result.own_share = total > 0 ? result.information / total : 0;
  return result;
}

/// The variance of Σ influence_i · residual_i, and its degrees of freedom.
struct Spread {
  double variance = 0;
  double freedom = kInfinity;
};

Spread spread_of(const ContrastCells& cells, std::span<const double> influence,
                 std::span<const double> residual, std::span<const double> leverage,
                 size_t columns) {
  Spread result;
  if (cells.clusters.empty()) {
    for (size_t i = 0; i < influence.size(); ++i) {
      const double score = influence[i] * residual[i];
      result.variance += score * score / (1 - leverage[i]);
    }
    result.freedom = static_cast<double>(influence.size()) - static_cast<double>(columns);
    return result;
  }
  std::vector<double> sums(at(cells.cluster_count));
  for (size_t i = 0; i < influence.size(); ++i) {
    sums[at(cells.clusters[i])] += influence[i] * residual[i] / std::sqrt(1 - leverage[i]);
  }
  const auto clusters = static_cast<double>(cells.cluster_count);
  const double mean = std::accumulate(sums.begin(), sums.end(), 0.0) / clusters;
  for (const double sum : sums) result.variance += (sum - mean) * (sum - mean);
  result.variance *= clusters / (clusters - 1);
  result.freedom = clusters - 1;
  return result;
}

/// The score of the slope where the null is fitted.
struct Score {
  double value = 0;
  double standard_error = 0;
  double freedom = kInfinity;

  double p_above() const { return student_upper_tail(value / standard_error, freedom); }
  double p_below() const { return student_upper_tail(-value / standard_error, freedom); }
};

Score score_of(const ContrastCells& cells, const ContrastBaseline& baseline,
               const Regressor& regressor) {
  const double score = std::inner_product(regressor.own.begin(), regressor.own.end(),
                                          baseline.residual.begin(), 0.0);
  const Spread spread =
      spread_of(cells, regressor.own, baseline.residual, baseline.leverage, cells.columns.size());
  return {score, std::sqrt(spread.variance), spread.freedom};
}

/// See Contrast::detectable. One step from the null is score ÷ information.
double detectable_slope(const Score& score, const Regressor& regressor) {
  const double reach = student_upper_quantile(kDetectedAt, score.freedom) +
                       student_upper_quantile(1 - kDetectedHowOften, score.freedom);
  return reach * score.standard_error / regressor.information;
}

/// The cells fitted with the slope held at a value: another null. Its dispersion is that of slope
/// 0; a `problem` where the fit does not converge.
ContrastBaseline held_at(double slope, const ContrastCells& cells, const ContrastBaseline& at_0,
                         const Regressor& regressor) {
  ContrastBaseline held = at_0;
  if (!cells.counted) {
    for (size_t i = 0; i < held.residual.size(); ++i) held.residual[i] -= slope * regressor.own[i];
    return held;
  }
  std::vector<double> offset = cells.offset;
  for (size_t i = 0; i < offset.size(); ++i) offset[i] += slope * regressor.x[i];
  auto options = covariate_ridge(cells);
  options.rule = DispersionRule::kGiven;
  options.dispersion = at_0.dispersion;
  options.start = at_0.coefficients;
  fit_counts(cells, offset, options, held);
  if (held.problem.empty()) add_leverage(cells, held);
  return held;
}

/// P(a score as low or lower) at slope ½; NaN where the null cannot be fitted there.
double p_below_half(const ContrastCells& cells, const ContrastBaseline& at_0,
                    const Regressor& regressor, std::span<const double> change) {
  const auto held = held_at(0.5, cells, at_0, regressor);
  if (!held.problem.empty()) return kNaN;
  return score_of(cells, held, make_regressor(cells, held, change)).p_below();
}

struct Slope {
  double value = kNaN;
  double standard_error = kNaN;
  double freedom = kInfinity;
};

/// Residual scores and weights with −δ in the model.
struct FullFit {
  double slope = kNaN;
  std::vector<double> residual;
  std::vector<double> weight;
};

FullFit fit_full_counts(const ContrastCells& cells, const ContrastBaseline& baseline,
                        const CountRows& rows, double information) {
  auto options = covariate_ridge(cells);
  options.ridge.push_back(kSlopeRidge * information);
  options.rule = DispersionRule::kGiven;
  options.dispersion = baseline.dispersion;
  options.start = baseline.coefficients;
  options.start.push_back(0);
  const auto fit = fit_negative_binomial(rows, options);
  FullFit full;
  if (!fit.converged || fit.aliased.back() != 0) return full;
  full.slope = fit.coefficients.back();
  score_cells(rows.counts, fit, full.residual, full.weight);
  return full;
}

/// One step is the fit.
FullFit fit_full_values(const ContrastBaseline& baseline, const Regressor& regressor) {
  FullFit full{0, baseline.residual, baseline.weight};
  full.slope = std::inner_product(regressor.own.begin(), regressor.own.end(),
                                  baseline.residual.begin(), 0.0) /
               regressor.information;
  for (size_t i = 0; i < full.residual.size(); ++i) {
    full.residual[i] -= full.slope * regressor.own[i];
  }
  return full;
}

Slope fit_slope(const ContrastCells& cells, const ContrastBaseline& baseline,
                const Regressor& regressor) {
  CountRows rows{baseline.measured, cells.offset, spans_of(cells.columns)};
  rows.columns.emplace_back(regressor.x);
  const FullFit full = cells.counted ? fit_full_counts(cells, baseline, rows, regressor.information)
                                     : fit_full_values(baseline, regressor);
  if (std::isnan(full.slope)) return {};
  const size_t size = rows.columns.size();
  const CholeskyFactor factor(weighted_products(rows.columns, full.weight));
  const auto inverse = factor.inverse();
  std::vector<double> influence(rows.rows());
  for (size_t j = 0; j < size; ++j) {
    const double share = inverse[(size - 1) * size + j];
    for (size_t i = 0; i < influence.size(); ++i) influence[i] += share * rows.columns[j][i];
  }
  const Spread spread = spread_of(cells, influence, full.residual,
                                  leverages(rows.columns, inverse, full.weight), size);
  return {full.slope, std::sqrt(spread.variance), spread.freedom};
}

}  // namespace

void ContrastOptions::describe(OptionSet& set) {
  set.inner("min-cells", min_cells, at_least(3));
  set.inner("min-changed-cells", min_changed_cells, at_least(1));
  set.inner("min-expressing-cells", min_expressing_cells, at_least(1));
  set.inner("min-donors", min_donors, at_least(3));
  set.inner("cells-per-covariate", cells_per_covariate, at_least(2));
  set.inner("components", components, at_least(0));
  set.inner("confidence", confidence, above(0).below(1));
  set.inner("rate-floor", rate_floor, above(0).below(1));
}

ContrastBaseline contrast_baseline(const Study& study, int32_t gene, const ContrastCells& cells,
                                   const ContrastOptions& options) {
  ContrastBaseline baseline;
  baseline.measured = measured_values(study, gene, cells);
  const auto expressing = std::count_if(baseline.measured.begin(), baseline.measured.end(),
                                        [](double value) { return value != 0; });
  const auto n = static_cast<int64_t>(cells.cells.size());
  if (n < options.min_cells || n < static_cast<int64_t>(cells.columns.size()) + 3) {
    baseline.problem = fmt::format("only {} cells", n);
  } else if (expressing < options.min_expressing_cells) {
    baseline.problem = fmt::format("only {} of {} cells express the gene", expressing, n);
  } else if (cells.counted) {
    fit_counts(cells, cells.offset, covariate_ridge(cells), baseline);
  } else {
    fit_values(cells, baseline);
  }
  if (baseline.problem.empty()) add_leverage(cells, baseline);
  return baseline;
}

Contrast contrast(const ContrastCells& cells, const ContrastBaseline& baseline,
                  std::span<const double> change, const ContrastOptions& options) {
  Contrast result;
  result.cells = static_cast<int64_t>(cells.cells.size());
  result.clusters = cells.clusters.empty() ? 0 : cells.cluster_count;
  double sum = 0;
  for (const int32_t i : cells.kept) {
    sum += change[at(i)];
    result.changed_cells += change[at(i)] != 0 ? 1 : 0;
  }
  result.predicted = result.cells > 0 ? sum / static_cast<double>(result.cells) : kNaN;
  if (!baseline.problem.empty()) {
    result.note = baseline.problem;
    return result;
  }
  if (!std::isfinite(sum)) {
    result.note = "predicted changes that are not finite";
    return result;
  }
  if (result.changed_cells < options.min_changed_cells) {
    result.note =
        fmt::format("masking changes the prediction in only {} cells", result.changed_cells);
    return result;
  }
  const auto regressor = make_regressor(cells, baseline, change);
  if (!(regressor.own_share > kOwnShare)) {
    result.note = "the covariates explain the predicted change: nothing of its own is left to test";
    return result;
  }
  const Score score = score_of(cells, baseline, regressor);
  result.p = score.p_above();
  result.p_below_half = p_below_half(cells, baseline, regressor, change);
  result.detectable = detectable_slope(score, regressor);
  const Slope slope = fit_slope(cells, baseline, regressor);
  if (!std::isfinite(slope.standard_error)) {
    result.note = "the slope did not converge";
    return result;
  }
  const double reach =
      student_upper_quantile((1 - options.confidence) / 2, slope.freedom) * slope.standard_error;
  result.slope = slope.value;
  result.low = slope.value - reach;
  result.high = slope.value + reach;
  if (cells.latents_used < cells.latents) {
    result.note = fmt::format("few cells: {} of {} numbers of the state as covariates",
                              cells.latents_used, cells.latents);
  }
  return result;
}

std::pair<double, double> Contrast::observed() const {
  return std::minmax({low * predicted, high * predicted});
}

Contrast without_measured(std::span<const double> change) {
  Contrast result;
  result.cells = std::ssize(change);
  double sum = 0;
  for (const double one : change) {
    sum += one;
    result.changed_cells += one != 0 ? 1 : 0;
  }
  if (result.cells > 0) result.predicted = sum / static_cast<double>(result.cells);
  result.note = kNeedsPairs;
  return result;
}

bool is_without_measured(const Contrast& contrast) {
  return contrast.note == kNeedsPairs;
}

PooledSlope pooled_slope(std::span<const Contrast> contrasts, double confidence) {
  const double z = normal_upper_quantile((1 - confidence) / 2);
  PooledSlope result;
  double weights = 0;
  for (const auto& entry : contrasts) {
    const double error = (entry.high - entry.low) / (2 * z);
    if (!(error > 0) || !std::isfinite(error)) continue;
    ++result.sets;
    result.slope += entry.slope / (error * error);
    weights += 1 / (error * error);
  }
  if (result.sets == 0) return {0, kNaN, kNaN, kNaN};
  result.slope /= weights;
  result.low = result.slope - z / std::sqrt(weights);
  result.high = result.slope + z / std::sqrt(weights);
  return result;
}

}  // namespace grids::core
