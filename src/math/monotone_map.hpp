/// From a prediction on the log scale to mean counts per 100,000, without assuming a formula.
///
/// A surrogate predicts the mean of log1p values; expm1 of that is not a mean count (a true change
/// of −50 % can read −22 to −64 %). What the prediction does tell is an order: a cell with a higher
/// prediction should hold more counts on average. Isotonic regression (pool adjacent violators,
/// Ayer et al. 1955) is the least-squares fit under that order alone.
#pragma once

#include <span>
#include <vector>

namespace grids::core {

/// The non-decreasing sequence closest to `values` in weighted squares. Keeps the weighted mean;
/// leaves a non-decreasing sequence as it is. `weights` are positive, one for each value; empty
/// means that all are 1.
std::vector<double> isotonic_regression(std::span<const double> values,
                                        std::span<const double> weights = {});

/// A non-decreasing, continuous, piecewise linear function.
class MonotoneMap {
 public:
  /// Knots with ascending x and non-decreasing y; at least one.
  MonotoneMap(std::vector<double> x, std::vector<double> y);

  /// Linear between knots; outside them the value of the nearest knot, so that a prediction below
  /// all that were seen in training is not credited with a change that no training cell shows.
  double operator()(double x) const;

  std::span<const double> x() const { return x_; }
  std::span<const double> y() const { return y_; }

 private:
  std::vector<double> x_;
  std::vector<double> y_;
};

/// Regresses `response` on `prediction` isotonically (equal predictions share one value) and puts a
/// knot at the weighted mean prediction of each block of the fit. Throws Error(kInternal) when the
/// lengths differ or are 0.
MonotoneMap fit_monotone_map(std::span<const float> prediction, std::span<const double> response,
                             std::span<const double> weights = {});

}  // namespace grids::core
