/// Estimates of the same kind of quantity in several groups, each with its own error.
#pragma once

#include <span>
#include <vector>

namespace grids::core {

struct Estimate {
  double value = 0;
  double error = 0;  ///< standard; above 0
};

struct RandomEffects {
  double mean = 0;
  double error = 0;    ///< standard, of the mean
  double between = 0;  ///< τ²: variance of the true values between groups
};

/// DerSimonian & Laird (1986). NaN for everything without groups.
RandomEffects random_effects(std::span<const Estimate> groups);

/// A group's estimate drawn towards the mean by its own error (empirical Bayes).
double drawn_to_mean(const Estimate& group, const RandomEffects& effects);

}  // namespace grids::core
