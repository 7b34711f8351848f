/// A text between the quotes of a JSON string.
#pragma once

#include <string>
#include <string_view>

namespace grids::core {

/// Escaped; bytes that are no UTF-8 become U+FFFD.
std::string json_text(std::string_view text);

}  // namespace grids::core
