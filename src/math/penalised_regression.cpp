#include "math/penalised_regression.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "base/at.hpp"
#include "base/random.hpp"
#include "math/information.hpp"
#include "math/negative_binomial.hpp"

namespace grids::core {
namespace {

constexpr double kLargestPathLog = 30;  // of a mean
constexpr int kNewtonSteps = 60;
constexpr int kSweeps = 200;
constexpr int kPathHalvings = 20;
/// Within a Newton step coordinates move until they promise less than this share of what the step's
/// first sweep did.
constexpr double kSweepShare = 1e-4;

double mean_of(double eta) {
  return std::exp(std::clamp(eta, -kLargestPathLog, kLargestPathLog));
}

double soft(double value, double threshold) {
  if (value > threshold) return value - threshold;
  return value < -threshold ? value + threshold : 0;
}

}  // namespace

/// Where a Newton step wants to go.
struct PenalisedFit::Step {
  std::vector<double> a, b;
  std::vector<double> change;  ///< of eta
};

PenalisedFit::PenalisedFit(const PenalisedRows& rows, std::vector<double> weight)
    : rows_(rows),
      weight_(std::move(weight)),
      total_(std::accumulate(weight_.begin(), weight_.end(), 0.0)),
      a_(rows.covariates.size()),
      b_(rows.features.size()),
      eta_(rows.offset.begin(), rows.offset.end()),
      score_(rows.rows()),
      curvature_(rows.rows()),
      active_(rows.features.size()) {
  const auto n = static_cast<double>(rows.rows());
  const std::vector<double> ones(rows.rows(), 1.0);
  for (size_t j = 0; j < rows.features.size(); ++j) {
    const double mean = feature_sum(j, ones) / n;
    scale_.push_back(std::sqrt(std::max(0.0, feature_sum(j, ones, 2) / n - mean * mean)));
  }
  // The first covariate is an intercept: from its own level Newton's method needs few steps.
  double sum = 0, exposure = 0;
  for (size_t i = 0; i < rows.rows(); ++i) {
    sum += weight_[i] * rows.response[i];
    exposure += weight_[i] * (rows.counts ? std::exp(rows.offset[i]) : 1);
  }
  if (!a_.empty() && sum > 0) {
    a_[0] = rows.counts ? std::log(sum / exposure) : sum / exposure;
    for (size_t i = 0; i < eta_.size(); ++i) eta_[i] += a_[0] * rows.covariates[0][i];
  }
  differentiate();
}

void PenalisedFit::differentiate() {
  const double phi = rows_.dispersion;
  for (size_t i = 0; i < eta_.size(); ++i) {
    if (!rows_.counts) {
      score_[i] = weight_[i] * (rows_.response[i] - eta_[i]);
      curvature_[i] = weight_[i];
      continue;
    }
    const double mean = mean_of(eta_[i]);
    const double spread = 1 + phi * mean;
    score_[i] = weight_[i] * (rows_.response[i] - mean) / spread;
    curvature_[i] = weight_[i] * mean * (1 + phi * rows_.response[i]) / (spread * spread);
  }
}

double PenalisedFit::feature_sum(size_t j, const std::vector<double>& values, int power) const {
  const auto& rows = rows_.features[j];
  double sum = 0;
  for (size_t entry = 0; entry < rows.size(); ++entry) {
    const double x = value(j, entry);
    sum += (power == 2 ? x * x : x) * values[at(rows[entry])];
  }
  return sum;
}

std::vector<double> PenalisedFit::feature_gradients() const {
  std::vector<double> gradients(b_.size());
  for (size_t j = 0; j < b_.size(); ++j) {
    if (scale_[j] > 0) gradients[j] = feature_sum(j, score_) / (total_ * scale_[j]);
  }
  return gradients;
}

std::vector<double> PenalisedFit::covariate_gradients() const {
  const std::vector<std::span<const double>> columns(rows_.covariates.begin(),
                                                     rows_.covariates.end());
  auto gradients = column_products(columns, score_);
  for (double& gradient : gradients) gradient /= total_;
  return gradients;
}

double PenalisedFit::objective(double penalty) const {
  const double phi = rows_.dispersion;
  double loss = 0;
  for (size_t i = 0; i < eta_.size(); ++i) {
    if (weight_[i] == 0) continue;
    if (!rows_.counts) {
      const double rest = rows_.response[i] - eta_[i];
      loss += weight_[i] * rest * rest / 2;
      continue;
    }
    const double log_mean = std::clamp(eta_[i], -kLargestPathLog, kLargestPathLog);
    const double mean = std::exp(log_mean);
    const double term = phi > 0 ? std::log1p(phi * mean) / phi : mean;
    loss += weight_[i] * (term - rows_.response[i] * (log_mean - phi * term));
  }
  double norm = 0;
  for (size_t j = 0; j < b_.size(); ++j) norm += scale_[j] * std::abs(b_[j]);
  return loss / total_ + penalty * norm;
}

double PenalisedFit::held_out_deviance() const {
  double sum = 0;
  for (size_t i = 0; i < eta_.size(); ++i) {
    if (weight_[i] != 0) continue;
    const double rest = rows_.response[i] - eta_[i];
    sum += rows_.counts
               ? negative_binomial_deviance(rows_.response[i], mean_of(eta_[i]), rows_.dispersion)
               : rest * rest;
  }
  return sum;
}

double PenalisedFit::worst_violation(double penalty) const {
  double worst = 0;
  for (const double gradient : covariate_gradients()) worst = std::max(worst, std::abs(gradient));
  const auto gradients = feature_gradients();
  for (size_t j = 0; j < b_.size(); ++j) {
    const double wanted = b_[j] > 0 ? penalty : -penalty;
    worst = std::max(
        worst, b_[j] != 0 ? std::abs(gradients[j] - wanted) : std::abs(gradients[j]) - penalty);
  }
  return worst;
}

void PenalisedFit::descend(double penalty, Step& step) {
  std::vector<double> rest = score_;  // the score of the quadratic where the step stands
  const std::vector<std::span<const double>> columns(rows_.covariates.begin(),
                                                     rows_.covariates.end());
  const CholeskyFactor factor(weighted_products(columns, curvature_));
  std::vector<double> information(b_.size(), -1.0);
  const auto move_feature = [&](size_t j) {
    if (information[j] < 0) information[j] = feature_sum(j, curvature_, 2);
    if (!(information[j] > 0 && scale_[j] > 0)) return 0.0;
    const double pull = feature_sum(j, rest) + information[j] * step.b[j];
    const double change = soft(pull, penalty * scale_[j] * total_) / information[j] - step.b[j];
    if (change == 0) return 0.0;
    step.b[j] += change;
    for (size_t entry = 0; entry < rows_.features[j].size(); ++entry) {
      const size_t row = at(rows_.features[j][entry]);
      step.change[row] += change * value(j, entry);
      rest[row] -= curvature_[row] * change * value(j, entry);
    }
    return information[j] * change * change;
  };
  const auto move_covariates = [&] {
    auto change = column_products(columns, rest);
    const auto gradient = change;
    factor.solve(change);
    std::vector<double> moved(rest.size());
    double gain = 0;
    for (size_t k = 0; k < change.size(); ++k) {
      gain += change[k] * gradient[k];
      step.a[k] += change[k];
      for (size_t i = 0; i < moved.size(); ++i) moved[i] += change[k] * columns[k][i];
    }
    for (size_t i = 0; i < moved.size(); ++i) {
      step.change[i] += moved[i];
      rest[i] -= curvature_[i] * moved[i];
    }
    return gain;
  };
  double first = 0;
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    double gain = move_covariates();
    for (size_t j = 0; j < step.b.size(); ++j) {
      if (active_[j] != 0) gain += move_feature(j);
    }
    if (sweep == 0) first = gain;
    const double small = kTolerance * kTolerance * total_;  // a violation of half the tolerance
    if (gain > std::max(kSweepShare * first, small) && sweep + 1 < kSweeps) continue;
    bool entered = false;
    for (size_t j = 0; j < step.b.size(); ++j) {
      if (active_[j] != 0 || !(scale_[j] > 0)) continue;
      if (std::abs(feature_sum(j, rest)) <= penalty * scale_[j] * total_) continue;
      active_[j] = 1;
      entered = true;
    }
    if (!entered) return;
  }
}

bool PenalisedFit::advance(double penalty, const Step& step) {
  const double before = objective(penalty);
  const auto a = a_;
  const auto b = b_;
  const auto eta = eta_;
  double part = 1;
  for (int halving = 0; halving < kPathHalvings; ++halving, part /= 2) {
    // A whole step ends exactly where it wants to: features that left are 0, not nearly 0.
    const auto towards = [part](double from, double to) {
      return part == 1 ? to : from + part * (to - from);
    };
    for (size_t k = 0; k < a.size(); ++k) a_[k] = towards(a[k], step.a[k]);
    for (size_t j = 0; j < b.size(); ++j) b_[j] = towards(b[j], step.b[j]);
    for (size_t i = 0; i < eta.size(); ++i) eta_[i] = eta[i] + part * step.change[i];
    // At the minimum the last step changes the value by rounding only.
    if (objective(penalty) <= before + 1e-12 * std::abs(before)) return true;
  }
  a_ = a;
  b_ = b;
  eta_ = eta;
  return false;
}

bool PenalisedFit::run(double penalty) {
  for (int newton = 0; newton < kNewtonSteps; ++newton) {
    if (worst_violation(penalty) <= kTolerance) return true;
    Step step{a_, b_, std::vector<double>(eta_.size())};
    descend(penalty, step);
    if (!advance(penalty, step)) return false;
    differentiate();
  }
  return worst_violation(penalty) <= kTolerance;
}

PenaltyPath penalty_path(const PenalisedRows& rows, const PenaltyPathOptions& options,
                         uint64_t stream, const Context& context) {
  PenaltyPath path;
  PenalisedFit whole(rows, std::vector<double>(rows.rows(), 1.0));
  path.converged = whole.run(std::numeric_limits<double>::max());
  double first = 0;
  for (const double gradient : whole.feature_gradients()) {
    first = std::max(first, std::abs(gradient));
  }
  if (!(first > 0)) {
    path.penalty = {0};
    path.coefficients.emplace_back(rows.features.size());
    return path;
  }
  std::vector<int32_t> order(rows.rows());
  std::iota(order.begin(), order.end(), 0);
  RandomStream random(context.seed, Purpose::kMethods, stream);
  random.shuffle(std::span(order));
  std::vector<std::unique_ptr<PenalisedFit>> folds;
  for (int64_t fold = 0; fold < options.folds; ++fold) {
    std::vector<double> weight(rows.rows(), 1.0);
    for (size_t i = at(fold); i < order.size(); i += at(options.folds)) weight[at(order[i])] = 0;
    folds.push_back(std::make_unique<PenalisedFit>(rows, std::move(weight)));
  }
  const double factor =
      std::pow(options.least_share, 1 / std::max(1.0, static_cast<double>(options.steps) - 1));
  std::vector<double> deviance(folds.size());
  std::vector<uint8_t> converged(folds.size() + 1);
  for (int64_t step = 0; step < options.steps; ++step) {
    context.check_cancelled();
    const double penalty = first * std::pow(factor, static_cast<double>(step));
    const bool searching = at(step) <= path.chosen + at(options.patience);
    const auto fits = static_cast<int64_t>(searching ? folds.size() : 0);
    context.pool.for_each(fits + 1, [&](int64_t k) {
      if (k == fits) {
        converged.back() = whole.run(penalty) ? 1 : 0;
        return;
      }
      converged[at(k)] = folds[at(k)]->run(penalty) ? 1 : 0;
      deviance[at(k)] = folds[at(k)]->held_out_deviance();
    });
    for (const uint8_t one : converged) path.converged &= one != 0;
    path.penalty.push_back(penalty);
    auto& coefficients = path.coefficients.emplace_back(whole.coefficients());
    for (size_t j = 0; j < coefficients.size(); ++j) coefficients[j] *= whole.scale()[j];
    if (!searching) continue;
    path.held_out.push_back(std::accumulate(deviance.begin(), deviance.end(), 0.0) /
                            static_cast<double>(rows.rows()));
    if (path.held_out.back() < path.held_out[path.chosen]) path.chosen = at(step);
  }
  return path;
}

}  // namespace grids::core
