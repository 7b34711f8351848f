/// Text of users is UTF-8, or taken for Windows-1252, of which Latin-1's letters are a part.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace grids::core {

/// What editors on Windows put before a text: at the beginning of a file no part of it.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_utf8(std::string_view text);

/// What bytes of Windows-1252 mean, in UTF-8; nothing for the five bytes that mean nothing there.
std::optional<std::string> from_windows_1252(std::string_view text);

/// Text as UTF-8: as it is where it is that, else as Windows-1252 (the same rule for every file,
/// line by line or name by name); nothing where it is neither.
std::optional<std::string> as_utf8(std::string text);

}  // namespace grids::core
