/// Text that is only text on a Markdown page.
#pragma once

#include <string>
#include <string_view>

namespace grids::core {

/// Shows the text as it is, whatever it holds: no tag, link, emphasis, code or cell of a table
/// comes of it. Ends of lines and control characters become spaces.
std::string escape_markdown(std::string_view text);

}  // namespace grids::core
