/// The dispersion of counts whose means are known: variance = mean + dispersion · mean².
#pragma once

#include <span>

namespace grids::core {

/// The dispersion between the bounds that maximises the likelihood, to a relative error of 1e-9;
/// fractions of counts are rounded for it.
double likelihood_dispersion(std::span<const double> counts, std::span<const double> mean,
                             double least, double largest);

/// The dispersion between the bounds at which Pearson's χ² is `freedom`, likewise.
double moment_dispersion(std::span<const double> counts, std::span<const double> mean,
                         double freedom, double least, double largest);

}  // namespace grids::core
