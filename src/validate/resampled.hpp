/// Intervals by drawing units (genes) with replacement (Efron 1979): for figures that are no
/// shares.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/nan.hpp"

namespace grids::core {

/// How often each of `units` is drawn when as many are drawn with replacement. Depends on the seed,
/// the purpose and the number of the draw alone, so that methods that are compared see the same
/// draws.
std::vector<double> resampled_units(size_t units, uint64_t seed, std::string_view purpose,
                                    int64_t draw);

struct DrawnInterval {
  double low = kNaN;
  double high = kNaN;
};

/// The 95 % percentile interval of a figure over draws. NaN are draws in which it has no value; NaN
/// where more than half have none.
DrawnInterval percentile_interval(std::vector<double> drawn);

}  // namespace grids::core
