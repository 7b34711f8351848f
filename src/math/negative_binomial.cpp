#include "math/negative_binomial.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "math/dispersion.hpp"
#include "math/exponential.hpp"
#include "math/information.hpp"
#include "math/logarithm.hpp"
#include "math/statistics.hpp"

namespace grids::core {
namespace {

constexpr double kLargestLog = 30;  // of a mean: beyond it, counts could not be told apart
constexpr double kLongestStep = 3;  // in the log of any mean
constexpr double kPoisson = 1e-9;   // dispersion below which the limit is used
constexpr int kHalvings = 12;
constexpr double kDispersionChange = 1e-4;  // relative, between rounds

/// log1p(dispersion · mean) / dispersion, also in the limit.
double log_term(double mean, double dispersion) {
  return dispersion < kPoisson ? mean : std::log1p(dispersion * mean) / dispersion;
}

/// The same of each mean.
std::vector<double> log_terms(std::span<const double> mean, double dispersion) {
  std::vector<double> terms(mean.begin(), mean.end());
  if (dispersion < kPoisson) return terms;
  for (double& term : terms) term *= dispersion;
  log1p_of_positive(std::ssize(terms), terms.data(), terms.data());
  for (double& term : terms) term /= dispersion;
  return terms;
}

/// What is maximised, but for terms that depend on neither mean nor coefficients.
double kernel(std::span<const double> counts, std::span<const double> log_mean,
              std::span<const double> mean, double dispersion) {
  const auto terms = log_terms(mean, dispersion);
  double sum = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    sum += counts[i] * (log_mean[i] - dispersion * terms[i]) - terms[i];
  }
  return sum;
}

/// One fit at a fixed dispersion, step by step.
class Scoring {
 public:
  Scoring(const CountRows& rows, const NegativeBinomialOptions& options)
      : rows_(rows), options_(options), log_mean_(rows.rows()), trial_log_mean_(rows.rows()) {
    fit_.mean.resize(rows.rows());
    fit_.aliased.resize(rows.columns.size());
    trial_mean_.resize(rows.rows());
    fit_.coefficients = options.start.empty() ? default_start() : options.start;
    evaluate(fit_.coefficients, log_mean_, fit_.mean);
  }

  /// Newton's method from where the last call ended.
  void run(double dispersion) {
    fit_.dispersion = dispersion;
    fit_.converged = false;
    double value = objective(fit_.coefficients, log_mean_, fit_.mean);
    for (int step = 0; step < options_.most_steps; ++step) {
      ++fit_.steps;
      const auto gradient = penalised_gradient();
      auto move = gradient;
      const CholeskyFactor factor(information());
      factor.solve(move);
      double promised = 0;
      for (size_t j = 0; j < move.size(); ++j) {
        promised += gradient[j] * move[j] / 2;
        fit_.aliased[j] = factor.left_out(j) ? 1 : 0;
      }
      const bool moved = advance(move, value);
      if (promised < options_.tolerance) {
        fit_.converged = true;
        return;
      }
      if (!moved) return;
    }
  }

  NegativeBinomialFit& fit() { return fit_; }

 private:
  std::vector<double> default_start() const {
    std::vector<double> start(rows_.columns.size());
    if (start.empty()) return start;
    const auto first = rows_.columns[0];
    if (!std::all_of(first.begin(), first.end(), [](double x) { return x == 1; })) return start;
    double counts = 0, exposure = 0;
    for (size_t i = 0; i < rows_.rows(); ++i) {
      counts += rows_.counts[i];
      exposure += std::exp(rows_.offset[i]);
    }
    if (counts > 0) start[0] = std::log(counts / exposure);
    return start;
  }

  void evaluate(std::span<const double> coefficients, std::vector<double>& log_mean,
                std::vector<double>& mean) const {
    std::copy(rows_.offset.begin(), rows_.offset.end(), log_mean.begin());
    for (size_t j = 0; j < coefficients.size(); ++j) {
      const double b = coefficients[j];
      if (b == 0) continue;
      const double* column = rows_.columns[j].data();
      for (size_t i = 0; i < log_mean.size(); ++i) log_mean[i] += b * column[i];
    }
    for (double& value : log_mean) value = std::clamp(value, -kLargestLog, kLargestLog);
    exponentials(std::ssize(mean), log_mean.data(), mean.data());
  }

  double ridge(size_t j) const { return options_.ridge.empty() ? 0 : options_.ridge[j]; }

  double objective(std::span<const double> coefficients, std::span<const double> log_mean,
                   std::span<const double> mean) const {
    double value = kernel(rows_.counts, log_mean, mean, fit_.dispersion);
    for (size_t j = 0; j < coefficients.size(); ++j) {
      value -= ridge(j) * coefficients[j] * coefficients[j] / 2;
    }
    return value;
  }

  std::vector<double> penalised_gradient() const {
    std::vector<double> score(rows_.rows());
    for (size_t i = 0; i < score.size(); ++i) {
      score[i] = (rows_.counts[i] - fit_.mean[i]) / (1 + fit_.dispersion * fit_.mean[i]);
    }
    auto gradient = column_products(rows_.columns, score);
    for (size_t j = 0; j < gradient.size(); ++j) gradient[j] -= ridge(j) * fit_.coefficients[j];
    return gradient;
  }

  /// The observed one: the likelihood is concave in the log means, so that Newton's steps are
  /// uphill; those of the expected one overshoot for ever where a mean tends to 0.
  std::vector<double> information() const {
    std::vector<double> weight(rows_.rows());
    for (size_t i = 0; i < weight.size(); ++i) {
      const double spread = 1 + fit_.dispersion * fit_.mean[i];
      weight[i] = fit_.mean[i] * (1 + fit_.dispersion * rows_.counts[i]) / (spread * spread);
    }
    auto matrix = weighted_products(rows_.columns, weight);
    const size_t size = rows_.columns.size();
    for (size_t j = 0; j < size; ++j) matrix[j * size + j] += ridge(j);
    return matrix;
  }

  /// Moves by as much of `move` as does not lower the objective; false when nothing does.
  bool advance(std::span<const double> move, double& value) {
    std::fill(trial_log_mean_.begin(), trial_log_mean_.end(), 0);
    for (size_t j = 0; j < move.size(); ++j) {
      for (size_t i = 0; i < trial_log_mean_.size(); ++i) {
        trial_log_mean_[i] += move[j] * rows_.columns[j][i];
      }
    }
    double longest = 0;
    for (const double change : trial_log_mean_) longest = std::max(longest, std::abs(change));
    double part = longest > kLongestStep ? kLongestStep / longest : 1;
    for (int halving = 0; halving < kHalvings; ++halving, part /= 2) {
      std::vector<double> trial = fit_.coefficients;
      for (size_t j = 0; j < move.size(); ++j) trial[j] += part * move[j];
      evaluate(trial, trial_log_mean_, trial_mean_);
      const double reached = objective(trial, trial_log_mean_, trial_mean_);
      // At the maximum the last step changes the value by rounding only.
      if (!(reached >= value - 1e-12 * std::abs(value))) continue;
      fit_.coefficients = std::move(trial);
      std::swap(log_mean_, trial_log_mean_);
      std::swap(fit_.mean, trial_mean_);
      value = reached;
      return true;
    }
    return false;
  }

  const CountRows& rows_;
  const NegativeBinomialOptions& options_;
  NegativeBinomialFit fit_;
  std::vector<double> log_mean_, trial_log_mean_, trial_mean_;
};

double dispersion_of(const CountRows& rows, std::span<const double> mean,
                     const NegativeBinomialOptions& options) {
  const double least = options.least_dispersion, largest = options.largest_dispersion;
  if (options.rule == DispersionRule::kLikelihood) {
    return likelihood_dispersion(rows.counts, mean, least, largest);
  }
  const double freedom =
      static_cast<double>(rows.rows()) - static_cast<double>(rows.columns.size());
  return moment_dispersion(rows.counts, mean, std::max(1.0, freedom), least, largest);
}

void require_lengths(const CountRows& rows) {
  if (rows.offset.size() != rows.rows()) throw internal_error("regression: offset of other length");
  for (const auto column : rows.columns) {
    if (column.size() != rows.rows()) throw internal_error("regression: column of other length");
  }
}

}  // namespace

void NegativeBinomialOptions::validate(size_t columns) const {
  Problems problems;
  if (!(dispersion >= 0)) problems.add("dispersion is {}, but must not be negative", dispersion);
  if (!(least_dispersion > 0 && least_dispersion < largest_dispersion)) {
    problems.add("dispersion between {} and {} is no range above 0", least_dispersion,
                 largest_dispersion);
  }
  if (!ridge.empty() && ridge.size() != columns) {
    problems.add("{} ridge penalties for {} columns", ridge.size(), columns);
  }
  if (std::any_of(ridge.begin(), ridge.end(), [](double r) { return !(r >= 0); })) {
    problems.add("a negative ridge penalty");
  }
  if (!start.empty() && start.size() != columns) {
    problems.add("a start of {} coefficients for {} columns", start.size(), columns);
  }
  if (most_steps < 1 || most_rounds < 1) problems.add("no steps or no rounds");
  if (!(tolerance > 0)) problems.add("tolerance is {}, but must be above 0", tolerance);
  problems.raise(ErrorKind::kUsage, "negative binomial regression");
}

double negative_binomial_log_likelihood(std::span<const double> counts,
                                        std::span<const double> mean, double dispersion) {
  const auto terms = log_terms(mean, dispersion);
  double sum = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double y = counts[i];
    sum -= (dispersion * y + 1) * terms[i];
    if (y == 0) continue;
    sum += y * std::log(mean[i]) - log_gamma(y + 1);
    if (dispersion < kPoisson) continue;
    // Γ(y + 1/φ) φ^y / Γ(1/φ): for whole counts a product without cancellation.
    if (y == std::floor(y) && y < 1000) {
      for (double k = 1; k < y; ++k) sum += std::log1p(dispersion * k);
    } else {
      sum += log_gamma(y + 1 / dispersion) - log_gamma(1 / dispersion) + y * std::log(dispersion);
    }
  }
  return sum;
}

double negative_binomial_deviance(double count, double mean, double dispersion) {
  const double terms = log_term(mean, dispersion) - log_term(count, dispersion);
  const double logs = count > 0 ? count * std::log(count / mean) : 0;
  return std::max(0.0, 2 * (logs + (1 + dispersion * count) * terms));
}

NegativeBinomialFit fit_negative_binomial(const CountRows& rows,
                                          const NegativeBinomialOptions& options) {
  require_lengths(rows);
  options.validate(rows.columns.size());
  Scoring scoring(rows, options);
  auto& fit = scoring.fit();
  scoring.run(options.dispersion);
  for (int round = 0; options.rule != DispersionRule::kGiven && round < options.most_rounds;
       ++round) {
    const double before = fit.dispersion;
    const double after = dispersion_of(rows, fit.mean, options);
    scoring.run(after);
    if (std::abs(after - before) <= kDispersionChange * before) break;
  }
  fit.log_likelihood = negative_binomial_log_likelihood(rows.counts, fit.mean, fit.dispersion);
  for (size_t i = 0; i < rows.rows(); ++i) {
    fit.deviance += negative_binomial_deviance(rows.counts[i], fit.mean[i], fit.dispersion);
  }
  return std::move(fit);
}

namespace {

CholeskyFactor information_factor(const CountRows& rows, const NegativeBinomialFit& fit,
                                  std::span<const double> ridge) {
  std::vector<double> weight(rows.rows());
  for (size_t i = 0; i < weight.size(); ++i) {
    weight[i] = fit.mean[i] / (1 + fit.dispersion * fit.mean[i]);
  }
  auto matrix = weighted_products(rows.columns, weight);
  const size_t size = rows.columns.size();
  for (size_t j = 0; j < ridge.size(); ++j) matrix[j * size + j] += ridge[j];
  return CholeskyFactor(std::move(matrix));
}

/// Σ s s' over rows, or over the sums of clusters; clusters × columns in the order of codes.
std::vector<double> score_products(const CountRows& rows, const NegativeBinomialFit& fit,
                                   std::span<const int32_t> clusters, size_t& groups) {
  const size_t size = rows.columns.size();
  int32_t most = -1;
  for (const int32_t code : clusters) most = std::max(most, code);
  groups = clusters.empty() ? rows.rows() : static_cast<size_t>(most + 1);
  std::vector<double> sums(groups * size);
  std::vector<uint8_t> used(groups);
  for (size_t i = 0; i < rows.rows(); ++i) {
    const size_t group = clusters.empty() ? i : static_cast<size_t>(clusters[i]);
    used[group] = 1;
    const double score = (rows.counts[i] - fit.mean[i]) / (1 + fit.dispersion * fit.mean[i]);
    for (size_t j = 0; j < size; ++j) sums[group * size + j] += score * rows.columns[j][i];
  }
  std::vector<double> products(size * size);
  for (size_t group = 0; group < groups; ++group) {
    const double* s = sums.data() + group * size;
    for (size_t i = 0; i < size; ++i) {
      for (size_t j = 0; j < size; ++j) products[i * size + j] += s[i] * s[j];
    }
  }
  groups = static_cast<size_t>(std::count(used.begin(), used.end(), uint8_t{1}));
  return products;
}

std::vector<double> multiply(const std::vector<double>& a, const std::vector<double>& b,
                             size_t size) {
  std::vector<double> result(size * size);
  for (size_t i = 0; i < size; ++i) {
    for (size_t k = 0; k < size; ++k) {
      for (size_t j = 0; j < size; ++j) result[i * size + j] += a[i * size + k] * b[k * size + j];
    }
  }
  return result;
}

}  // namespace

std::vector<double> model_covariance(const CountRows& rows, const NegativeBinomialFit& fit,
                                     std::span<const double> ridge) {
  return information_factor(rows, fit, ridge).inverse();
}

std::vector<double> sandwich_covariance(const CountRows& rows, const NegativeBinomialFit& fit,
                                        std::span<const int32_t> clusters,
                                        std::span<const double> ridge) {
  if (!clusters.empty() && clusters.size() != rows.rows()) {
    throw internal_error("regression: clusters of other length");
  }
  const size_t size = rows.columns.size();
  const auto bread = information_factor(rows, fit, ridge).inverse();
  size_t groups = 0;
  const auto meat = score_products(rows, fit, clusters, groups);
  auto result = multiply(multiply(bread, meat, size), bread, size);
  const auto n = static_cast<double>(groups);
  const double lost = clusters.empty() ? static_cast<double>(size) : 1;
  const double factor = n > lost ? n / (n - lost) : std::numeric_limits<double>::quiet_NaN();
  for (double& value : result) value *= factor;
  return result;
}

}  // namespace grids::core
