/// Where a Zarr store keeps its bytes: values by key, as files of a folder or members of a zip
/// archive. For the files behind zarr.hpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grids::core::zarr {

/// Keys are names between slashes, of which none is empty, "." or "..". All functions may be called
/// from several threads at once, and throw Error(kInput) where bytes that are there cannot be read.
class Keys {
 public:
  virtual ~Keys() = default;

  /// How many bytes the value has; nothing where there is none.
  virtual std::optional<int64_t> size(const std::string& key) const = 0;
  /// Bytes of a value that has them.
  virtual std::string read(const std::string& key, int64_t first, int64_t count) const = 0;
  /// The names that follow a prefix (empty, or ending in a slash), sorted: of values and of what
  /// has values below it.
  virtual std::vector<std::string> names_below(const std::string& prefix) const = 0;
  /// What the values below a prefix take.
  virtual int64_t bytes_below(const std::string& prefix) const = 0;
};

/// Whether a name can be a part of a key, and so never leads out of the store.
bool is_name(std::string_view name);

std::unique_ptr<Keys> open_folder(const std::filesystem::path& path);

/// Of an archive with the store at its root or in its only folder. Throws Error(kInput) where it is
/// damaged.
std::unique_ptr<Keys> open_zip(const std::filesystem::path& path);

/// Whether a store begins here: what says so in one of the two versions of the format is there.
bool has_root(const Keys& keys);

}  // namespace grids::core::zarr
