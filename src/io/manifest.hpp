/// `manifest.json`: what made an output folder, so that a result can be traced and a run resumed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
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

FileRecord record_file(const std::filesystem::path& path);

/// Throws Error(kInput) naming the file and the field that is missing or of another type.
Manifest read_manifest(const std::filesystem::path& path);

/// Atomically. Throws Error(kInternal) when `options` is no JSON.
void write_manifest(const std::filesystem::path& path, const Manifest& manifest);

}  // namespace grids::core
