/// What only one user may know.
#pragma once

#include <string>
#include <string_view>

namespace grids::core {

/// 256 bits of the system's random source, in hexadecimal. Throws Error(kInternal) where there is
/// none.
std::string random_secret();

/// Takes as long wherever they differ; texts of other lengths differ at once, which tells no more
/// than the length.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace grids::core
