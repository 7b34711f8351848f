/// Files that appear whole or not at all.
#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <span>
#include <string_view>

namespace grids::core {

/// Calls `write(temporary)` with a fresh name beside `path`, flushes it to disk and renames it to
/// `path`; where that is a link, to what it points at. In a folder with a record
/// (written_files.hpp) the content is noted there first, and what is not as grids wrote it is never
/// replaced. When `write` throws or the disk is full, removes the temporary file, leaves an
/// existing `path` as it was, and throws Error(kInput) that names the path (disk full, no
/// permission, parent folder missing).
void replace_file(const std::filesystem::path& path,
                  const std::function<void(const std::filesystem::path& temporary)>& write);

/// Throws the Error(kInput) that `replace_file` would throw because of where `path` lies, so that
/// it is told before long work and not after it; and Error(kUsage) when `path` is one of the
/// `inputs`, which writing would destroy. Writes nothing.
void require_writable(const std::filesystem::path& path,
                      std::span<const std::filesystem::path> inputs);

/// `replace_file` for a text that comes piece by piece; packed where the name ends in .gz.
void replace_text_file(const std::filesystem::path& path,
                       const std::function<void(std::ostream& out)>& write);

/// `replace_file` for a content that is at hand, which is written as it is.
void replace_file(const std::filesystem::path& path, std::string_view content);

/// The whole file; a .gz is decompressed. Throws Error(kInput) naming path and reason: also for one
/// that unpacks to more than `most_unpacked` of its size.
std::string read_file(const std::filesystem::path& path);

/// What files of `packed` bytes may unpack to, where all of it is in memory: small files to some,
/// others to several times what real texts and numbers do. A file made to fill the memory unpacks
/// to a thousand times its size.
uint64_t most_unpacked(uint64_t packed);

/// In pieces of how many bytes a file of `packed` bytes is read: small ones for small files, which
/// are read by the thousand.
constexpr size_t kLargestBlock = size_t{1} << 20;
size_t block_for(uint64_t packed);

}  // namespace grids::core
