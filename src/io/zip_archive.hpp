/// The members of a zip archive (no encryption; also beyond 4 GB): of `.npz` and of Zarr stores.
/// Only the list of members is kept in memory. Different threads may read at the same time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace grids::core {

/// A file that is read in pieces, wherever they lie.
class RandomFile {
 public:
  /// Throws Error(kInput) where it cannot be opened, or is no file.
  explicit RandomFile(const std::filesystem::path& path);
  ~RandomFile();
  RandomFile(const RandomFile&) = delete;
  RandomFile& operator=(const RandomFile&) = delete;

  uint64_t bytes() const { return bytes_; }
  /// Nothing where the file has fewer bytes. Throws Error(kInput) where the disk fails.
  std::optional<std::string> read(uint64_t first, uint64_t count) const;

 private:
  std::string source_;
  int descriptor_ = -1;
  uint64_t bytes_ = 0;
};

class ZipArchive {
 public:
  /// Reads the list of members. Throws Error(kInput) when it is no archive or is cut short.
  /// `remedy` is what messages tell to do about members that cannot be read.
  explicit ZipArchive(const std::filesystem::path& path,
                      std::string remedy = "save it with numpy.savez or numpy.save");

  /// In the archive's order. Of members of one name the last counts, as in Python.
  const std::vector<std::string>& names() const { return names_; }
  bool has(const std::string& name) const { return find(name) != nullptr; }
  /// Of the member, decompressed; nothing where there is none.
  std::optional<uint64_t> size(const std::string& name) const;
  /// Whether its bytes lie in the archive as they are.
  bool is_stored(const std::string& name) const;
  uint64_t archive_bytes() const { return file_.bytes(); }

  /// The member's bytes, decompressed and held against their checksum. Throws Error(kInput).
  std::string read(const std::string& name) const;
  /// A part of a stored member, which is held against nothing. Throws Error(kInput).
  std::string read_stored(const std::string& name, uint64_t first, uint64_t count) const;

 private:
  struct Member {
    uint32_t method = 0;
    uint32_t flags = 0;
    uint32_t checksum = 0;
    uint64_t packed_bytes = 0;
    uint64_t bytes = 0;
    uint64_t place = 0;  ///< of the member's own header
  };

  std::string piece(uint64_t first, uint64_t count) const;
  void read_members();
  void read_members(std::string_view list, uint64_t count);
  const Member* find(const std::string& name) const;
  const Member& member(const std::string& name) const;
  /// Where its packed bytes begin; all of them are there.
  uint64_t begin_of(const Member& member, const std::string& name) const;

  std::string source_;
  std::string remedy_;
  RandomFile file_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, Member> members_;
};

}  // namespace grids::core
