/// The regression of one gene on a few terms: an intercept for each type beside the frozen state,
/// one weight a term, and maybe deviations of the weights by type.
///
/// Terms are 0 or 1, so rows fall into few *classes* (type, which terms are satisfied); a Fisher
/// step reads the rows once and then works on class sums.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cis/gene_problem.hpp"
#include "cis/term_classes.hpp"
#include "math/fisher_steps.hpp"

namespace grids::core {

struct TermRegressionOptions {
  TermSum sum = TermSum::kMultiply;
  double dispersion = 0.5;
  /// Precision of the normal prior of weights (mean 0).
  double weight_ridge = 0.05;
  /// The same for the last terms, where they have one of their own: first of them to last.
  std::vector<double> last_ridges;
  /// Precision of the prior of the types' intercepts (type_prior.hpp); 0: none.
  double type_ridge = 0;
  /// Precision of the normal prior of the deviations by type; 0: no deviations.
  double deviation_ridge = 0;
  int most_steps = 15;
  /// Of log likelihood: steps end where they promise less.
  double tolerance = kFisherTolerance;
  /// Whether means of rows are wanted: a search asks for those of few fits (`term_means`).
  bool with_means = true;
};

/// What a scan needs of each row, and what terms were given.
struct TermFit {
  std::vector<double> shift;      ///< one a type, added to the state
  std::vector<double> weight;     ///< natural log of the factor, one a term
  std::vector<double> deviation;  ///< terms × types; empty without
  std::vector<double> mean;       ///< of each row; of counts maybe left out
  double depth_slope = 0;         ///< on log open peaks; of expected terms only
  double log_likelihood = 0;      ///< but for terms that depend on response and dispersion only
  /// log likelihood with priors, integrated over intercepts, weights and deviations (Laplace), to
  /// compare strengths of `deviation_ridge`.
  double log_evidence = 0;
};

/// `start` (maybe null) is a fit of the first terms of `terms` at the same sum.
TermFit fit_terms(const GeneProblem& problem, std::span<const WindowTerm> terms,
                  const TermRegressionOptions& options, const TermFit* start = nullptr);

/// The same for each of `sums`, whatever `options` says of it.
std::vector<TermFit> fit_sums(const GeneProblem& problem, std::span<const WindowTerm> terms,
                              TermRegressionOptions options, std::span<const TermSum> sums,
                              const TermFit* start = nullptr);

/// The fit of greatest evidence among `without`, one without deviations, and those with them at
/// each of `ridges`.
TermFit likeliest_deviations(const GeneProblem& problem, std::span<const WindowTerm> terms,
                             TermRegressionOptions options, std::span<const double> ridges,
                             const TermFit& without);

/// The means of a fit without deviations.
std::vector<double> term_means(const GeneProblem& problem, std::span<const WindowTerm> terms,
                               TermSum sum, const TermFit& fit);

/// `TermFit::log_likelihood` of means.
double term_log_likelihood(const GeneProblem& problem, std::span<const double> mean,
                           double dispersion);

/// A weight (exp(w) − 1 where terms add) that is neither absurd nor makes rates negative.
double within_term_bounds(TermSum sum, double value);

/// Dispersion (counts, by likelihood) or residual variance (log values) at the fitted means.
double dispersion_at(const GeneProblem& problem, std::span<const double> mean);

/// C from the sum over satisfied terms of w (multiplying) or exp(w) − 1 (adding).
double term_sum(TermSum sum, double total);

}  // namespace grids::core
