#include "cis/term_regression.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/simd.hpp"
#include "cis/type_prior.hpp"
#include "math/dispersion.hpp"
#include "math/fisher_steps.hpp"
#include "math/information.hpp"
#include "math/logarithm.hpp"

namespace grids::core {
namespace {

constexpr double kLargestWeight = 6;  // e⁶: beyond, a term is all there is
constexpr double kLeastDispersion = 1e-3;
constexpr double kLargestDispersion = 100;

/// Rows of one type in which the same terms, by bit, are satisfied.
struct RowClass {
  size_t type;
  uint32_t bits;
};

struct ClassSums {
  double score = 0;
  double weight = 0;
};

/// Scores and weights of rows about their log means; `mean` holds exp(log mean − base) at first.
GRIDS_CLONES void score_counts(size_t rows, double dispersion, const double* counts,
                               const double* exp_base, double* mean, ClassSums* of_row) {
  for (size_t i = 0; i < rows; ++i) {
    mean[i] *= exp_base[i];
    const double v = 1 / (1 + dispersion * mean[i]);
    of_row[i] = {(counts[i] - mean[i]) * v, mean[i] * v};
  }
}

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
        class_(problem.rows()),
        of_row_(problem.rows()),
        prior_(problem, options.type_ridge) {
    for (size_t k = 0; k < terms_; ++k) {
      for (const int32_t row : problem.rows_of(terms[k])) class_[at(row)] |= 1U << k;
    }
    number_classes();
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
        },
        options_.tolerance);
    class_sums(fit.mean);
    fit.log_likelihood = term_log_likelihood(problem_, fit.mean, options_.dispersion);
    fit.log_evidence = evidence(fit.log_likelihood, information);
    store(fit);
    return fit;
  }

 private:
  /// From the bits of satisfied terms to places in `classes_`, which ascend.
  void number_classes() {
    const size_t combinations = size_t{1} << terms_;
    std::vector<uint32_t> place(types_ * combinations);
    for (size_t i = 0; i < class_.size(); ++i) {
      class_[i] += static_cast<uint32_t>(at(problem_.type()[i]) * combinations);
      place[class_[i]] = 1;
    }
    for (size_t c = 0; c < place.size(); ++c) {
      if (place[c] == 0) continue;
      place[c] = static_cast<uint32_t>(classes_.size());
      classes_.push_back({c / combinations, static_cast<uint32_t>(c % combinations)});
    }
    for (uint32_t& own : class_) own = place[own];
  }

  bool adds() const { return options_.sum == TermSum::kAdd; }
  bool deviates() const { return options_.deviation_ridge > 0; }
  double weight(size_t term, size_t type) const {
    const double shared = parameters_[types_ + term];
    return deviates() ? shared + parameters_[types_ + terms_ + term * types_ + type] : shared;
  }

  double total(size_t type, uint32_t bits) const {
    double sum = 0;
    for (size_t k = 0; k < terms_; ++k) {
      if ((bits >> k & 1) != 0) sum += weight(k, type);
    }
    return sum;
  }

  bool is_weight(size_t j) const { return j >= types_ && j < types_ + terms_; }

  /// Scores and weights summed by class; fills the means.
  std::vector<ClassSums> class_sums(std::vector<double>& mean) {
    std::vector<double> part(classes_.size());
    const bool counts = problem_.family() == CisResponse::kCounts;
    for (size_t c = 0; c < part.size(); ++c) {
      const auto& [type, bits] = classes_[c];
      part[c] = parameters_[type] + term_sum(options_.sum, total(type, bits));
      if (counts) part[c] = std::exp(part[c]);
    }
    for (size_t i = 0; i < mean.size(); ++i) mean[i] = part[class_[i]];
    const auto y = problem_.response();
    const double phi = options_.dispersion;
    if (counts) {
      score_counts(y.size(), phi, y.data(), problem_.exp_base().data(), mean.data(),
                   of_row_.data());
    } else {
      for (size_t i = 0; i < y.size(); ++i) {
        mean[i] += problem_.base()[i];
        of_row_[i] = {(y[i] - mean[i]) * (1 / phi), 1 / phi};
      }
    }
    std::vector<ClassSums> sums(classes_.size());
    for (size_t i = 0; i < y.size(); ++i) {
      sums[class_[i]].score += of_row_[i].score;
      sums[class_[i]].weight += of_row_[i].weight;
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
      const auto& [type, bits] = classes_[c];
      const double slope = adds() ? std::exp(-term_sum(options_.sum, total(type, bits))) : 1;
      active.assign(1, {type, 1.0});
      for (size_t k = 0; k < terms_; ++k) {
        if ((bits >> k & 1) != 0) active.emplace_back(types_ + k, slope);
      }
      for (size_t k = 0; deviates() && k < terms_; ++k) {
        if ((bits >> k & 1) != 0) active.emplace_back(types_ + terms_ + k * types_ + type, slope);
      }
      // Places ascend: the lower triangle.
      for (auto one = active.begin(); one != active.end(); ++one) {
        const auto& [a, x] = *one;
        gradient[a] += sums[c].score * x;
        double* row = information.data() + a * size;
        const double weighted = sums[c].weight * x;
        for (auto other = active.begin(); other <= one; ++other) {
          row[other->first] += weighted * other->second;
        }
      }
    }
    for (size_t a = 0; a < size; ++a) {
      for (size_t b = 0; b < a; ++b) information[b * size + a] = information[a * size + b];
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
  size_t terms_, types_;
  std::vector<RowClass> classes_;  // those that have rows
  std::vector<uint32_t> class_;    // of each row: its place there
  std::vector<ClassSums> of_row_;  // of the latest step
  std::vector<double> parameters_;
  TypePrior prior_;
};

}  // namespace

double term_log_likelihood(const GeneProblem& problem, std::span<const double> mean,
                           double dispersion) {
  const auto y = problem.response();
  double sum = 0;
  if (problem.family() == CisResponse::kLogValues) {
    for (size_t i = 0; i < y.size(); ++i) {
      sum -= (y[i] - mean[i]) * (y[i] - mean[i]) / (2 * dispersion);
    }
    return sum;
  }
  std::vector<double> terms(mean.begin(), mean.end());
  for (double& term : terms) term *= dispersion;
  log1p_of_positive(std::ssize(terms), terms.data(), terms.data());
  for (size_t i = 0; i < y.size(); ++i) {
    sum -= terms[i] / dispersion;
    if (y[i] > 0) sum += y[i] * (std::log(mean[i]) - terms[i]);
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
