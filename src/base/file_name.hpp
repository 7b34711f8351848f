/// Names of cell types and genes hold slashes, spaces and letters of any script; file names must
/// not.
#pragma once

#include <string>
#include <string_view>

namespace grids::core {

/// A file name (without folder) for a name: ASCII letters, digits and `+ - . _ =` stay, every other
/// byte becomes `~` and two hex digits, as do a leading `-` or `.` (hidden files, options) and the
/// bytes in `also_escape`. Different names give different file names; an empty name gives "~".
/// Names that would be longer than 100 bytes end in `~~` and a 64-bit hash instead.
/// File systems that ignore case can still confuse names that differ only by it.
std::string safe_file_name(std::string_view name, std::string_view also_escape = {});

}  // namespace grids::core
