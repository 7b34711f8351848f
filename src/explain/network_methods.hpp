/// The names of the methods that learn a network. They live in `train/` (network_explainers.hpp),
/// since only the program `grids-torch` loads torch; `grids` runs it when one of them is asked for.
#pragma once

#include <span>
#include <string_view>

namespace grids {

std::span<const std::string_view> network_methods();

}  // namespace grids
