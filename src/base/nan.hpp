/// What stands in results where there is nothing to say.
#pragma once

#include <limits>

namespace grids::core {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace grids::core
