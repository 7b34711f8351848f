/// L1-penalised regression on sparse features beside covariates that are not penalised: the whole
/// path of penalties (Friedman, Hastie & Tibshirani 2010, J. Stat. Softw. 33, 1), for counts (NB2
/// with log link and exposure, negative_binomial.hpp) and for values with normal errors. Minimised
/// is
///
///     Σ_i weight_i · loss_i / Σ_i weight_i + penalty · Σ_j scale_j |b_j|,
///
/// loss_i = −log likelihood (values: half the squared residual), scale_j = standard deviation of
/// feature j over all rows, so that features are penalised as if they had variance 1. Newton steps;
/// in each, cyclic coordinate descent over sparse columns and the covariates as one block, on the
/// features that have moved so far, until no other one violates its condition.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"

namespace grids::core {

struct PenalisedRows {
  bool counts = true;
  double dispersion = 0;  ///< of the counts, fixed
  std::span<const double> response;
  std::span<const double> offset;  ///< log exposure; zeros for values
  std::span<const std::vector<double>> covariates;
  std::vector<std::span<const int32_t>> features;  ///< the rows in which each is not 0, ascending
  std::vector<std::span<const float>> values;      ///< what each is there; empty: 1 everywhere

  size_t rows() const { return response.size(); }
};

/// Coefficients that move from penalty to penalty.
class PenalisedFit {
 public:
  /// `weight`: 1 for rows that are fitted, 0 for rows that are held out. Borrows `rows`. Starts
  /// from coefficients 0.
  PenalisedFit(const PenalisedRows& rows, std::vector<double> weight);

  /// Fits at this penalty from where the last call ended; false when it did not converge.
  bool run(double penalty);

  /// b_j and those of the covariates.
  const std::vector<double>& coefficients() const { return b_; }
  const std::vector<double>& covariate_coefficients() const { return a_; }
  /// −∂(mean loss)/∂b_j ÷ scale_j at the coefficients: |·| ≤ penalty, with equality and the sign of
  /// b_j where b_j ≠ 0. 0 for features that are constant.
  std::vector<double> feature_gradients() const;
  /// −∂(mean loss)/∂a: zeros at the solution, up to kTolerance.
  std::vector<double> covariate_gradients() const;
  /// What is minimised, up to a constant.
  double objective(double penalty) const;
  const std::vector<double>& scale() const { return scale_; }
  /// Sum over the rows of weight 0 of what they add to the deviance (values: squared residuals).
  double held_out_deviance() const;

  /// Of the conditions, in the unit of the penalty.
  static constexpr double kTolerance = 1e-6;

 private:
  struct Step;
  void differentiate();  ///< score_ and curvature_ at eta_
  double value(size_t j, size_t entry) const {
    return rows_.values.empty() ? 1 : static_cast<double>(rows_.values[j][entry]);
  }
  /// Σ over rows of the feature (to a power) × values.
  double feature_sum(size_t j, const std::vector<double>& values, int power = 1) const;
  double worst_violation(double penalty) const;
  void descend(double penalty, Step& step);
  bool advance(double penalty, const Step& step);

  const PenalisedRows& rows_;
  std::vector<double> weight_;
  double total_ = 0;  ///< of the weights
  std::vector<double> scale_, a_, b_;
  std::vector<double> eta_;                ///< with offset
  std::vector<double> score_, curvature_;  ///< weighted derivatives of −loss by eta
  std::vector<uint8_t> active_;
};

struct PenaltyPathOptions {
  int64_t steps = 50;         ///< penalties, evenly in the log
  double least_share = 0.01;  ///< of the first penalty, at which no feature enters: the last one
  int64_t folds = 5;          ///< of the rows, at random
  /// The penalty with the lowest held-out deviance is searched for until this many in a row gave
  /// more than the lowest.
  int64_t patience = 8;
};

struct PenaltyPath {
  std::vector<double> penalty;
  std::vector<double> held_out;  ///< deviance a row; as far as the search went
  size_t chosen = 0;             ///< the step with the lowest
  /// steps × features: b_j · scale_j.
  std::vector<std::vector<double>> coefficients;
  bool converged = true;  ///< at every step, in every fold
};

/// `stream` keys the folds with the context's seed. Folds run in parallel.
PenaltyPath penalty_path(const PenalisedRows& rows, const PenaltyPathOptions& options,
                         uint64_t stream, const Context& context);

}  // namespace grids::core
