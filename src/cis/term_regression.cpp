#include "cis/term_regression.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/information.hpp"
#include "base/negative_binomial.hpp"

namespace grids {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

constexpr double kLargestWeight = 6;  // e⁶: beyond, a term is all there is
constexpr double kLeastDispersion = 1e-3;
constexpr double kLargestDispersion = 100;

struct Sums {
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
        used_(types_ * classes_) {
    for (size_t k = 0; k < terms_; ++k) {
      for (const int32_t row : problem.rows_of(terms[k])) bits_[at(row)] |= 1U << k;
    }
    for (size_t i = 0; i < bits_.size(); ++i) used_[class_of(i)] = 1;
    find_type_precisions();
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
    std::vector<double> information;
    for (int step = 0; step < options_.most_steps; ++step) {
      const auto sums = class_sums(fit.mean);
      std::vector<double> move;
      assemble(sums, move, information);
      const CholeskyFactor factor(information);
      auto gradient = move;
      factor.solve(move);
      double promised = 0, longest = 0;
      for (size_t j = 0; j < move.size(); ++j) {
        promised += gradient[j] * move[j] / 2;
        longest = std::max(longest, std::abs(move[j]));
      }
      const double part = longest > kLongestTermStep ? kLongestTermStep / longest : 1;
      for (size_t j = 0; j < move.size(); ++j) take_step(j, part * move[j]);
      if (promised < kTermTolerance) break;
    }
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

  void take_step(size_t j, double step) {
    double& value = parameters_[j];
    value += step;
    if (j < types_ || (deviates() && j >= types_ + terms_)) return;
    value = within_term_bounds(options_.sum, value);
  }

  /// Scores and weights summed by class; fills the means.
  std::vector<Sums> class_sums(std::vector<double>& mean) const {
    std::vector<double> part(used_.size());
    const bool counts = problem_.family() == CisResponse::kCounts;
    for (size_t c = 0; c < part.size(); ++c) {
      if (used_[c] == 0) continue;
      const size_t type = c / classes_;
      part[c] = parameters_[type] + term_sum(options_.sum, total(type, c % classes_));
      if (counts) part[c] = std::exp(part[c]);
    }
    std::vector<Sums> sums(used_.size());
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
  void assemble(const std::vector<Sums>& sums, std::vector<double>& gradient,
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
    const double common = common_intercept();
    for (size_t a = 0; a < types_; ++a) {
      gradient[a] -= type_precision_[a] * (parameters_[a] - common);
      for (size_t b = 0; b < types_ && precision_sum_ > 0; ++b) {
        information[a * size + b] -= type_precision_[a] * type_precision_[b] / precision_sum_;
      }
      information[a * size + a] += type_precision_[a];
    }
  }

  /// The prior of the types' intercepts is around a common one, which is free.
  void find_type_precisions() {
    type_precision_.resize(types_);
    const auto begin = problem_.type_begin();
    for (size_t type = 0; type < types_; ++type) {
      const auto rows = static_cast<double>(begin[type + 1] - begin[type]);
      const double share = rows / static_cast<double>(std::max<size_t>(1, problem_.rows()));
      type_precision_[type] = options_.type_ridge * share * (1 - share);
      precision_sum_ += type_precision_[type];
    }
  }

  double common_intercept() const {
    double sum = 0;
    for (size_t type = 0; type < types_; ++type) sum += type_precision_[type] * parameters_[type];
    return precision_sum_ > 0 ? sum / precision_sum_ : 0;
  }

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
    const size_t size = parameters_.size();
    for (size_t j = 0; j < size; ++j) {
      value -= ridge(j) * parameters_[j] * parameters_[j] / 2;
      value += std::log(ridge(j)) / 2;
    }
    const double common = common_intercept();
    for (size_t type = 0; type < types_; ++type) {
      const double from_common = parameters_[type] - common;
      value -= type_precision_[type] * from_common * from_common / 2;
    }
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
  std::vector<double> type_precision_;
  double precision_sum_ = 0;
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

}  // namespace grids
