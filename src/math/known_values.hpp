/// Means and medians of numbers of which some are not known: NaN stands for these.
#pragma once

#include <span>
#include <vector>

namespace grids::core {

/// Of what is not NaN; NaN where nothing is known.
double mean_known(std::span<const double> values);
double median_known(std::vector<double> values);

}  // namespace grids::core
