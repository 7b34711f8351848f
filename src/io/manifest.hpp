/// `manifest.json`: what made the files of an output folder, so that a result can be traced.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace grids::core {

/// A file by content.
struct FileRecord {
  std::string path;    ///< as the user gave it
  std::string sha256;  ///< 64 hexadecimal digits
  int64_t bytes = 0;
  bool operator==(const FileRecord&) const = default;
};

struct StageTime {
  std::string name;
  double seconds = 0;
  bool operator==(const StageTime&) const = default;
};

struct Manifest {
  std::string command;         ///< the subcommand, "prepare"
  std::string version;         ///< of grids
  std::string options = "{}";  ///< a JSON object
  uint64_t seed = 0;
  int threads = 0;
  std::vector<FileRecord> inputs;
  std::vector<FileRecord> outputs;
  std::vector<std::string> warnings;
  std::vector<StageTime> stages;  ///< in the order in which they ran
  bool operator==(const Manifest&) const = default;
};

/// SHA-256 of a file's bytes, in hexadecimal. Throws Error(kInput) for unreadable files.
std::string sha256_of(const std::filesystem::path& path);

/// Of a folder (a Zarr store): of the list of its files, sorted, each with its own SHA-256; the
/// bytes are those of all.
FileRecord record_file(const std::filesystem::path& path);

/// SHA-256 of a text.
std::string sha256_of_text(std::string_view text);

/// A section for each command that wrote into the folder, the last one last; one, of a version that
/// kept no more. Throws Error(kInput) naming the file and the field that is missing or of another
/// type.
std::vector<Manifest> read_manifests(const std::filesystem::path& path);

/// Atomically. Throws Error(kInternal) when the `options` of a section are no JSON.
void write_manifest(const std::filesystem::path& path, std::span<const Manifest> sections);

/// Puts the section of a command in the place of its earlier one; files that it wrote are no longer
/// among those of other sections. Throws what `read_manifests` and `write_manifest` throw.
void add_to_manifest(const std::filesystem::path& path, const Manifest& manifest);

}  // namespace grids::core
