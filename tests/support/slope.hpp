/// What gradients of learnt numbers are held to.
#pragma once

#include <functional>

namespace grids::core::testing {

/// The central difference of `value` over ± step of the parameter, which is left as it was.
inline double slope_of(float& parameter, float step, const std::function<double()>& value) {
  const float kept = parameter;
  parameter = kept + step;
  const double above = value();
  parameter = kept - step;
  const double below = value();
  parameter = kept;
  return (above - below) / double{2 * step};
}

}  // namespace grids::core::testing
