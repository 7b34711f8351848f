/// What a Zarr store says of its groups and arrays, in either version of the format: .zgroup,
/// .zarray and .zattrs, or zarr.json. For the files behind zarr.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "io/store_source.hpp"
#include "io/zarr_codecs.hpp"
#include "io/zarr_keys.hpp"

namespace grids::core::zarr {

struct ArrayNode {
  std::vector<int64_t> shape;
  std::vector<int64_t> chunk;  ///< of what lies under one key; each side at least 1
  EntryType type;
  std::optional<std::string> fill;  ///< as fill_of
  ArrayCoding coding;
  std::string before_key;  ///< what the key of a chunk begins with ("c")
  char separator = '.';

  /// Shape of the pieces that are unpacked at a time.
  const std::vector<int64_t>& piece() const { return coding.shards ? coding.shards->chunk : chunk; }
};

struct Node {
  std::optional<ArrayNode> array;  ///< nothing of a group
  std::map<std::string, store::Attribute> attributes;
};

/// The groups and arrays of a store. Their metadata are those that lie beside them; where none do,
/// those that the root has gathered (consolidated). Safe to use from several threads at once.
class Hierarchy {
 public:
  /// Throws Error(kInput) where no group of either version begins at the root.
  Hierarchy(std::shared_ptr<const Keys> keys, std::string file);

  const Keys& keys() const { return *keys_; }
  const std::string& file() const { return file_; }
  int64_t bytes() const;  ///< of the whole store
  /// What lies at a path ("a/b", empty for the root); nothing where nothing does. Throws
  /// Error(kInput) for metadata that make no sense.
  std::optional<Node> node(const std::string& path) const;
  /// Whether there is a group or an array, without looking at what it says: true of an array.
  std::optional<bool> is_array(const std::string& path) const;
  /// Names in a group, sorted.
  std::vector<std::string> names(const std::string& path) const;

 private:
  /// The text of a file of metadata, or nothing.
  std::optional<std::string> text(const std::string& path, const std::string& name) const;
  const std::map<std::string, std::string>& gathered() const;

  std::shared_ptr<const Keys> keys_;
  std::string file_;
  bool version_3_ = false;
  mutable std::once_flag bytes_once_;
  mutable int64_t bytes_ = 0;
  mutable std::once_flag gathered_once_;
  mutable std::map<std::string, std::string> gathered_;  ///< by key
};

/// "a/b" for "b" in "a".
std::string joined(const std::string& path, const std::string& name);

}  // namespace grids::core::zarr
