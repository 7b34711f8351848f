/// Settings of SmoothGrad; the method is told in smoothgrad_explainer.cpp.
#pragma once

#include <cstdint>

#include "base/described.hpp"

namespace grids::core {

struct SmoothGradOptions {
  /// Noisy copies of each cell. Larger values smooth more and cost in proportion.
  int64_t copies = 50;
  /// Standard deviation of the noise on each input, in units of the input (peaks range from 0 to
  /// 1). Larger values average over a wider neighbourhood of the cell.
  double deviation = 0.15;

  void describe(OptionSet& set);
};

}  // namespace grids::core
