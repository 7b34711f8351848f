#include "cis/term_regression.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/error.hpp"
#include "cis/fisher_steps.hpp"
#include "cis/type_prior.hpp"
#include "math/information.hpp"
#include "math/negative_binomial.hpp"

namespace grids::core {
namespace {

constexpr double kLargestWeight = 6;  // e⁶: beyond, a term is all there is
constexpr double kLeastDispersion = 1e-3;
constexpr double kLargestDispersion = 100;

struct ClassSums {
  double score = 0;
  double weight = 0;
};

/// Parameters: an intercept a type, then a weight a term, then (maybe) a deviation for each term
/// and type. Where terms add, weights and deviations are kept as exp(w) − 1.
class Regression {
 public:
  Regression(const GeneProblem& problem, std::span<const WindowTerm> terms,
             const TermRegressionOptions& options)
      : problem_(problem),
        options_(options),
        terms_(terms.size()),
        types_(at(problem.types())),
        classes_(size_t{1} << terms.size()),
        bits_(problem.rows()),
        used_(types_ * classes_),
        prior_(problem, options.type_ridge) {
    for (size_t k = 0; k < terms_; ++k) {
      for (const int32_t row : problem.rows_of(terms[k])) bits_[at(row)] |= 1U << k;
    }
    for (size_t i = 0; i < bits_.size(); ++i) used_[class_of(i)] = 1;
    parameters_.resize(types_ + terms_ * (options.deviation_ridge > 0 ? 1 + types_ : 1));
  }

  void start_from(const TermFit& fit) {
    std::copy(fit.shift.begin(), fit.shift.end(), parameters_.begin());
    for (size_t k = 0; k < std::min(terms_, fit.weight.size()); ++k) {
      parameters_[types_ + k] = adds() ? std::expm1(fit.weight[k]) : fit.weight[k];
    }
  }

  TermFit run() {
    TermFit fit;
    fit.mean.resize(problem_.rows());
    const auto information = take_fisher_steps(
        parameters_, options_.most_steps,
        [&](std::vector<double>& gradient, std::vector<double>& sums) {
          assemble(class_sums(fit.mean), gradient, sums);
        },
        [&](size_t j, double value) {
          return is_weight(j) ? within_term_bounds(options_.sum, value) : value;
        });
    class_sums(fit.mean);
    fit.log_likelihood = term_log_likelihood(problem_, fit.mean, options_.dispersion);
    fit.log_evidence = evidence(fit.log_likelihood, information);
    store(fit);
    return fit;
  }

 private:
  bool adds() const { return options_.sum == TermSum::kAdd; }
  bool deviates() const { return options_.deviation_ridge > 0; }
  size_t class_of(size_t row) const { return at(problem_.type()[row]) * classes_ + bits_[row]; }
  double weight(size_t term, size_t type) const {
    const double shared = parameters_[types_ + term];
    return deviates() ? shared + parameters_[types_ + terms_ + term * types_ + type] : shared;
  }

  double total(size_t type, size_t bits) const {
    double sum = 0;
    for (size_t k = 0; k < terms_; ++k) {
      if ((bits >> k & 1) != 0) sum += weight(k, type);
    }
    return sum;
  }

  bool is_weight(size_t j) const { return j >= types_ && j < types_ + terms_; }

  /// Scores and weights summed by class; fills the means.
  std::vector<ClassSums> class_sums(std::vector<double>& mean) const {
    std::vector<double> part(used_.size());
    const bool counts = problem_.family() == CisResponse::kCounts;
    for (size_t c = 0; c < part.size(); ++c) {
      if (used_[c] == 0) continue;
      const size_t type = c / classes_;
      part[c] = parameters_[type] + term_sum(options_.sum, total(type, c % classes_));
      if (counts) part[c] = std::exp(part[c]);
    }
    std::vector<ClassSums> sums(used_.size());
    const auto y = problem_.response();
    const double phi = options_.dispersion;
    for (size_t i = 0; i < y.size(); ++i) {
      const size_t c = class_of(i);
      double weight = 1 / phi;
      if (counts) {
        mean[i] = problem_.exp_base()[i] * part[c];
        const double v = 1 / (1 + phi * mean[i]);
        sums[c].score += (y[i] - mean[i]) * v;
        weight = mean[i] * v;
      } else {
        mean[i] = problem_.base()[i] + part[c];
        sums[c].score += (y[i] - mean[i]) * weight;
      }
      sums[c].weight += weight;
    }
    return sums;
  }

  /// Gradient and expected information of the penalised likelihood.
  void assemble(const std::vector<ClassSums>& sums, std::vector<double>& gradient,
                std::vector<double>& information) const {
    const size_t size = parameters_.size();
    gradient.assign(size, 0);
    information.assign(size * size, 0);
    std::vector<std::pair<size_t, double>> active;
    for (size_t c = 0; c < sums.size(); ++c) {
      if (used_[c] == 0) continue;
      const size_t type = c / classes_, bits = c % classes_;
      const double slope = adds() ? std::exp(-term_sum(options_.sum, total(type, bits))) : 1;
      active.assign(1, {type, 1.0});
      for (size_t k = 0; k < terms_; ++k) {
        if ((bits >> k & 1) == 0) continue;
        active.emplace_back(types_ + k, slope);
        if (deviates()) active.emplace_back(types_ + terms_ + k * types_ + type, slope);
      }
      for (const auto& [a, x] : active) {
        gradient[a] += sums[c].score * x;
        for (const auto& [b, z] : active) information[a * size + b] += sums[c].weight * x * z;
      }
    }
    for (size_t j = 0; j < size; ++j) {
      gradient[j] -= ridge(j) * parameters_[j];
      information[j * size + j] += ridge(j);
    }
    prior_.add_to(intercepts(), gradient, information);
  }

  std::span<const double> intercepts() const { return {parameters_.data(), types_}; }

  double ridge(size_t j) const {
    if (j < types_) return 1e-6;  // a type without rows
    const bool deviation = j >= types_ + terms_;
    const size_t term = deviation ? (j - types_ - terms_) / types_ : j - types_;
    const size_t first_of_last = terms_ - options_.last_ridges.size();
    double own = options_.weight_ridge;
    if (term >= first_of_last) own = options_.last_ridges[term - first_of_last];
    // What hardly has a weight hardly deviates from it.
    return deviation ? std::max(options_.deviation_ridge, term < first_of_last ? 0.0 : own) : own;
  }

  double evidence(double value, const std::vector<double>& information) const {
    for (size_t j = 0; j < parameters_.size(); ++j) {
      value -= ridge(j) * parameters_[j] * parameters_[j] / 2;
      value += std::log(ridge(j)) / 2;
    }
    value += prior_.log_density(intercepts());
    return value - CholeskyFactor(information).log_determinant() / 2;
  }

  void store(TermFit& fit) const {
    fit.shift.assign(parameters_.begin(), parameters_.begin() + static_cast<long>(types_));
    for (size_t k = 0; k < terms_; ++k) {
      const double shared = parameters_[types_ + k];
      fit.weight.push_back(adds() ? std::log1p(shared) : shared);
      for (size_t type = 0; deviates() && type < types_; ++type) {
        const double own = weight(k, type);
        const double log_own = adds() ? std::log1p(std::max(own, kLeastCisSum)) : own;
        fit.deviation.push_back(log_own - fit.weight.back());
      }
    }
  }

  const GeneProblem& problem_;
  const TermRegressionOptions& options_;
  size_t terms_, types_, classes_;
  std::vector<uint32_t> bits_;
  std::vector<uint8_t> used_;  // types × classes
  std::vector<double> parameters_;
  TypePrior prior_;
};

}  // namespace

double term_log_likelihood(const GeneProblem& problem, std::span<const double> mean,
                           double dispersion) {
  const auto y = problem.response();
  double sum = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    if (problem.family() == CisResponse::kLogValues) {
      sum -= (y[i] - mean[i]) * (y[i] - mean[i]) / (2 * dispersion);
      continue;
    }
    const double term = std::log1p(dispersion * mean[i]);
    sum -= term / dispersion;
    if (y[i] > 0) sum += y[i] * (std::log(mean[i]) - term);
  }
  return sum;
}

double within_term_bounds(TermSum sum, double value) {
  return sum == TermSum::kAdd ? std::clamp(value, kLeastCisSum, std::exp(kLargestWeight))
                              : std::clamp(value, -kLargestWeight, kLargestWeight);
}

double term_sum(TermSum sum, double total) {
  return sum == TermSum::kAdd ? std::log1p(std::max(total, kLeastCisSum)) : total;
}

TermFit fit_terms(const GeneProblem& problem, std::span<const WindowTerm> terms,
                  const TermRegressionOptions& options, const TermFit* start) {
  if (terms.size() > kMostTerms) throw internal_error("cis path: too many terms");
  Regression regression(problem, terms, options);
  if (start != nullptr) regression.start_from(*start);
  return regression.run();
}

double dispersion_at(const GeneProblem& problem, std::span<const double> mean) {
  const auto y = problem.response();
  if (problem.family() == CisResponse::kCounts) {
    return likelihood_dispersion(y, mean, kLeastDispersion, kLargestDispersion);
  }
  double squares = 0;
  for (size_t i = 0; i < y.size(); ++i) squares += (y[i] - mean[i]) * (y[i] - mean[i]);
  return std::max(1e-9, squares / static_cast<double>(std::max<size_t>(1, y.size())));
}

}  // namespace grids::core
