/// Files that appear whole or not at all.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

namespace grids {

/// Calls `write(temporary)` with a fresh name beside `path`, flushes it to disk and renames it to
/// `path`. When `write` throws or the disk is full, removes the temporary file, leaves an existing
/// `path` as it was, and throws Error(kInput) that names the path (disk full, no permission, parent
/// folder missing).
void replace_file(const std::filesystem::path& path,
                  const std::function<void(const std::filesystem::path& temporary)>& write);

/// `replace_file` for a text that is at hand.
void replace_file(const std::filesystem::path& path, std::string_view content);

/// The whole file; a .gz is decompressed. Throws Error(kInput) naming path and reason.
std::string read_file(const std::filesystem::path& path);

}  // namespace grids
