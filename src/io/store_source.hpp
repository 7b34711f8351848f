/// What a store implements so that `store::Group` and `store::Array` read from it.
///
/// All functions may be called from several threads at once. Where something is wrong they throw
/// `place().error(...)`; the callers have made sure of what the comments say.
#pragma once

#include "io/store.hpp"

namespace grids::core::store {

/// The value of an attribute; a scalar is a list of one. An array where the attribute refers to
/// one, nothing where it is of a kind that has no place here.
using Attribute = std::variant<std::monostate, std::vector<std::string>, std::vector<int64_t>,
                               std::vector<double>, std::shared_ptr<const ArraySource>>;

class Source {
 public:
  explicit Source(Place place) : place_(std::move(place)) {}
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  const Place& place() const { return place_; }
  virtual bool has_attribute(const std::string& name) const = 0;
  /// Of an attribute that there is.
  virtual Attribute attribute(const std::string& name) const = 0;
  virtual std::vector<std::string> attribute_names() const = 0;
  /// The same for one object under all its names, where the store can tell.
  virtual std::optional<uint64_t> identity() const { return std::nullopt; }

 private:
  Place place_;
};

class ArraySource : public Source {
 public:
  using Source::Source;

  /// Asked once, when the array is opened.
  virtual ArrayInfo info() const = 0;
  /// What the entries take in the file, where the store can tell.
  virtual std::optional<int64_t> stored_bytes() const = 0;
  /// What the whole file takes, likewise.
  virtual std::optional<int64_t> file_bytes() const { return std::nullopt; }
  /// Of an array of numbers: whole rows from `first` on, all of which exist, until `out` is full.
  virtual void read(int64_t first, const Memory& out) const = 0;
  /// Of an array of texts: all of them.
  virtual std::vector<std::string> read_text() const = 0;
  /// The same array, of which entries that were never written are an error; null where the store
  /// cannot tell them.
  virtual std::shared_ptr<const ArraySource> without_fill() const { return nullptr; }

  /// Compound arrays, which not every store has: asked only where `info` says kCompound, and only
  /// for fields that there are, of numbers or of texts.
  struct Field {
    std::string name;
    Kind kind = Kind::kOther;
  };
  virtual std::vector<Field> fields() const { return {}; }
  virtual void read_field(const std::string&, std::span<double>) const {}
  virtual std::vector<std::string> read_field_text(const std::string&) const { return {}; }
};

enum class Member : uint8_t { kNone, kGroup, kArray, kOther };

class GroupSource : public Source {
 public:
  using Source::Source;

  /// What a name stands for; "a/b" is b inside a.
  virtual Member member(const std::string& name) const = 0;
  virtual std::vector<std::string> names() const = 0;  ///< sorted
  /// Of a name that stands for something; throws if that is not a group, or not an array.
  virtual std::shared_ptr<const GroupSource> group(const std::string& name) const = 0;
  virtual std::shared_ptr<const ArraySource> array(const std::string& name) const = 0;
};

}  // namespace grids::core::store
