#include "cis/state_counts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/simd.hpp"
#include "math/dispersion.hpp"
#include "math/dot_four.hpp"
#include "math/exponential.hpp"
#include "math/information.hpp"
#include "math/logarithm.hpp"

namespace grids::core {
namespace {

/// Of log likelihood: far below what any term gains.
constexpr double kStateTolerance = 1e-6;
/// The same while the dispersion is yet to move.
constexpr double kFirstTolerance = 1e-2;
constexpr double kLeastStateDispersion = 1e-4;
constexpr double kLargestStateDispersion = 1e3;
constexpr double kStateDispersionChange = 1e-4;  // relative, between rounds
constexpr int kStateRounds = 12;
constexpr int kStateSteps = 60;
constexpr int kStateHalvings = 12;
constexpr double kLargestLogMean = 30;
constexpr double kLongestLogStep = 3;  // in the log of any mean

/// An information is of use for further steps while each promises so many times less than the last.
constexpr double kLeastProgress = 4;
/// After steps that promise more, or where the dispersion changes by more, it is another one.
constexpr double kLargestPromise = 30;
constexpr double kLargestDispersionMove = 0.3;

/// Rows whose sums stay in the first cache while columns pass by.
constexpr size_t kBlockOfRows = 1024;

/// out += Σ a_j x_j, four columns at a time.
GRIDS_CLONES void add_four(size_t rows, const double* a, const double* const* x, double* out) {
  const double a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3];
  const double *x0 = x[0], *x1 = x[1], *x2 = x[2], *x3 = x[3];
#pragma omp simd
  for (size_t i = 0; i < rows; ++i) {
    out[i] += (a0 * x0[i] + a1 * x1[i]) + (a2 * x2[i] + a3 * x3[i]);
  }
}

/// out = log mean + part × change, within bounds.
GRIDS_CLONES void bounded_sums(size_t rows, const double* log_mean, double part,
                               const double* change, double* moved, double* out) {
#pragma omp simd
  for (size_t i = 0; i < rows; ++i) {
    moved[i] = log_mean[i] + part * change[i];
    out[i] = std::min(std::max(moved[i], -kLargestLogMean), kLargestLogMean);
  }
}

GRIDS_CLONES double longest_change(size_t rows, const double* change) {
  double longest = 0;
#pragma omp simd reduction(max : longest)
  for (size_t i = 0; i < rows; ++i) longest = std::max(longest, std::abs(change[i]));
  return longest;
}

/// Scores of log means, and their observed information: the likelihood is concave in them, so that
/// Newton's steps are uphill.
GRIDS_CLONES void score_states(size_t rows, double dispersion, const double* counts,
                               const double* mean, double* score, double* weight) {
#pragma omp simd
  for (size_t i = 0; i < rows; ++i) {
    const double v = 1 / (1 + dispersion * mean[i]);
    score[i] = (counts[i] - mean[i]) * v;
    weight[i] = mean[i] * (1 + dispersion * counts[i]) * v * v;
  }
}

/// Σ y log mean − (y + 1 / φ) log(1 + φ mean), the last log given.
GRIDS_CLONES double log_likelihood_of_states(size_t rows, double dispersion, const double* counts,
                                             const double* log_mean, const double* logs) {
  const double beyond = 1 / dispersion;
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (size_t i = 0; i < rows; ++i) {
    sum += counts[i] * log_mean[i] - (counts[i] + beyond) * logs[i];
  }
  return sum;
}

GRIDS_CLONES void scale_means(size_t rows, double a, const double* mean, double* out) {
#pragma omp simd
  for (size_t i = 0; i < rows; ++i) out[i] = a * mean[i];
}

/// Columns by four; what is missing to four are zeros.
class ColumnsByFour {
 public:
  explicit ColumnsByFour(std::span<const std::span<const double>> columns)
      : rows_(columns.empty() ? 0 : columns[0].size()), count_(columns.size()), zeros_(rows_) {
    for (const auto column : columns) columns_.push_back(column.data());
    while (columns_.size() % 4 != 0) columns_.push_back(zeros_.data());
  }

  /// X a.
  void sums(std::vector<double> a, std::vector<double>& out) const {
    a.resize(columns_.size());
    out.assign(rows_, 0.0);
    for_blocks([&](size_t begin, size_t rows, size_t j, const double* const* four) {
      add_four(rows, a.data() + j, four, out.data() + begin);
    });
  }

  /// X'y.
  std::vector<double> products(std::span<const double> y) const {
    std::vector<double> result(columns_.size());
    for_blocks([&](size_t begin, size_t rows, size_t j, const double* const* four) {
      dot_four(y.data() + begin, four, rows, result.data() + j);
    });
    result.resize(count_);
    return result;
  }

 private:
  template <typename Visit>
  void for_blocks(const Visit& visit) const {
    for (size_t begin = 0; begin < rows_; begin += kBlockOfRows) {
      const size_t rows = std::min(kBlockOfRows, rows_ - begin);
      for (size_t j = 0; j < columns_.size(); j += 4) {
        const double* const four[] = {columns_[j] + begin, columns_[j + 1] + begin,
                                      columns_[j + 2] + begin, columns_[j + 3] + begin};
        visit(begin, rows, j, four);
      }
    }
  }

  size_t rows_, count_;
  std::vector<double> zeros_;
  std::vector<const double*> columns_;
};

/// Means, and what they are made of.
struct StateMeans {
  std::vector<double> log_mean, bounded, mean;

  explicit StateMeans(size_t rows) : log_mean(rows), bounded(rows), mean(rows) {}
};

class StateScoring {
 public:
  StateScoring(const StateCounts& rows, std::vector<double> start)
      : rows_(rows),
        columns_(rows.columns),
        coefficients_(std::move(start)),
        now_(rows.counts.size()),
        trial_(rows.counts.size()),
        change_(rows.counts.size()),
        score_(rows.counts.size()),
        weight_(rows.counts.size()) {
    if (coefficients_.empty()) coefficients_ = start_at_mean();
    coefficients_.resize(rows.columns.size());
    now_.log_mean.assign(rows.offset.begin(), rows.offset.end());
    columns_.sums(coefficients_, change_);
    trial_ = now_;
    evaluate(1);
    std::swap(now_, trial_);
  }

  void run(double dispersion, double tolerance) {
    if (!(std::abs(dispersion - dispersion_of_factor_) <= kLargestDispersionMove * dispersion)) {
      factor_.reset();
    }
    dispersion_ = dispersion;
    double value = objective(coefficients_, now_), last = std::numeric_limits<double>::infinity();
    for (int step = 0; step < kStateSteps; ++step) {
      const auto gradient = scored_gradient();
      std::vector<double> move;
      const auto promise_of_move = [&] {
        move = gradient;
        factor_->solve(move);
        double promised = 0;
        for (size_t j = 0; j < move.size(); ++j) promised += gradient[j] * move[j] / 2;
        return promised;
      };
      bool old = factor_.has_value();
      if (!old) factor_here();
      double promised = promise_of_move();
      if (old && promised >= tolerance && promised * kLeastProgress > last) {
        factor_here();
        promised = promise_of_move();
        old = false;
      }
      const bool moved = advance(move, value);
      if (promised < tolerance) return;
      if (!moved && !old) return;
      if (!moved || promised > kLargestPromise) factor_.reset();
      last = promised;
    }
  }

  double likely_dispersion() const {
    return likelihood_dispersion(rows_.counts, now_.mean, kLeastStateDispersion,
                                 kLargestStateDispersion);
  }
  const std::vector<double>& coefficients() const { return coefficients_; }

 private:
  /// The first column is ones.
  std::vector<double> start_at_mean() const {
    double counts = 0, exposure = 0;
    for (size_t i = 0; i < rows_.counts.size(); ++i) {
      counts += rows_.counts[i];
      exposure += std::exp(rows_.offset[i]);
    }
    return {counts > 0 ? std::log(counts / exposure) : 0};
  }

  /// `trial_` becomes `now_` moved by a part of `change_`.
  void evaluate(double part) {
    const size_t rows = change_.size();
    bounded_sums(rows, now_.log_mean.data(), part, change_.data(), trial_.log_mean.data(),
                 trial_.bounded.data());
    exponentials(std::ssize(trial_.mean), trial_.bounded.data(), trial_.mean.data());
  }

  double objective(std::span<const double> coefficients, const StateMeans& at) {
    const size_t rows = at.mean.size();
    logs_.resize(rows);
    scale_means(rows, dispersion_, at.mean.data(), logs_.data());
    log1p_of_positive(std::ssize(logs_), logs_.data(), logs_.data());
    double value = log_likelihood_of_states(rows, dispersion_, rows_.counts.data(),
                                            at.bounded.data(), logs_.data());
    for (size_t j = 0; j < coefficients.size(); ++j) {
      value -= rows_.ridge[j] * coefficients[j] * coefficients[j] / 2;
    }
    return value;
  }

  /// Of the penalised likelihood; leaves weights of rows.
  std::vector<double> scored_gradient() {
    score_states(score_.size(), dispersion_, rows_.counts.data(), now_.mean.data(), score_.data(),
                 weight_.data());
    auto gradient = columns_.products(score_);
    for (size_t j = 0; j < gradient.size(); ++j) gradient[j] -= rows_.ridge[j] * coefficients_[j];
    return gradient;
  }

  void factor_here() {
    auto information = weighted_products(rows_.columns, weight_);
    const size_t size = coefficients_.size();
    for (size_t j = 0; j < size; ++j) information[j * size + j] += rows_.ridge[j];
    factor_.emplace(std::move(information));
    dispersion_of_factor_ = dispersion_;
  }

  /// Moves by as much of `move` as does not lower the objective; false when nothing does.
  bool advance(const std::vector<double>& move, double& value) {
    columns_.sums(move, change_);
    const double longest = longest_change(change_.size(), change_.data());
    double part = longest > kLongestLogStep ? kLongestLogStep / longest : 1;
    for (int halving = 0; halving < kStateHalvings; ++halving, part /= 2) {
      auto coefficients = coefficients_;
      for (size_t j = 0; j < move.size(); ++j) coefficients[j] += part * move[j];
      evaluate(part);
      const double reached = objective(coefficients, trial_);
      // At the maximum the last step changes the value by rounding only.
      if (!(reached >= value - 1e-12 * std::abs(value))) continue;
      coefficients_ = std::move(coefficients);
      std::swap(now_, trial_);
      value = reached;
      return true;
    }
    return false;
  }

  const StateCounts& rows_;
  ColumnsByFour columns_;
  std::vector<double> coefficients_;
  double dispersion_ = 0, dispersion_of_factor_ = 0;
  StateMeans now_, trial_;
  std::vector<double> change_, score_, weight_, logs_;
  std::optional<CholeskyFactor> factor_;
};

}  // namespace

StateCountsFit fit_state_counts(const StateCounts& rows, std::optional<double> dispersion,
                                StateCountsFit start) {
  StateScoring scoring(rows, std::move(start.coefficients));
  StateCountsFit fit;
  fit.dispersion = dispersion.value_or(start.dispersion);
  scoring.run(fit.dispersion, dispersion ? kStateTolerance : kFirstTolerance);
  for (int round = 0; !dispersion && round < kStateRounds; ++round) {
    const double before = fit.dispersion;
    fit.dispersion = scoring.likely_dispersion();
    scoring.run(fit.dispersion, kStateTolerance);
    if (std::abs(fit.dispersion - before) <= kStateDispersionChange * before) break;
  }
  fit.coefficients = scoring.coefficients();
  return fit;
}

}  // namespace grids::core
