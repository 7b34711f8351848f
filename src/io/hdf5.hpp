/// A thin layer over the HDF5 C library: files, groups, datasets and attributes that close
/// themselves, numbers of any stored type, strings of any stored kind.
///
/// Every failure is an Error(kInput) that reads "reading FILE: GROUP/DATASET: what (why)"; the
/// library's own error printing is off. HDF5 as distributions build it is not thread-safe: use this
/// header from one thread at a time. Not part of the seams between rooms: only readers and writers
/// of file formats include it.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace grids::hdf5 {

/// The types in which numbers come to and from memory; the file may hold any other.
template <typename T>
concept Number = std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, int8_t> ||
    std::same_as<T, uint8_t> || std::same_as<T, int32_t> || std::same_as<T, uint32_t> ||
    std::same_as<T, int64_t>;

/// What a dataset or a field of it holds. Enumerations other than h5py's booleans are integers.
enum class Kind : uint8_t { kInteger, kFloat, kBoolean, kText, kCompound, kOther };

/// Owns an identifier of the library.
class Handle {
 public:
  Handle() = default;
  explicit Handle(int64_t id) : id_(id) {}
  Handle(Handle&& other) noexcept;
  Handle& operator=(Handle&& other) noexcept;
  ~Handle();

  int64_t id() const { return id_; }

 private:
  int64_t id_ = -1;
};

class Dataset;

/// What groups and datasets share: a place for messages, and attributes.
class Object {
 public:
  const std::string& file() const { return file_; }
  const std::string& path() const { return path_; }  ///< inside the file; empty for the root
  int64_t id() const { return handle_.id(); }

  /// An error about this object; `child` is a member of it that the error is about.
  Error error(std::string_view message, std::string_view child = {}) const;

  bool has_attribute(const std::string& name) const;
  bool attribute_is_text(const std::string& name) const;
  /// Any string, scalar or array; an array must have one element.
  std::string text_attribute(const std::string& name) const;
  std::string text_attribute_or(const std::string& name, std::string_view fallback) const;
  std::vector<std::string> texts_attribute(const std::string& name) const;
  std::vector<int64_t> integers_attribute(const std::string& name) const;
  /// The dataset that an attribute refers to (HDF5 object reference); nothing if it is none.
  std::optional<Dataset> referenced_dataset(const std::string& attribute) const;

  void set_attribute(const std::string& name, std::string_view value) const;
  void set_attribute(const std::string& name, const char* value) const {
    set_attribute(name, std::string_view(value));
  }
  void set_attribute(const std::string& name, bool value) const;
  void set_attribute(const std::string& name, int64_t value) const;
  void set_attribute(const std::string& name, std::span<const int64_t> values) const;
  void set_attribute(const std::string& name, std::span<const std::string> values) const;
  void remove_attribute(const std::string& name) const;

 protected:
  Object(Handle handle, std::string file, std::string path, bool writing)
      : handle_(std::move(handle)),
        file_(std::move(file)),
        path_(std::move(path)),
        writing_(writing) {}

  /// The id if it is valid, else an error that ends in HDF5's own reason.
  int64_t checked(int64_t id, std::string_view what, std::string_view child = {}) const;
  std::string child_path(std::string_view name) const;

  Handle handle_;
  std::string file_;
  std::string path_;
  bool writing_;
};

/// Datasets of numbers are stored in the type that they are given in, larger ones in chunks,
/// shuffled and compressed by gzip; strings are variable-length UTF-8; booleans are h5py's.
class Dataset : public Object {
 public:
  std::vector<int64_t> shape() const;  ///< empty for a scalar
  int64_t size() const;                ///< number of entries
  Kind kind() const;
  /// The same, or an error for sizes that the bytes in the file cannot back (a corrupt header).
  int64_t believable_size() const;
  /// Throws unless the shape has this many dimensions.
  void require_dimensions(size_t count) const;

  /// All entries in row-major order; throws if they are no numbers.
  template <Number T>
  std::vector<T> read() const;
  /// `out.size()` rows of a vector, or rows of a matrix that fill `out`, from row `first` on.
  template <Number T>
  void read_rows(int64_t first, std::span<T> out) const;
  std::vector<std::string> read_text() const;

  /// Names of the fields of a compound dataset, in the file's order.
  std::vector<std::string> fields() const;
  Kind field_kind(const std::string& field) const;
  std::vector<double> read_field(const std::string& field) const;
  std::vector<std::string> read_field_text(const std::string& field) const;

  /// Appends entries to a vector, or whole rows to a matrix, made by `create_growing`.
  template <Number T>
  void append(std::span<const T> values) const;
  /// Whole rows of a matrix from row `first` on.
  template <Number T>
  void write_rows(int64_t first, std::span<const T> values) const;

 private:
  friend class Group;
  friend class Object;
  using Object::Object;

  int64_t member_index(const std::string& field) const;
};

class Group : public Object {
 public:
  /// Whether something of that name exists; "a/b" looks inside a.
  bool has(const std::string& name) const;
  bool has_group(const std::string& name) const;
  bool has_dataset(const std::string& name) const;
  std::vector<std::string> names() const;  ///< of the members, sorted

  Group group(const std::string& name) const;
  Dataset dataset(const std::string& name) const;

  Group create_group(const std::string& name) const;
  template <Number T>
  Dataset write(const std::string& name, std::span<const T> values) const;
  Dataset write_text(const std::string& name, std::span<const std::string> values) const;
  Dataset write_text_scalar(const std::string& name, std::string_view value) const;
  Dataset write_scalar(const std::string& name, int64_t value) const;
  Dataset write_boolean_scalar(const std::string& name, bool value) const;
  Dataset write_booleans(const std::string& name, std::span<const uint8_t> values) const;
  /// An empty vector (`columns` = 0) or matrix of T that `append` fills.
  template <Number T>
  Dataset create_growing(const std::string& name, int64_t columns = 0) const;
  /// A matrix of T for `write_rows`, in one piece and not compressed: for many numbers that hardly
  /// get smaller. Rows that are never written hold what the file system gives, zeros.
  template <Number T>
  Dataset create_plain(const std::string& name, int64_t rows, int64_t columns) const;

 private:
  friend class File;
  using Object::Object;

  /// The identifiers are those of HDF5: type, shape, and how to store and to access.
  Dataset create(const std::string& name, int64_t type, int64_t space, int64_t creation,
                 int64_t access) const;
  /// A vector of `count` entries, or a scalar; compressed as entries of `compressed_size` bytes
  /// (0: not at all).
  Dataset write_whole(const std::string& name, int64_t type, std::optional<size_t> count,
                      size_t compressed_size, const void* values) const;
};

class File {
 public:
  /// Throws Error(kInput) when the file does not exist, is no HDF5 or is cut short.
  static File open(const std::filesystem::path& path);
  /// Replaces an existing file. `user_block` bytes (0, or a power of two from 512) are left free at
  /// its beginning.
  static File create(const std::filesystem::path& path, int64_t user_block = 0);
  /// Whether the file can be read and is HDF5.
  static bool is_hdf5(const std::filesystem::path& path);

  const Group& root() const { return root_; }
  /// After writing: hands everything to the operating system, or throws (disk full).
  void flush() const;

 private:
  File(Handle handle, Group root) : handle_(std::move(handle)), root_(std::move(root)) {}

  Handle handle_;
  Group root_;
};

}  // namespace grids::hdf5
