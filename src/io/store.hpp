/// Arrays in groups, with attributes: what HDF5 holds, and other stores might.
///
/// The readers of file formats see a `Group` and an `Array` and never the store behind them. Both
/// are handles that are copied freely and keep open what they need. An array tells shape, kind and
/// chunks before anything is allocated, and reads slices of rows into memory that the caller gives.
///
/// Every failure is an Error(kInput) that reads "reading FILE: GROUP/ARRAY: what is wrong".
/// Different threads may read at the same time, the same file or others.
///
/// To add a store:
///   1. implement GroupSource and ArraySource (io/store_source.hpp) in one file of src/io/;
///   2. give it a line in `kStores` in store.cpp.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"

namespace grids::core {
class ThreadPool;
}  // namespace grids::core

namespace grids::core::store {

class Source;
class GroupSource;
class ArraySource;

/// The types in which numbers come to and from memory; the file may hold any other.
template <typename T>
concept Number = std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, int8_t> ||
    std::same_as<T, uint8_t> || std::same_as<T, int32_t> || std::same_as<T, uint32_t> ||
    std::same_as<T, int64_t>;

/// Memory that numbers are read into.
using Memory =
    std::variant<std::span<float>, std::span<double>, std::span<int8_t>, std::span<uint8_t>,
                 std::span<int32_t>, std::span<uint32_t>, std::span<int64_t>>;

/// What an array or a field of it holds. Enumerations other than h5py's booleans are integers.
enum class Kind : uint8_t { kInteger, kFloat, kBoolean, kText, kCompound, kOther };

/// Integers, floats and booleans.
bool is_number(Kind kind);

/// What an array says of itself before anything of it is read.
struct ArrayInfo {
  std::vector<int64_t> shape;  ///< empty for a scalar
  Kind kind = Kind::kOther;
  int64_t entry_bytes = 0;     ///< width of an entry as it is stored, before compression
  std::optional<double> fill;  ///< the number that entries hold that were never written
  std::vector<int64_t> chunk;  ///< shape of the pieces in which it is stored; empty: one piece
};

/// Where a group or an array lies, for messages.
struct Place {
  std::string file;
  std::string path;  ///< inside the file; empty for the root
  bool writing = false;

  Place child(std::string_view name) const;
  /// "reading FILE: PATH: message"; `child` is a member that the error is about.
  Error error(std::string_view message, std::string_view child = {}) const;
};

class Array;

/// What groups and arrays share: a place for messages, and attributes.
class Object {
 public:
  const std::string& file() const;
  const std::string& path() const;  ///< inside the file; empty for the root
  /// As Place::error.
  Error error(std::string_view message, std::string_view child = {}) const;

  bool has_attribute(const std::string& name) const;
  std::vector<std::string> attribute_names() const;
  bool attribute_is_text(const std::string& name) const;
  /// Any text, scalar or list; a list must have one entry.
  std::string text_attribute(const std::string& name) const;
  std::string text_attribute_or(const std::string& name, std::string_view fallback) const;
  std::vector<std::string> texts_attribute(const std::string& name) const;
  /// Whole numbers of any type, scalar or list.
  std::vector<int64_t> integers_attribute(const std::string& name) const;
  /// The array that an attribute refers to, where the store has such references; nothing if the
  /// attribute is none.
  std::optional<Array> referenced_array(const std::string& attribute) const;
  /// The same for one object under all its names, where the store can tell.
  std::optional<uint64_t> identity() const;

 protected:
  explicit Object(std::shared_ptr<const Source> source) : source_(std::move(source)) {}

  std::shared_ptr<const Source> source_;
};

class Array : public Object {
 public:
  explicit Array(std::shared_ptr<const ArraySource> source);

  const ArrayInfo& info() const { return info_; }
  const std::vector<int64_t>& shape() const { return info_.shape; }
  Kind kind() const { return info_.kind; }
  int64_t size() const;       ///< number of entries
  int64_t row_width() const;  ///< entries of a row: of all dimensions but the first
  /// The number of entries, or an error for sizes that the bytes in the file cannot back (a corrupt
  /// header): to be asked before memory is taken for them.
  int64_t believable_size() const;
  /// Throws where as many texts are more than an honest file of this size holds, in which each
  /// takes some bytes: numbers that become texts take far more memory than they took.
  void require_believable_texts() const;
  /// Throws unless the shape has this many dimensions.
  void require_dimensions(size_t count) const;
  /// How many rows to read at a time when about `entries` may be in memory: at least 1, and whole
  /// chunks where they fit, so that none is unpacked twice.
  int64_t rows_at_once(int64_t entries) const;
  /// The same array for what has no entries that could have been left out: reading those that were
  /// never written is an error that names their piece, where the store can tell, instead of the
  /// value that stands for them.
  Array without_fill() const;

  /// Rows from `first` on that fill `out`; of a vector as many entries. Numbers are converted,
  /// those too large for the type to its largest. Throws if the array holds no numbers or fewer
  /// rows.
  template <Number T>
  void read_rows(int64_t first, std::span<T> out) const {
    read_into(first, out);
  }
  /// The same for what must be whole numbers, whatever their type: throws for others, naming the
  /// first.
  void read_whole_rows(int64_t first, std::span<int32_t> out) const;
  void read_whole_rows(int64_t first, std::span<int64_t> out) const;
  /// All entries of a vector of whole numbers.
  template <Number T>
  std::vector<T> read_whole() const {
    require_numbers();
    std::vector<T> values(static_cast<size_t>(believable_size()));
    read_whole_rows(0, std::span<T>(values));
    return values;
  }
  /// All entries in row-major order.
  template <Number T>
  std::vector<T> read() const {
    require_numbers();
    std::vector<T> values(static_cast<size_t>(believable_size()));
    read_into(0, std::span<T>(values));
    return values;
  }
  std::vector<std::string> read_text() const;

  /// Names of the fields of a compound array, in the file's order.
  std::vector<std::string> fields() const;
  Kind field_kind(const std::string& field) const;
  std::vector<double> read_field(const std::string& field) const;
  std::vector<std::string> read_field_text(const std::string& field) const;

 private:
  const ArraySource& entries() const;
  void require_numbers() const;
  /// A piece is unpacked whole, whatever is asked of it.
  void require_believable_chunk() const;
  void read_into(int64_t first, const Memory& out) const;
  template <typename Whole>
  void read_whole_into(int64_t first, std::span<Whole> out) const;

  ArrayInfo info_;
};

class Group : public Object {
 public:
  explicit Group(std::shared_ptr<const GroupSource> source);

  /// Whether something of that name exists; "a/b" looks inside a.
  bool has(const std::string& name) const;
  bool has_group(const std::string& name) const;
  bool has_array(const std::string& name) const;
  std::vector<std::string> names() const;  ///< of the members, sorted

  Group group(const std::string& name) const;
  Array array(const std::string& name) const;

 private:
  const GroupSource& members() const;
};

/// Whether the path is a store of a kind that is understood, by content.
bool is_store(const std::filesystem::path& path);

/// The root of a store of any kind. With a `pool`, which must outlive everything that is opened in
/// it, its threads unpack what is read. Throws Error(kInput) when the path does not exist, is no
/// store or is cut short.
Group open(const std::filesystem::path& path, ThreadPool* pool = nullptr);

}  // namespace grids::core::store
