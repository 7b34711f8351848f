/// The members of a zip archive, read whole: enough for `.npz` (no encryption, no zip64).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace grids::core {

class ZipArchive {
 public:
  /// Reads the archive and its list of members. Throws Error(kInput) when it is none, is cut short
  /// or is one of those beyond 4 GB.
  explicit ZipArchive(const std::filesystem::path& path);

  std::vector<std::string> names() const;  ///< in the archive's order
  bool has(const std::string& name) const;
  /// The member's bytes, decompressed and held against their checksum. Throws Error(kInput).
  std::string read(const std::string& name) const;

 private:
  struct Member {
    std::string name;
    uint32_t method = 0;
    uint32_t checksum = 0;
    uint32_t packed_bytes = 0;
    uint32_t bytes = 0;
    uint32_t place = 0;  ///< of the member's own header
  };

  uint32_t number(size_t place, size_t bytes) const;
  void read_members();
  const Member* find(const std::string& name) const;

  std::string source_;
  std::string content_;
  std::vector<Member> members_;
};

}  // namespace grids::core
