/// The writing half of the seam of io/store.hpp: groups, arrays that are written whole or grow by
/// rows, and attributes. Handles are copied freely. Every failure is an Error(kInput) that reads
/// "writing FILE: GROUP/ARRAY: what is wrong".
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "io/store.hpp"

namespace grids::core::store {

/// Numbers that are written, in the type in which they are stored.
using Values =
    std::variant<std::span<const float>, std::span<const double>, std::span<const int8_t>,
                 std::span<const uint8_t>, std::span<const int32_t>, std::span<const uint32_t>,
                 std::span<const int64_t>>;

using Scalar = std::variant<std::string_view, bool, int64_t>;

using AttributeValue = std::variant<std::string_view, bool, int64_t, std::span<const int64_t>,
                                    std::span<const std::string>>;

/// The types of arrays that are written by rows.
enum class Type : uint8_t { kFloat32, kUint8, kInt32 };

/// How numbers repeat, for whoever compresses them: in some of their bytes (counts, indices), or
/// whole, in words (logs of the counts of a cell, of which there are few).
enum class Repeats : uint8_t { kBytes, kWords };

/// What a store implements to be written to. Names "a/b" make the group a where it is missing.
class Sink {
 public:
  explicit Sink(Place place) : place_(std::move(place)) {}
  virtual ~Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  const Place& place() const { return place_; }
  virtual void set_attribute(const std::string& name, const AttributeValue& value) = 0;
  virtual void extend_attribute(const std::string& name, const std::string& text) = 0;

 private:
  Place place_;
};

class ArraySink : public Sink {
 public:
  using Sink::Sink;
  virtual void append(const Values& values) = 0;
  virtual void write_rows(int64_t first, const Values& values) = 0;
};

class GroupSink : public Sink {
 public:
  using Sink::Sink;
  virtual std::shared_ptr<GroupSink> create_group(const std::string& name) = 0;
  virtual std::shared_ptr<GroupSink> group(const std::string& name) = 0;
  virtual std::shared_ptr<ArraySink> write(const std::string& name, const Values& values) = 0;
  virtual std::shared_ptr<ArraySink> write_text(const std::string& name,
                                                std::span<const std::string> values) = 0;
  virtual std::shared_ptr<ArraySink> write_booleans(const std::string& name,
                                                    std::span<const uint8_t> values) = 0;
  virtual std::shared_ptr<ArraySink> write_scalar(const std::string& name, const Scalar& value) = 0;
  virtual std::shared_ptr<ArraySink> create_growing(const std::string& name, Type type,
                                                    int64_t columns, Repeats repeats) = 0;
  virtual std::shared_ptr<ArraySink> create_plain(const std::string& name, Type type, int64_t rows,
                                                  int64_t columns) = 0;
  virtual std::shared_ptr<ArraySink> create_filled(const std::string& name, uint8_t value,
                                                   int64_t entries) = 0;
  virtual void link(const std::string& name, const ArraySink& array) = 0;
  virtual void flush() = 0;
};

class ObjectWriter {
 public:
  const std::string& path() const { return sink_->place().path; }

  void set_attribute(const std::string& name, const AttributeValue& value) const {
    sink_->set_attribute(name, value);
  }
  /// One more text at the end of an attribute that is a list of them.
  void extend_attribute(const std::string& name, const std::string& text) const {
    sink_->extend_attribute(name, text);
  }

 protected:
  explicit ObjectWriter(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}

  std::shared_ptr<Sink> sink_;
};

class ArrayWriter : public ObjectWriter {
 public:
  explicit ArrayWriter(std::shared_ptr<ArraySink> sink) : ObjectWriter(std::move(sink)) {}

  /// Appends entries to a vector, or whole rows to a matrix, made by `create_growing`.
  template <Number T>
  void append(std::span<const T> values) const {
    entries().append(values);
  }
  /// Whole rows of a matrix from row `first` on.
  template <Number T>
  void write_rows(int64_t first, std::span<const T> values) const {
    entries().write_rows(first, values);
  }

 private:
  friend class GroupWriter;
  ArraySink& entries() const { return static_cast<ArraySink&>(*sink_); }
};

/// Larger arrays of numbers are stored in chunks and compressed.
class GroupWriter : public ObjectWriter {
 public:
  explicit GroupWriter(std::shared_ptr<GroupSink> sink) : ObjectWriter(std::move(sink)) {}

  GroupWriter create_group(const std::string& name) const {
    return GroupWriter(members().create_group(name));
  }
  /// One that has been written before.
  GroupWriter group(const std::string& name) const { return GroupWriter(members().group(name)); }

  template <Number T>
  ArrayWriter write(const std::string& name, std::span<const T> values) const {
    return ArrayWriter(members().write(name, values));
  }
  ArrayWriter write_text(const std::string& name, std::span<const std::string> values) const {
    return ArrayWriter(members().write_text(name, values));
  }
  /// Values are 0 and 1.
  ArrayWriter write_booleans(const std::string& name, std::span<const uint8_t> values) const {
    return ArrayWriter(members().write_booleans(name, values));
  }
  ArrayWriter write_scalar(const std::string& name, const Scalar& value) const {
    return ArrayWriter(members().write_scalar(name, value));
  }
  /// An empty vector (`columns` = 0) or matrix that `append` fills.
  ArrayWriter create_growing(const std::string& name, Type type, int64_t columns = 0,
                             Repeats repeats = Repeats::kBytes) const {
    return ArrayWriter(members().create_growing(name, type, columns, repeats));
  }
  /// A matrix for `write_rows`, in one piece and not compressed: for many numbers that hardly get
  /// smaller. Rows that are never written hold what the file system gives, zeros.
  ArrayWriter create_plain(const std::string& name, Type type, int64_t rows,
                           int64_t columns) const {
    return ArrayWriter(members().create_plain(name, type, rows, columns));
  }

  /// A vector of one number: only what it is filled with is stored, none of its entries.
  ArrayWriter create_filled(const std::string& name, uint8_t value, int64_t entries) const {
    return ArrayWriter(members().create_filled(name, value, entries));
  }

  /// An array of the same file by a further name: stored once, and one array to whoever reads it.
  void link(const std::string& name, const ArrayWriter& array) const {
    members().link(name, array.entries());
  }

  /// After writing: hands everything to the operating system, or throws (disk full).
  void flush() const { members().flush(); }

 private:
  GroupSink& members() const { return static_cast<GroupSink&>(*sink_); }
};

/// The root of a new HDF5 file, which replaces an existing one. `bytes_before` (0, or a power of
/// two from 512) are left free at its beginning. With a `pool`, which must outlive all handles, its
/// threads compress; the bytes are the same without. Closed when the last handle to it goes.
GroupWriter create(const std::filesystem::path& path, int64_t bytes_before = 0,
                   ThreadPool* pool = nullptr);

}  // namespace grids::core::store
