/// Regression of counts: negative binomial of the second kind (NB2) with log link,
///
///     mean_i = exp(offset_i + Σ_j columns_j[i] · coefficient_j)
///     variance_i = mean_i + dispersion · mean_i²,
///
/// fitted by Newton's method with step control. Dispersion 0 is Poisson.
/// A handful of dense columns, any number of rows; one thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace grids::core {

/// The rows of a regression; spans are borrowed, all of the same length.
struct CountRows {
  std::span<const double> counts;  ///< at least 0; fractions are accepted
  std::span<const double> offset;  ///< log exposure; finite
  /// The covariates. A model with intercept has a column of ones.
  std::vector<std::span<const double>> columns;

  size_t rows() const { return counts.size(); }
};

enum class DispersionRule : uint8_t {
  kGiven,       ///< as `NegativeBinomialOptions::dispersion` says
  kMoments,     ///< Pearson's χ² becomes its degrees of freedom
  kLikelihood,  ///< maximises the likelihood; fractions of counts are rounded for it
};

struct NegativeBinomialOptions {
  DispersionRule rule = DispersionRule::kLikelihood;
  /// The dispersion when it is given, else where its search starts.
  double dispersion = 0.5;
  /// Bounds of an estimate. Overdispersion below the lower bound cannot be told from none.
  double least_dispersion = 1e-4;
  double largest_dispersion = 1e3;
  /// One a column, or none: `ridge[j]` · coefficient_j² / 2 is taken from the log likelihood.
  std::vector<double> ridge;
  /// Coefficients to start from, or none: then zeros, but for a first column of ones.
  std::vector<double> start;
  int most_steps = 60;
  /// Ends once a step promises to gain less log likelihood than this.
  double tolerance = 1e-9;
  /// Times that coefficients and dispersion are fitted in turn, at most.
  int most_rounds = 12;

  /// Throws Error(kUsage) that lists all problems; `columns` is the number of columns.
  void validate(size_t columns) const;
};

struct NegativeBinomialFit {
  std::vector<double> coefficients;
  /// Columns that depend on earlier ones up to rounding: their coefficient stays 0 and has no
  /// variance.
  std::vector<uint8_t> aliased;
  std::vector<double> mean;  ///< of each row
  double dispersion = 0;
  double log_likelihood = 0;  ///< without the ridge, with all constants
  double deviance = 0;        ///< twice the log likelihood below that of mean = count
  int steps = 0;
  bool converged = false;  ///< false also where the maximum lies at infinity
};

/// Throws Error(kInternal) when lengths differ.
NegativeBinomialFit fit_negative_binomial(const CountRows& rows,
                                          const NegativeBinomialOptions& options = {});

/// The log likelihood of counts with the given means, with all constants.
double negative_binomial_log_likelihood(std::span<const double> counts,
                                        std::span<const double> mean, double dispersion);

/// What one count adds to the deviance: 0 when count = mean.
double negative_binomial_deviance(double count, double mean, double dispersion);

/// Covariance of the coefficients (columns × columns, row-major) by the expected information: valid
/// if the variance is as stated above.
std::vector<double> model_covariance(const CountRows& rows, const NegativeBinomialFit& fit,
                                     std::span<const double> ridge = {});

/// Covariance that holds whatever the variance: (X'WX)⁻¹ · Σ s s' · (X'WX)⁻¹ with the score s of
/// each row, times n / (n − columns). With `clusters` (a code ≥ 0 for each row) rows of one cluster
/// may depend on each other: their scores are summed before the product, and the factor is G / (G −
/// 1) for G clusters (infinite, so NaN, for one).
std::vector<double> sandwich_covariance(const CountRows& rows, const NegativeBinomialFit& fit,
                                        std::span<const int32_t> clusters = {},
                                        std::span<const double> ridge = {});

}  // namespace grids::core
