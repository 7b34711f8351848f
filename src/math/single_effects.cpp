#include "math/single_effects.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "math/dot.hpp"

namespace grids::core {
namespace {

constexpr double kLeastLogVariance = -30;
constexpr double kLargestLogVariance = 15;
constexpr int kVarianceSteps = 60;
constexpr double kLeastLeft = 1e-6;  // of a variable's variance, by the covariates
constexpr double kNoVariance = 1e-9;

/// One variable's log Bayes factor: X_j'r, X_j'X_j, residual and prior variance.
double log_bayes_factor(double pull, double square, double residual, double prior) {
  if (!(square > 0)) return 0;
  const double variance = residual / square;
  const double z2 = pull * pull / (square * residual);
  return 0.5 * std::log(variance / (variance + prior)) + 0.5 * z2 * prior / (variance + prior);
}

/// log mean exp of the log Bayes factors: the evidence of one effect, each variable equally likely.
double evidence(std::span<const double> pull, std::span<const double> square, double residual,
                double prior, std::vector<double>& factors) {
  factors.resize(pull.size());
  double largest = 0;
  for (size_t j = 0; j < pull.size(); ++j) {
    factors[j] = log_bayes_factor(pull[j], square[j], residual, prior);
    largest = std::max(largest, factors[j]);
  }
  double sum = 0;
  for (const double factor : factors) sum += std::exp(factor - largest);
  return largest + std::log(sum / static_cast<double>(pull.size()));
}

/// The prior variance with the largest evidence, by golden sections of its log; `before` where that
/// is better, 0 where that does no worse.
double best_prior(std::span<const double> pull, std::span<const double> square, double residual,
                  double before) {
  std::vector<double> factors;
  const auto of = [&](double log_prior) {
    return evidence(pull, square, residual, std::exp(log_prior), factors);
  };
  const double golden = (std::sqrt(5.0) - 1) / 2;
  double low = kLeastLogVariance, high = kLargestLogVariance;
  double a = high - golden * (high - low), b = low + golden * (high - low);
  double at_a = of(a), at_b = of(b);
  for (int step = 0; step < kVarianceSteps && high - low > 1e-6; ++step) {
    // Far below, the evidence is flat at 0: equal values say that the peak lies above.
    if (at_a > at_b) {
      high = b;
      b = a;
      at_b = at_a;
      a = high - golden * (high - low);
      at_a = of(a);
    } else {
      low = a;
      a = b;
      at_a = at_b;
      b = low + golden * (high - low);
      at_b = of(b);
    }
  }
  double best = std::exp((low + high) / 2);
  double reached = evidence(pull, square, residual, best, factors);
  if (before > 0) {
    const double old = evidence(pull, square, residual, before, factors);
    if (old > reached) {
      best = before;
      reached = old;
    }
  }
  return reached > 0 ? best : 0;
}

class Selection {
 public:
  Selection(const SingleEffectsInput& input, const SingleEffectsOptions& options)
      : input_(input),
        variables_(input.with_response.size()),
        effects_(static_cast<size_t>(options.effects)),
        squares_(variables_),
        means_(effects_ * variables_),
        second_(effects_ * variables_),
        divergence_(effects_),
        fitted_(variables_) {
    const double variance = input.response_squares / input.rows;
    fit_.residual_variance = variance;
    fit_.prior_variance.assign(effects_, options.prior_share * variance);
    fit_.alpha.assign(effects_ * variables_, 1 / static_cast<double>(variables_));
    fit_.mean.assign(effects_ * variables_, 0.0);
    for (size_t j = 0; j < variables_; ++j) squares_[j] = input.products[j * variables_ + j];
  }

  /// All effects once, then the residual variance.
  void round() {
    for (size_t l = 0; l < effects_; ++l) update(l);
    fit_.residual_variance = std::max(expected_squares() / input_.rows, 1e-12);
    fit_.bounds.push_back(bound());
  }

  SingleEffectsFit& fit() { return fit_; }

 private:
  std::span<double> of(std::vector<double>& values, size_t effect) const {
    return std::span(values).subspan(effect * variables_, variables_);
  }

  /// fitted_ += sign · X'X · (posterior mean of the effect).
  void add_fitted(size_t effect, double sign) {
    const auto mean = of(means_, effect);
    for (size_t k = 0; k < variables_; ++k) {
      const double b = sign * mean[k];
      if (b == 0) continue;
      const double* row = input_.products.data() + k * variables_;
      for (size_t j = 0; j < variables_; ++j) fitted_[j] += b * row[j];
    }
  }

  void update(size_t l) {
    add_fitted(l, -1);
    const double residual = fit_.residual_variance;
    std::vector<double> pull(variables_), factors;
    for (size_t j = 0; j < variables_; ++j) {
      pull[j] = squares_[j] > 0 ? input_.with_response[j] - fitted_[j] : 0;
    }
    double& prior = fit_.prior_variance[l];
    prior = best_prior(pull, squares_, residual, prior);
    const double gained = evidence(pull, squares_, residual, prior, factors);
    const auto alpha = of(fit_.alpha, l);
    const auto mean = of(fit_.mean, l);
    const auto expected = of(means_, l);
    const auto second = of(second_, l);
    double loss = 0;
    for (size_t j = 0; j < variables_; ++j) {
      alpha[j] = std::exp(factors[j] - gained) / static_cast<double>(variables_);
      const double variance = prior > 0 ? 1 / (1 / prior + squares_[j] / residual) : 0;
      mean[j] = variance * pull[j] / residual;
      expected[j] = alpha[j] * mean[j];
      second[j] = alpha[j] * (variance + mean[j] * mean[j]);
      loss += squares_[j] * second[j] - 2 * pull[j] * expected[j];
    }
    divergence_[l] = -gained - loss / (2 * residual);
    add_fitted(l, 1);
  }

  /// Expected squared residuals under the posterior.
  double expected_squares() {
    double sum = input_.response_squares;
    std::vector<double> total(variables_);
    for (size_t l = 0; l < effects_; ++l) {
      const auto expected = of(means_, l);
      double own = 0;
      for (size_t k = 0; k < variables_; ++k) {
        total[k] += expected[k];
        if (expected[k] == 0) continue;
        const std::span row(input_.products.data() + k * variables_, variables_);
        own += expected[k] * dot(row, expected);
      }
      sum += dot(squares_, of(second_, l)) - own;
    }
    return sum + dot(total, fitted_) - 2 * dot(total, input_.with_response);
  }

  double bound() {
    const double residual = fit_.residual_variance;
    double value = -input_.rows / 2 * std::log(2 * M_PI * residual);
    value -= expected_squares() / (2 * residual);
    return value - std::accumulate(divergence_.begin(), divergence_.end(), 0.0);
  }

  const SingleEffectsInput& input_;
  size_t variables_, effects_;
  std::vector<double> squares_;  ///< diagonal of X'X
  std::vector<double> means_;    ///< effects × variables: α · mean
  std::vector<double> second_;   ///< likewise: expected squared coefficients
  std::vector<double> divergence_;
  std::vector<double> fitted_;  ///< X'X Σ_l means
  SingleEffectsFit fit_;
};

}  // namespace

SingleEffectsFit fit_single_effects(const SingleEffectsInput& input,
                                    const SingleEffectsOptions& options) {
  const size_t variables = input.with_response.size();
  SingleEffectsFit none;
  none.inclusion.assign(variables, 0.0);
  none.effect.assign(variables, 0.0);
  if (variables == 0 || !(input.response_squares > 0 && input.rows > 0)) return none;
  Selection selection(input, options);
  SingleEffectsFit& fit = selection.fit();
  for (int64_t round = 0; round < options.most_rounds && !fit.converged; ++round) {
    selection.round();
    const auto& bounds = fit.bounds;
    fit.converged = round > 0 && bounds.back() - bounds[bounds.size() - 2] < options.tolerance;
  }
  fit.inclusion = none.inclusion;
  fit.effect = none.effect;
  for (size_t j = 0; j < variables; ++j) {
    double none_of_them = 1;
    for (size_t l = 0; l < fit.prior_variance.size(); ++l) {
      if (fit.prior_variance[l] < kNoVariance) continue;
      const double alpha = std::min(1.0, fit.alpha[l * variables + j]);
      none_of_them *= 1 - alpha;
      fit.effect[j] += alpha * fit.mean[l * variables + j];
    }
    fit.inclusion[j] = 1 - none_of_them;
  }
  return fit;
}

SingleEffectsInput single_effects_input(std::span<const std::span<const int32_t>> variables,
                                        std::span<const double> response,
                                        std::span<const std::vector<double>> covariates) {
  const size_t size = variables.size();
  const auto n = static_cast<double>(response.size());
  SingleEffectsInput input;
  input.rows = n - static_cast<double>(covariates.size());
  input.products.assign(size * size, 0.0);
  input.with_response.assign(size, 0.0);
  std::vector<double> rest(response.begin(), response.end());
  for (const auto& column : covariates) {
    const double along = dot(column, rest) / n;
    for (size_t i = 0; i < rest.size(); ++i) rest[i] -= along * column[i];
  }
  input.response_squares = dot(rest, rest);
  // X'X by rows: few variables are 1 in a row.
  std::vector<std::vector<int32_t>> ones(response.size());
  std::vector<double> along(size * covariates.size());
  for (size_t j = 0; j < size; ++j) {
    for (const int32_t row : variables[j]) {
      const auto i = static_cast<size_t>(row);
      ones[i].push_back(static_cast<int32_t>(j));
      input.with_response[j] += rest[i];
      for (size_t k = 0; k < covariates.size(); ++k) {
        along[j * covariates.size() + k] += covariates[k][i] / std::sqrt(n);
      }
    }
  }
  for (const auto& together : ones) {
    for (const int32_t a : together) {
      double* row = input.products.data() + static_cast<size_t>(a) * size;
      for (const int32_t b : together) row[b] += 1;
    }
  }
  std::vector<double> factor(size);
  const size_t width = covariates.size();
  for (size_t a = 0; a < size; ++a) {
    const std::span explained(along.data() + a * width, width);
    const double left = input.products[a * size + a] - dot(explained, explained);
    factor[a] = left > kLeastLeft * input.products[a * size + a] ? std::sqrt(input.rows / left) : 0;
  }
  for (size_t a = 0; a < size; ++a) {
    for (size_t b = 0; b < size; ++b) {
      double& product = input.products[a * size + b];
      product -= dot({along.data() + a * width, width}, {along.data() + b * width, width});
      product *= factor[a] * factor[b];
    }
    input.with_response[a] *= factor[a];
  }
  return input;
}

}  // namespace grids::core
