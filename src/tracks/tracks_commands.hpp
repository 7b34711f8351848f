/// The commands of the program `grids-tracks`.
#pragma once

#include <string>
#include <vector>

#include "base/program.hpp"

namespace grids::core {

std::vector<Command> tracks_commands();

/// What `grids-tracks --licences` prints.
std::string tracks_licences();

}  // namespace grids::core
