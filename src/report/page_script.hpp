/// The script of report.html (front/), built when grids is, or nothing where npm was not to be had.
#pragma once

#include <string_view>

namespace grids::core {

/// A whole script without "</script" in it; empty: the page is static.
std::string_view page_script();

}  // namespace grids::core
