/// Names that a user lists with commas between them, where names may hold commas themselves.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace grids::core {

/// The names that the words of a list stand for. A word that is a name stays whole ("CD4-positive,
/// alpha-beta T cell"); any other is cut at its commas into the longest pieces that are names, and
/// where none is, into pieces without the blanks around them.
std::vector<std::string> split_names(const std::vector<std::string>& words,
                                     const std::function<bool(std::string_view)>& is_name);

}  // namespace grids::core
