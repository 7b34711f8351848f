/// Described options as JSON, for what a file records of how it was made.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/described.hpp"

namespace grids::core {

/// A JSON object of what the options hold, those that are no flags included: numbers, true or
/// false, texts, lists; keys with _ for -. `first`: texts that stand before them. `without`: keys
/// of the options that the file does not depend on.
std::string json_of(const OptionSet& set, const std::map<std::string, std::string>& first = {},
                    const std::vector<std::string>& without = {});

}  // namespace grids::core
