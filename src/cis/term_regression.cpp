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
  size_t begin, end;  // where they lie in rows that are sorted by class, with what fills them up
  double rows = 0;
  double response = 0;  // Σ y
};

struct ClassSums {
  double score = 0;
  double weight = 0;
};

/// Classes are filled up to whole vectors with rows of count and mean 0, which add nothing.
constexpr size_t kRowsAtOnce = 8;

size_t filled_up(size_t rows) {
  return (rows + kRowsAtOnce - 1) / kRowsAtOnce * kRowsAtOnce;
}

/// Scores and weights of a class of counts about their log means, summed.
GRIDS_CLONES void sum_class(size_t rows, double dispersion, double factor, const double* counts,
                            const double* exp_base, double* sums) {
  double score = 0, weight = 0;
#pragma omp simd reduction(+ : score, weight)
  for (size_t i = 0; i < rows; ++i) {
    const double mean = exp_base[i] * factor;
    const double v = 1 / (1 + dispersion * mean);
    score += (counts[i] - mean) * v;
    weight += mean * v;
  }
  sums[0] = score;
  sums[1] = weight;
}

/// out = a x.
GRIDS_CLONES void scale_rows(size_t rows, double a, const double* x, double* out) {
#pragma omp simd
  for (size_t i = 0; i < rows; ++i) out[i] = a * x[i];
}

/// Σ (y + a) x.
GRIDS_CLONES double sum_beyond(size_t rows, double a, const double* y, const double* x) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (size_t i = 0; i < rows; ++i) sum += (y[i] + a) * x[i];
  return sum;
}

/// Parameters: (maybe) a deviation for each type and term, then a weight a term, then an intercept
/// a type: deviations of different types have nothing to do with each other, and what comes first
/// is eliminated first. Where terms add, weights and deviations are kept as exp(w) − 1.
class Regression {
 public:
  Regression(const GeneProblem& problem, std::span<const WindowTerm> terms,
             const TermRegressionOptions& options)
      : problem_(problem),
        options_(options),
        terms_(terms.size()),
        types_(at(problem.types())),
        deviations_(options.deviation_ridge > 0 ? terms_ * types_ : 0),
        bits_(problem.rows()),
        prior_(problem, options.type_ridge) {
    for (size_t k = 0; k < terms_; ++k) mark(terms[k], 1U << k);
    find_classes();
    sort_rows();
    parameters_.resize(deviations_ + terms_ + types_);
  }

  void start_from(const TermFit& fit) {
    std::copy(fit.shift.begin(), fit.shift.end(),
              parameters_.begin() + static_cast<long>(first_intercept()));
    for (size_t k = 0; k < std::min(terms_, fit.weight.size()); ++k) {
      parameters_[first_weight() + k] = adds() ? std::expm1(fit.weight[k]) : fit.weight[k];
    }
  }

  TermFit run() {
    TermFit fit;
    const auto information = take_fisher_steps(
        parameters_, options_.most_steps,
        [&](std::vector<double>& gradient, std::vector<double>& sums) {
          assemble(class_sums(), gradient, sums);
        },
        [&](size_t j, double value) {
          return is_weight(j) ? within_term_bounds(options_.sum, value) : value;
        },
        options_.tolerance);
    fit.mean = means();
    fit.log_likelihood = counts() ? log_likelihood_of_counts()
                                  : term_log_likelihood(problem_, fit.mean, options_.dispersion);
    fit.log_evidence = evidence(fit.log_likelihood, information);
    store(fit);
    return fit;
  }

 private:
  /// Sets a bit of the rows in which a term is satisfied.
  void mark(const WindowTerm& term, uint32_t bit) {
    const auto mark_rows = [&](std::span<const int32_t> rows) {
      for (const int32_t row : rows) bits_[at(row)] |= bit;
    };
    if (term.peaks.size() != 1 && term.kind == TermKind::kAll) {
      mark_rows(problem_.rows_of(term));
      return;
    }
    for (const int32_t peak : term.peaks) mark_rows(problem_.rows_of(peak));
  }

  /// Classes that have rows, by type and then by bits; `place_` finds them.
  void find_classes() {
    const size_t combinations = size_t{1} << terms_;
    std::vector<uint32_t> rows(types_ * combinations);
    for (size_t type = 0; type < types_; ++type) {
      uint32_t* own = rows.data() + type * combinations;
      uint32_t without = 0;  // most rows: they are not to wait for each other
      const auto end = at(problem_.type_begin()[type + 1]);
      for (auto i = at(problem_.type_begin()[type]); i < end; ++i) {
        if (bits_[i] == 0) {
          ++without;
        } else {
          ++own[bits_[i]];
        }
      }
      own[0] = without;
    }
    place_.resize(rows.size());
    size_t begin = 0;
    for (size_t c = 0; c < rows.size(); ++c) {
      if (rows[c] == 0) continue;
      place_[c] = static_cast<uint32_t>(classes_.size());
      const size_t end = begin + filled_up(rows[c]);
      classes_.push_back({c / combinations, static_cast<uint32_t>(c % combinations), begin, end,
                          static_cast<double>(rows[c])});
      begin = end;
    }
    part_.resize(classes_.size());
  }

  /// Calls `visit(row, place of its class)` for all rows.
  template <typename Visit>
  void for_rows(const Visit& visit) const {
    for (size_t type = 0; type < types_; ++type) {
      const uint32_t* place = place_.data() + (type << terms_);
      const auto end = at(problem_.type_begin()[type + 1]);
      for (auto i = at(problem_.type_begin()[type]); i < end; ++i) visit(i, place[bits_[i]]);
    }
  }

  void sort_rows() {
    const auto y = problem_.response();
    const auto base = counts() ? problem_.exp_base() : problem_.base();
    const size_t size = classes_.empty() ? 0 : classes_.back().end;
    y_.resize(size);
    base_.resize(size);
    std::vector<size_t> next;
    for (const auto& rows : classes_) next.push_back(rows.begin);
    for (size_t type = 0; type < types_; ++type) {
      const uint32_t* place = place_.data() + (type << terms_);
      size_t without = next.empty() ? 0 : next[place[0]];  // as in `find_classes`
      const auto end = at(problem_.type_begin()[type + 1]);
      for (auto i = at(problem_.type_begin()[type]); i < end; ++i) {
        const size_t to = bits_[i] == 0 ? without++ : next[place[bits_[i]]]++;
        y_[to] = y[i];
        base_[to] = base[i];
      }
    }
    for (auto& rows : classes_) {
      for (size_t i = rows.begin; i < rows.end; ++i) rows.response += y_[i];
    }
  }

  bool counts() const { return problem_.family() == CisResponse::kCounts; }
  bool adds() const { return options_.sum == TermSum::kAdd; }
  bool deviates() const { return options_.deviation_ridge > 0; }
  size_t first_weight() const { return deviations_; }
  size_t first_intercept() const { return deviations_ + terms_; }
  double weight(size_t term, size_t type) const {
    const double shared = parameters_[first_weight() + term];
    return deviates() ? shared + parameters_[type * terms_ + term] : shared;
  }

  double total(size_t type, uint32_t bits) const {
    double sum = 0;
    for (size_t k = 0; k < terms_; ++k) {
      if ((bits >> k & 1) != 0) sum += weight(k, type);
    }
    return sum;
  }

  bool is_weight(size_t j) const { return j >= first_weight() && j < first_intercept(); }

  /// What the parameters add to the log mean (or value) of each class.
  void update_parts() {
    for (size_t c = 0; c < classes_.size(); ++c) {
      const auto& rows = classes_[c];
      part_[c] = parameters_[first_intercept() + rows.type] +
                 term_sum(options_.sum, total(rows.type, rows.bits));
    }
  }

  /// Scores and weights summed by class.
  std::vector<ClassSums> class_sums() {
    update_parts();
    std::vector<ClassSums> sums(classes_.size());
    const double phi = options_.dispersion;
    for (size_t c = 0; c < sums.size(); ++c) {
      const auto& rows = classes_[c];
      double both[2] = {0, rows.rows / phi};
      if (counts()) {
        sum_class(rows.end - rows.begin, phi, std::exp(part_[c]), y_.data() + rows.begin,
                  base_.data() + rows.begin, both);
      } else {
        for (size_t i = rows.begin; i < rows.end; ++i) both[0] += y_[i] - base_[i];
        both[0] = (both[0] - rows.rows * part_[c]) / phi;
      }
      sums[c] = {both[0], both[1]};
    }
    return sums;
  }

  std::vector<double> means() {
    update_parts();
    auto part = part_;
    const auto base = counts() ? problem_.exp_base() : problem_.base();
    std::vector<double> mean(base.begin(), base.end());
    if (!counts()) {
      for_rows([&](size_t i, uint32_t place) { mean[i] += part[place]; });
      return mean;
    }
    for (double& value : part) value = std::exp(value);
    for_rows([&](size_t i, uint32_t place) { mean[i] *= part[place]; });
    return mean;
  }

  /// `term_log_likelihood` at the latest parts: the log of a mean is its base and its part.
  double log_likelihood_of_counts() const {
    const double phi = options_.dispersion;
    std::vector<double> logs(y_.size());
    double sum = problem_.response_on_base();
    for (size_t c = 0; c < classes_.size(); ++c) {
      const auto& rows = classes_[c];
      sum += rows.response * part_[c];
      scale_rows(rows.end - rows.begin, phi * std::exp(part_[c]), base_.data() + rows.begin,
                 logs.data() + rows.begin);
    }
    log1p_of_positive(std::ssize(logs), logs.data(), logs.data());
    return sum - sum_beyond(logs.size(), 1 / phi, y_.data(), logs.data());
  }

  /// Gradient and expected information (its lower triangle) of the penalised likelihood.
  void assemble(const std::vector<ClassSums>& sums, std::vector<double>& gradient,
                std::vector<double>& information) const {
    const size_t size = parameters_.size();
    gradient.assign(size, 0);
    information.assign(size * size, 0);
    std::vector<std::pair<size_t, double>> active;
    for (size_t c = 0; c < sums.size(); ++c) {
      const size_t type = classes_[c].type;
      const uint32_t bits = classes_[c].bits;
      const double slope = adds() ? std::exp(-term_sum(options_.sum, total(type, bits))) : 1;
      active.clear();
      for (size_t k = 0; deviates() && k < terms_; ++k) {
        if ((bits >> k & 1) != 0) active.emplace_back(type * terms_ + k, slope);
      }
      for (size_t k = 0; k < terms_; ++k) {
        if ((bits >> k & 1) != 0) active.emplace_back(first_weight() + k, slope);
      }
      active.emplace_back(first_intercept() + type, 1.0);
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
    for (size_t j = 0; j < size; ++j) {
      gradient[j] -= ridge(j) * parameters_[j];
      information[j * size + j] += ridge(j);
    }
    prior_.add_to_gradient(intercepts(), first_intercept(), gradient);
    prior_.add_to_information(first_intercept(), information, size);
  }

  std::span<const double> intercepts() const {
    return {parameters_.data() + first_intercept(), types_};
  }

  double ridge(size_t j) const {
    if (j >= first_intercept()) return 1e-6;  // a type without rows
    const bool deviation = j < first_weight();
    const size_t term = deviation ? j % terms_ : j - first_weight();
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
    fit.shift.assign(intercepts().begin(), intercepts().end());
    for (size_t k = 0; k < terms_; ++k) {
      const double shared = parameters_[first_weight() + k];
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
  size_t terms_, types_, deviations_;
  std::vector<uint32_t> bits_;     // of each row
  std::vector<RowClass> classes_;  // those that have rows
  std::vector<uint32_t> place_;    // of a class among these, by type and bits
  std::vector<double> y_, base_;   // sorted by class; base exponentiated for counts
  std::vector<double> part_;       // of each class, latest
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
