/// Tails and quantiles of distributions, and what is done with many p-values.
///
/// Relative errors are about 1e-13, far into the tails too, unless a function says otherwise. NaN
/// in, NaN out.
#pragma once

#include <span>
#include <vector>

namespace grids::core {

/// log Γ(x) for x > 0: std::lgamma without the sign, which it leaves in a variable that all threads
/// share.
double log_gamma(double x);

/// P(Z > z) for a standard normal Z. Keeps its relative accuracy for large z: take the lower tail
/// as `normal_upper_tail(-z)`, never as 1 − this.
double normal_upper_tail(double z);

/// The z with P(Z > z) = p, for p in (0, 1); ∞ for 0, −∞ for 1, NaN outside.
double normal_upper_quantile(double p);

/// P(T > t) for Student's t with `freedom` > 0 degrees of freedom; ∞ degrees are the
/// normal. Relative error about 1e-13, and 1e-16 × freedom where that is more.
double student_upper_tail(double t, double freedom);

/// The t with P(T > t) = p, for p in (0, 1).
double student_upper_quantile(double p, double freedom);

/// I_x(a, b), the regularised incomplete beta function, for a, b > 0 and x in [0, 1]; by its
/// continued fraction (DLMF 8.17.22).
double incomplete_beta(double x, double a, double b);

/// Of values that ascend, at least one: linear between order statistics; `share` in [0, 1].
double sorted_quantile(std::span<const double> values, double share);

/// Kolmogorov–Smirnov test of values against the uniform distribution on [0, 1].
struct KolmogorovSmirnov {
  double distance = 0;  ///< largest |empirical − uniform| distribution function
  /// Two-sided; from the limit distribution at √n + 0.12 + 0.11 / √n times the distance (Stephens
  /// 1970): within 0.02 of the exact one for n ≥ 10, within 0.001 for p < 0.1.
  double p = 0;
};

/// NaN for both when there are no values or one of them is NaN.
KolmogorovSmirnov test_uniform(std::span<const double> values);

/// Benjamini & Hochberg (1995): q of each p, the smallest false discovery rate at which it would be
/// called. NaN entries are no tests: they stay NaN and do not count.
std::vector<double> benjamini_hochberg(std::span<const double> p);

}  // namespace grids::core
