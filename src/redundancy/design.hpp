/// The experiment that would tell what cells cannot: which elements to knock down, what to expect,
/// and how many cells it takes.
///
/// Arms of a set S: none knocked down (control), each element alone, all, and where there are more
/// than two each pair. Rates are those of cells with all elements of S open, the control; cells in
/// which fewer are open dilute every arm alike. With F = r(S) ÷ r(∅) and R = r(S) − r(∅), as
/// measured (by the fit where nothing was measured), an arm that takes away the elements K leaves
///
///     redundant       r(S∖K) = r(S), but r(∅) for K = S: any one suffices
///     additive        r(S∖K) = r(∅) + R · Σ_{a ∉ K} w_a
///     multiplicative  r(S∖K) = r(∅) · F^(Σ_{a ∉ K} v_a)
///
/// with w_a, v_a each element's Shapley share of R and of log F: the mean of what it gives on
/// nothing, of what the whole loses with it, and of what lies between, so that no truth is
/// favoured. Shares below 0 count as 0; all of a set add up to 1. A knock-down goes the share e of
/// the way: the fold of an arm is 1 + e · (r(S∖K) ÷ r(S) − 1).
///
/// Cells an arm, for means μ of counts a cell and variance μ + φ μ²:
///
/// - of a fold against the control, two-sided, by the log ratio of two means (Zhu & Lakkis 2014,
///   Statistics in Medicine 33:376, the null at the mean of both):
///   n = (z_{α/2} √(2 ÷ μ̄ + 2 φ) + z_β √(1 ÷ μ_0 + 1 ÷ μ_K + 2 φ))² ÷ (log fold)²;
/// - of redundant against additive, one-sided, by the joint arm against the sum of the single ones,
///   T = μ_S + (|S| − 1) μ_0 − Σ μ_a, which is 0 if elements add; against multiplicative by the
///   same of log μ (its variance by the delta method): n = (z_α √V_null + z_β √V)² ÷ (T − T_null)²
///   with V the variance of one cell an arm under each truth.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "io/columns.hpp"
#include "redundancy/judge_redundancy.hpp"

namespace grids::core {

/// What may be true of a set.
enum class JointAction : uint8_t { kRedundant, kAdditive, kMultiplicative };
inline constexpr size_t kJointActions = 3;

struct DesignOptions {
  /// Share of the way that a knock-down goes, in (0, 1]. Smaller values take more cells.
  double efficiency = 0.7;
  double power = 0.8;
  double level = 0.05;
};

struct DesignArm {
  Setting knocked = 0;                        ///< elements taken away; 0: the control
  std::array<double, kJointActions> fold{};   ///< expected if that is so
  double measured = 1;                        ///< by the rates of the settings as they are
  std::array<double, kJointActions> cells{};  ///< to see that fold; infinite where it is 1
};

struct SetDesign {
  double mean = 0;  ///< counts a cell in the control
  double dispersion = 0;
  std::vector<DesignArm> arms;     ///< control first, then by number knocked down
  double cells_from_additive = 0;  ///< an arm, that tell redundant from this
  double cells_from_multiplicative = 0;
};

/// `log_rates`: one a setting; `mean`: counts a cell with all elements open.
SetDesign design_experiment(std::span<const double> log_rates, size_t elements, double mean,
                            double dispersion, const DesignOptions& options = {});

/// Cells an arm to see a fold of counts against the control; infinite where it is 1.
double cells_for_fold(double mean, double fold, double dispersion, const DesignOptions& options);

/// design.tsv, a row an arm of each set with two judged elements or more; sets in the order of
/// the cells that tell redundant from additive and from multiplicative: where one more tells most
/// first.
Table design_table(const Study& study, std::span<const SetRedundancy> sets);
TableText describe_design();

/// The same order for design tables that were put together.
Table in_design_order(const Table& table);

}  // namespace grids::core
