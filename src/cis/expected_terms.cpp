#include "cis/expected_terms.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/simd.hpp"
#include "cis/type_prior.hpp"
#include "math/exponential.hpp"
#include "math/fisher_steps.hpp"
#include "math/information.hpp"

namespace grids::core {
namespace {

/// Multiplies means by the expected factor 1 + a t of a term, and says how it grows with its
/// weight.
GRIDS_CLONES void multiply_by_term(size_t rows, double a, const double* belief, double* mean,
                                   double* slope) {
#pragma omp simd
  for (size_t i = 0; i < rows; ++i) {
    const double factor = 1 + a * belief[i];
    mean[i] *= factor;
    slope[i] = (1 + a) * belief[i] / factor;
  }
}

/// sum += a t.
GRIDS_CLONES void add_term(size_t rows, double a, const double* belief, double* sum) {
#pragma omp simd
  for (size_t i = 0; i < rows; ++i) sum[i] += a * belief[i];
}

/// slope = t ÷ sum.
GRIDS_CLONES void slope_of_sum(size_t rows, const double* belief, const double* sum,
                               double* slope) {
#pragma omp simd
  for (size_t i = 0; i < rows; ++i) slope[i] = belief[i] / sum[i];
}

/// Scores and weights of rows about their log means.
GRIDS_CLONES void score_means(size_t rows, double dispersion, const double* counts,
                              const double* mean, double* score, double* weight) {
#pragma omp simd
  for (size_t i = 0; i < rows; ++i) {
    const double v = 1 / (1 + dispersion * mean[i]);
    score[i] = (counts[i] - mean[i]) * v;
    weight[i] = mean[i] * v;
  }
}

/// Parameters: an intercept a type, a weight a term (exp(w) − 1 where terms add), the slope on
/// depth.
class ExpectedRegression {
 public:
  ExpectedRegression(const GeneProblem& problem, std::span<const double> log_depth,
                     std::vector<std::vector<double>> beliefs, const TermRegressionOptions& options)
      : problem_(problem),
        log_depth_(log_depth),
        options_(options),
        types_(at(problem.types())),
        terms_(beliefs.size()),
        belief_(std::move(beliefs)),
        slope_(belief_),
        ones_(problem.rows(), 1.0),
        parameters_(types_ + terms_ + 1),
        mean_(problem.rows()),
        score_(problem.rows()),
        weight_(problem.rows()),
        prior_(problem, options.type_ridge) {}

  void start_from(const TermFit& fit) {
    std::copy(fit.shift.begin(), fit.shift.end(), parameters_.begin());
    for (size_t k = 0; k < std::min(terms_, fit.weight.size()); ++k) {
      parameters_[types_ + k] = adds() ? std::expm1(fit.weight[k]) : fit.weight[k];
    }
    parameters_.back() = fit.depth_slope;
  }

  TermFit run() {
    take_fisher_steps(
        parameters_, options_.most_steps,
        [&](std::vector<double>& gradient, std::vector<double>& information) {
          update_rows();
          assemble(gradient, information);
        },
        [&](size_t j, double value) {
          return is_term(j) ? within_term_bounds(options_.sum, value) : value;
        },
        options_.tolerance);
    update_rows();
    TermFit fit;
    fit.shift.assign(parameters_.begin(), parameters_.begin() + static_cast<long>(types_));
    for (size_t k = 0; k < terms_; ++k) {
      const double value = parameters_[types_ + k];
      fit.weight.push_back(adds() ? std::log1p(value) : value);
    }
    fit.depth_slope = parameters_.back();
    fit.log_likelihood = term_log_likelihood(problem_, mean_, options_.dispersion);
    fit.mean = std::move(mean_);
    return fit;
  }

 private:
  bool adds() const { return options_.sum == TermSum::kAdd; }
  bool counts() const { return problem_.family() == CisResponse::kCounts; }
  size_t rows() const { return mean_.size(); }

  bool is_term(size_t j) const { return j >= types_ && j < types_ + terms_; }

  /// Means, the slopes of their logs, scores and weights.
  void update_rows() {
    start_means();
    if (!counts()) {
      for (size_t k = 0; k < terms_; ++k) {
        add_term(rows(), parameters_[types_ + k], belief_[k].data(), mean_.data());
      }
    } else if (adds()) {
      add_terms();
    } else {
      for (size_t k = 0; k < terms_; ++k) {
        multiply_by_term(rows(), std::expm1(parameters_[types_ + k]), belief_[k].data(),
                         mean_.data(), slope_[k].data());
      }
    }
    const auto y = problem_.response();
    const double phi = options_.dispersion;
    if (counts()) {
      score_means(rows(), phi, y.data(), mean_.data(), score_.data(), weight_.data());
      return;
    }
    for (size_t i = 0; i < rows(); ++i) {
      score_[i] = (y[i] - mean_[i]) * (1 / phi);
      weight_[i] = 1 / phi;
    }
  }

  void start_means() {
    const auto base = problem_.base();
    for (size_t type = 0; type < types_; ++type) {
      const auto end = at(problem_.type_begin()[type + 1]);
      for (auto i = at(problem_.type_begin()[type]); i < end; ++i) {
        mean_[i] = base[i] + parameters_[type] + parameters_.back() * log_depth_[i];
      }
    }
    if (counts()) exponentials(std::ssize(mean_), mean_.data(), mean_.data());
  }

  void add_terms() {
    std::vector<double> sum(rows());
    for (size_t k = 0; k < terms_; ++k) {
      add_term(rows(), parameters_[types_ + k], belief_[k].data(), sum.data());
    }
    for (double& value : sum) value = 1 + std::max(value, kLeastCisSum);
    for (size_t i = 0; i < rows(); ++i) mean_[i] *= sum[i];
    for (size_t k = 0; k < terms_; ++k) {
      slope_of_sum(rows(), belief_[k].data(), sum.data(), slope_[k].data());
    }
  }

  /// Gradient and expected information of the penalised likelihood, type by type.
  void assemble(std::vector<double>& gradient, std::vector<double>& information) const {
    const size_t size = parameters_.size();
    gradient.assign(size, 0);
    information.assign(size * size, 0);
    for (size_t type = 0; type < types_; ++type) {
      const auto begin = at(problem_.type_begin()[type]);
      const auto count = at(problem_.type_begin()[type + 1]) - begin;
      const auto part = [&](const std::vector<double>& column) {
        return std::span<const double>(column).subspan(begin, count);
      };
      std::vector<std::span<const double>> columns = {part(ones_)};
      std::vector<size_t> place = {type};
      for (size_t k = 0; k < terms_; ++k) {
        columns.push_back(part(slope_[k]));
        place.push_back(types_ + k);
      }
      columns.push_back(log_depth_.subspan(begin, count));
      place.push_back(size - 1);
      const auto products = weighted_products(columns, part(weight_));
      const auto scores = column_products(columns, part(score_));
      for (size_t a = 0; a < place.size(); ++a) {
        gradient[place[a]] += scores[a];
        for (size_t b = 0; b < place.size(); ++b) {
          information[place[a] * size + place[b]] += products[a * place.size() + b];
        }
      }
    }
    for (size_t j = 0; j < size; ++j) {
      gradient[j] -= ridge(j) * parameters_[j];
      information[j * size + j] += ridge(j);
    }
    prior_.add_to_gradient(intercepts(), 0, gradient);
    prior_.add_to_information(0, information, size);
  }

  std::span<const double> intercepts() const { return {parameters_.data(), types_}; }
  double ridge(size_t j) const { return is_term(j) ? options_.weight_ridge : 1e-6; }

  const GeneProblem& problem_;
  std::span<const double> log_depth_;
  const TermRegressionOptions& options_;
  size_t types_, terms_;
  std::vector<std::vector<double>> belief_, slope_;
  std::vector<double> ones_, parameters_, mean_, score_, weight_;
  TypePrior prior_;
};

std::vector<double> centred_logs(std::span<const double> open_peaks) {
  std::vector<double> logs;
  double mean = 0;
  for (const double open : open_peaks) {
    logs.push_back(std::log(std::max(1.0, open)));
    mean += logs.back() / static_cast<double>(open_peaks.size());
  }
  for (double& value : logs) value -= mean;
  return logs;
}

}  // namespace

std::vector<double> term_belief(const Beliefs& beliefs, const WindowTerm& term) {
  std::vector<double> t(beliefs.rows(), 1.0);
  for (const int32_t peak : term.peaks) {
    const auto q = beliefs.peak(peak);
    if (term.kind == TermKind::kAll) {
      for (size_t i = 0; i < t.size(); ++i) t[i] *= static_cast<double>(q[i]);
    } else {
      for (size_t i = 0; i < t.size(); ++i) t[i] *= 1 - static_cast<double>(q[i]);
    }
  }
  if (term.kind == TermKind::kAny) {
    for (double& value : t) value = 1 - value;
  }
  return t;
}

ExpectedTerms::ExpectedTerms(const GeneProblem& problem, std::span<const double> open_peaks,
                             std::span<const double> seen, size_t neighbours)
    : problem_(problem),
      beliefs_(openness_beliefs(problem, open_peaks, seen, neighbours)),
      log_depth_(centred_logs(open_peaks)) {}

TermFit ExpectedTerms::fit(std::span<const WindowTerm> terms, const TermRegressionOptions& options,
                           const TermFit* start) const {
  std::vector<std::vector<double>> columns;
  for (const auto& term : terms) columns.push_back(term_belief(beliefs_, term));
  ExpectedRegression regression(problem_, log_depth_, std::move(columns), options);
  if (start != nullptr) regression.start_from(*start);
  return regression.run();
}

}  // namespace grids::core
