/// The page that asks for the token, which stands in the address behind #: that part no browser
/// sends, logs or hands on.
#pragma once

#include <string_view>

namespace grids::core {

std::string_view login_page();
std::string_view login_script();

}  // namespace grids::core
