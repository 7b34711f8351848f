#include "cis/term_regression.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/simd.hpp"
#include "cis/term_classes.hpp"
#include "cis/type_prior.hpp"
#include "math/dispersion.hpp"
#include "math/exponential.hpp"
#include "math/fisher_steps.hpp"
#include "math/information.hpp"
#include "math/logarithm.hpp"

namespace grids::core {
namespace {

constexpr double kLargestWeight = 6;  // e⁶: beyond, a term is all there is
constexpr double kLeastDispersion = 1e-3;
constexpr double kLargestDispersion = 100;

using EightFloats = float __attribute__((vector_size(32)));
using EightDoubles = double __attribute__((vector_size(64)));
/// The same, at any address.
using LooseDoubles = double __attribute__((vector_size(64), aligned(8), may_alias));
static_assert(sizeof(EightDoubles) == kClassLanes * sizeof(double));

/// Always inlined, as the two below: a vector passed between functions of different clones would go
/// astray.
[[gnu::always_inline]] inline const LooseDoubles& eight_at(const double* at) {
  return *reinterpret_cast<const LooseDoubles*>(at);
}

[[gnu::always_inline]] inline double sum_of_eight(const EightDoubles& eight) {
  EightDoubles x = eight;
  x += __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3);
  x += __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5);
  x += __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6);
  return x[0];
}

/// x becomes 1 / x, for x between 1 and 1e30, which larger ones count as: by a division of floats,
/// a third as dear, and two of Newton's steps, the second of which leaves rounding alone.
[[gnu::always_inline]] inline void invert(EightDoubles& x) {
  x = x < 1e30 ? x : EightDoubles{} + 1e30;
  EightDoubles r =
      __builtin_convertvector(1.0F / __builtin_convertvector(x, EightFloats), EightDoubles);
  r *= 2.0 - x * r;
  x = r * (2.0 - x * r);
}

/// Scores and weights of counts about their log means, summed by class.
GRIDS_CLONES void sum_classes(size_t classes, const RowClass* of, double dispersion,
                              const double* factor, const double* counts, const double* exp_base,
                              double* scores, double* weights) {
  for (size_t c = 0; c < classes; ++c) {
    EightDoubles score{}, weight{};
    for (size_t i = of[c].begin; i < of[c].end; i += kClassLanes) {
      const EightDoubles mean = eight_at(exp_base + i) * factor[c];
      EightDoubles v = 1.0 + dispersion * mean;
      invert(v);
      score += (eight_at(counts + i) - mean) * v;
      weight += mean * v;
    }
    scores[c] = sum_of_eight(score);
    weights[c] = sum_of_eight(weight);
  }
}

/// Numbers of rows, summed by class.
GRIDS_CLONES void sum_by_class(size_t classes, const RowClass* of, const double* x, double* sums) {
  for (size_t c = 0; c < classes; ++c) {
    EightDoubles sum{};
    for (size_t i = of[c].begin; i < of[c].end; i += kClassLanes) sum += eight_at(x + i);
    sums[c] = sum_of_eight(sum);
  }
}

/// X'WX (its lower triangle) and X's over classes, for the columns of some terms and a last one of
/// ones.
GRIDS_CLONES void class_moments(size_t classes, size_t terms, const double* columns, size_t stride,
                                const double* weight, const double* score, double* products,
                                double* scores) {
  for (size_t a = 0; a <= terms; ++a) {
    const double* x = columns + a * stride;
    for (size_t b = 0; b <= a; ++b) {
      const double* y = columns + b * stride;
      EightDoubles sum{};
      for (size_t c = 0; c < classes; c += kClassLanes) {
        EightDoubles part = eight_at(weight + c);
        if (a < terms) part *= eight_at(x + c);
        if (b < terms) part *= eight_at(y + c);
        sum += part;
      }
      products[a * (terms + 1) + b] = sum_of_eight(sum);
    }
    EightDoubles sum{};
    for (size_t c = 0; c < classes; c += kClassLanes) {
      sum += a < terms ? eight_at(score + c) * eight_at(x + c) : eight_at(score + c);
    }
    scores[a] = sum_of_eight(sum);
  }
}

/// out = a x, with an a for each class.
GRIDS_CLONES void scale_classes(size_t classes, const RowClass* of, double dispersion,
                                const double* factor, const double* x, double* out) {
  for (size_t c = 0; c < classes; ++c) {
    const double a = dispersion * factor[c];
#pragma omp simd
    for (size_t i = of[c].begin; i < of[c].end; ++i) out[i] = a * x[i];
  }
}

/// Σ (y + a) x.
GRIDS_CLONES double sum_beyond(size_t rows, double a, const double* y, const double* x) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (size_t i = 0; i < rows; ++i) sum += (y[i] + a) * x[i];
  return sum;
}

/// out = Σ a_k x_k.
GRIDS_CLONES void sum_columns(size_t count, size_t columns, const double* a, const double* x,
                              size_t stride, double* out) {
#pragma omp simd
  for (size_t c = 0; c < count; ++c) out[c] = 0;
  for (size_t k = 0; k < columns; ++k) {
#pragma omp simd
    for (size_t c = 0; c < count; ++c) out[c] += a[k] * x[k * stride + c];
  }
}

/// What regressions on the same terms share: rows sorted by class.
struct SortedRows {
  TermClasses classes;
  std::vector<double> y, base;   // base exponentiated for counts
  std::vector<double> response;  // Σ y of each class
  std::vector<double> rest;      // Σ y − base of each class, of log values

  SortedRows(const GeneProblem& problem, std::span<const WindowTerm> terms)
      : classes(problem, terms) {}

  /// Means alone do without.
  void sort(const GeneProblem& problem) {
    y = classes.sorted(problem.response());
    base = classes.sorted(problem.family() == CisResponse::kCounts ? problem.exp_base()
                                                                   : problem.base());
    response.resize(classes.classes().size());
    sum_by_class(response.size(), classes.classes().data(), y.data(), response.data());
    if (problem.family() == CisResponse::kCounts) return;
    rest.resize(response.size());
    sum_by_class(rest.size(), classes.classes().data(), base.data(), rest.data());
    for (size_t c = 0; c < rest.size(); ++c) rest[c] = response[c] - rest[c];
  }
};

/// Parameters: (maybe) a deviation for each type and term, then a weight a term, then an intercept
/// a type: deviations of different types have nothing to do with each other, and what comes first
/// is eliminated first. Where terms add, weights and deviations are kept as exp(w) − 1.
class Regression {
 public:
  Regression(const GeneProblem& problem, const SortedRows& rows, size_t terms,
             const TermRegressionOptions& options)
      : problem_(problem),
        options_(options),
        rows_(rows),
        classes_(rows.classes.classes().size()),
        terms_(terms),
        types_(at(problem.types())),
        deviations_(options.deviation_ridge > 0 ? terms_ * types_ : 0),
        total_(classes_),
        factor_(classes_),
        score_(classes_),
        weight_(classes_),
        slopes_(adds() ? terms_ * classes_ : 0),
        products_((terms_ + 1) * (terms_ + 1)),
        scores_(terms_ + 1),
        parameters_(deviations_ + terms_ + types_),
        prior_(problem, options.type_ridge) {}

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
          update_classes();
          sum_rows();
          assemble(gradient, sums);
        },
        [&](size_t j, double value) {
          return is_weight(j) ? within_term_bounds(options_.sum, value) : value;
        },
        options_.tolerance);
    update_classes();
    if (options_.with_means || !counts()) fit.mean = means();
    fit.log_likelihood = counts() ? log_likelihood_of_counts()
                                  : term_log_likelihood(problem_, fit.mean, options_.dispersion);
    fit.log_evidence = evidence(fit.log_likelihood, information);
    store(fit);
    return fit;
  }

  /// Means of rows at the parameters.
  std::vector<double> means_here() {
    update_classes();
    return means();
  }

 private:
  bool counts() const { return problem_.family() == CisResponse::kCounts; }
  bool adds() const { return options_.sum == TermSum::kAdd; }
  bool deviates() const { return deviations_ > 0; }
  size_t first_weight() const { return deviations_; }
  size_t first_intercept() const { return deviations_ + terms_; }
  double weight(size_t term, size_t type) const {
    const double shared = parameters_[first_weight() + term];
    return deviates() ? shared + parameters_[type * terms_ + term] : shared;
  }
  bool is_weight(size_t j) const { return j >= first_weight() && j < first_intercept(); }

  std::pair<size_t, size_t> classes_of(size_t type) const {
    const auto begin = rows_.classes.type_begin();
    return {begin[type], begin[type + 1]};
  }

  /// What the parameters add to the log mean (or value) of each class without its intercept, and
  /// of counts the factor of its means.
  void update_classes() {
    std::vector<double> own(terms_);
    for (size_t type = 0; type < types_; ++type) {
      const auto [begin, end] = classes_of(type);
      for (size_t k = 0; k < terms_; ++k) own[k] = weight(k, type);
      sum_columns(end - begin, terms_, own.data(), rows_.classes.members().data() + begin, classes_,
                  total_.data() + begin);
      const double intercept = parameters_[first_intercept() + type];
      for (size_t c = begin; c < end; ++c) {
        factor_[c] = adds() ? intercept : intercept + total_[c];
      }
    }
    if (counts()) exponentials(std::ssize(factor_), factor_.data(), factor_.data());
    if (!adds()) return;
    for (size_t c = 0; c < classes_; ++c) {
      const double sum = 1 + std::max(total_[c], kLeastCisSum);
      if (counts()) factor_[c] *= sum;
      for (size_t k = 0; k < terms_; ++k) {
        slopes_[k * classes_ + c] = rows_.classes.members()[k * classes_ + c] / sum;
      }
    }
  }

  /// What the parameters add to the log mean (or value) of each class.
  std::vector<double> parts() const {
    std::vector<double> part(classes_);
    for (size_t type = 0; type < types_; ++type) {
      const auto [begin, end] = classes_of(type);
      for (size_t c = begin; c < end; ++c) {
        part[c] = parameters_[first_intercept() + type] + term_sum(options_.sum, total_[c]);
      }
    }
    return part;
  }

  /// Scores and weights summed by class.
  void sum_rows() {
    const double phi = options_.dispersion;
    const auto classes = rows_.classes.classes();
    if (counts()) {
      sum_classes(classes_, classes.data(), phi, factor_.data(), rows_.y.data(), rows_.base.data(),
                  score_.data(), weight_.data());
      return;
    }
    const auto part = parts();
    for (size_t c = 0; c < classes_; ++c) {
      score_[c] = (rows_.rest[c] - classes[c].rows * part[c]) / phi;
      weight_[c] = classes[c].rows / phi;
    }
  }

  std::vector<double> means() const {
    auto mean = rows_.classes.of_rows(counts() ? factor_ : parts());
    const auto base = counts() ? problem_.exp_base() : problem_.base();
    for (size_t i = 0; i < mean.size(); ++i) {
      mean[i] = counts() ? base[i] * mean[i] : base[i] + mean[i];
    }
    return mean;
  }

  /// `term_log_likelihood` at the latest parts: the log of a mean is its base and its part.
  double log_likelihood_of_counts() const {
    const double phi = options_.dispersion;
    std::vector<double> logs(rows_.y.size());
    double sum = problem_.response_on_base();
    const auto part = parts();
    for (size_t c = 0; c < classes_; ++c) sum += rows_.response[c] * part[c];
    scale_classes(classes_, rows_.classes.classes().data(), phi, factor_.data(), rows_.base.data(),
                  logs.data());
    log1p_of_positive(std::ssize(logs), logs.data(), logs.data());
    return sum - sum_beyond(logs.size(), 1 / phi, rows_.y.data(), logs.data());
  }

  /// Gradient and expected information (its lower triangle) of the penalised likelihood.
  void assemble(std::vector<double>& gradient, std::vector<double>& information) {
    const size_t size = parameters_.size();
    gradient.assign(size, 0);
    information.assign(size * size, 0);
    for (size_t type = 0; type < types_; ++type) add_type(type, gradient, information);
    for (size_t j = 0; j < size; ++j) {
      gradient[j] -= ridge(j) * parameters_[j];
      information[j * size + j] += ridge(j);
    }
    prior_.add_to_gradient(intercepts(), first_intercept(), gradient);
    prior_.add_to_information(first_intercept(), information, size);
  }

  /// What the classes of a type add to both.
  void add_type(size_t type, std::vector<double>& gradient, std::vector<double>& information) {
    const auto [begin, end] = classes_of(type);
    const double* columns = adds() ? slopes_.data() : rows_.classes.members().data();
    class_moments(end - begin, terms_, columns + begin, classes_, weight_.data() + begin,
                  score_.data() + begin, products_.data(), scores_.data());
    const auto add = [&](size_t a, size_t b, double value) {
      information[a * parameters_.size() + b] += value;
    };
    const size_t shared = first_weight(), own = type * terms_, intercept = first_intercept() + type;
    for (size_t a = 0; a <= terms_; ++a) {
      const size_t row = a < terms_ ? shared + a : intercept;
      gradient[row] += scores_[a];
      if (deviates() && a < terms_) gradient[own + a] += scores_[a];
      for (size_t b = 0; b <= a; ++b) {
        const double product = products_[a * (terms_ + 1) + b];
        add(row, b < terms_ ? shared + b : intercept, product);
        if (!deviates() || b == terms_) continue;
        add(row, own + b, product);
        if (a == terms_) continue;
        add(own + a, own + b, product);
        if (b < a) add(shared + b, own + a, product);
      }
    }
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

  double evidence(double value, const CholeskyFactor& information) const {
    for (size_t j = 0; j < parameters_.size(); ++j) {
      value -= ridge(j) * parameters_[j] * parameters_[j] / 2;
      value += std::log(ridge(j)) / 2;
    }
    value += prior_.log_density(intercepts());
    return value - information.log_determinant() / 2;
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
  const SortedRows& rows_;
  size_t classes_, terms_, types_, deviations_;
  std::vector<double> total_, factor_, score_, weight_;  // of each class, latest
  std::vector<double> slopes_;                           // terms × classes, where terms add
  std::vector<double> products_, scores_;                // of a type
  std::vector<double> parameters_;
  TypePrior prior_;
};

void require_few(std::span<const WindowTerm> terms) {
  if (terms.size() > kMostTerms) throw internal_error("cis path: too many terms");
}

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
  return std::move(fit_sums(problem, terms, options, {&options.sum, 1}, start)[0]);
}

std::vector<TermFit> fit_sums(const GeneProblem& problem, std::span<const WindowTerm> terms,
                              TermRegressionOptions options, std::span<const TermSum> sums,
                              const TermFit* start) {
  require_few(terms);
  SortedRows rows(problem, terms);
  rows.sort(problem);
  std::vector<TermFit> fits;
  for (const TermSum sum : sums) {
    options.sum = sum;
    Regression regression(problem, rows, terms.size(), options);
    if (start != nullptr) regression.start_from(*start);
    fits.push_back(regression.run());
  }
  return fits;
}

TermFit likeliest_deviations(const GeneProblem& problem, std::span<const WindowTerm> terms,
                             TermRegressionOptions options, std::span<const double> ridges,
                             const TermFit& without) {
  require_few(terms);
  SortedRows rows(problem, terms);
  rows.sort(problem);
  TermFit best = without;
  for (const double ridge : ridges) {
    options.deviation_ridge = ridge;
    Regression regression(problem, rows, terms.size(), options);
    regression.start_from(without);
    auto fit = regression.run();
    if (fit.log_evidence > best.log_evidence) best = std::move(fit);
  }
  return best;
}

std::vector<double> term_means(const GeneProblem& problem, std::span<const WindowTerm> terms,
                               TermSum sum, const TermFit& fit) {
  require_few(terms);
  const SortedRows rows(problem, terms);
  TermRegressionOptions options;
  options.sum = sum;
  Regression regression(problem, rows, terms.size(), options);
  regression.start_from(fit);
  return regression.means_here();
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
