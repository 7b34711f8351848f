/// What the user may have meant by a name that does not exist.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace grids::core {

/// " (did you mean 'A', 'B' or 'C'?)" for at most three of `names` that are closest to `name`,
/// upper and lower case alike; empty when none comes close (more than a third of the letters
/// differ).
std::string suggestion(std::string_view name, const std::vector<std::string>& names);

}  // namespace grids::core
