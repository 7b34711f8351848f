#include "io/store.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/at.hpp"
#include "io/hdf5.hpp"
#include "io/packed_hdf5.hpp"
#include "io/probe.hpp"
#include "io/store_source.hpp"
#include "io/store_writer.hpp"
#include "io/utf8.hpp"
#include "io/zarr.hpp"

namespace grids::core::store {
namespace {

struct Store {
  std::string_view what;  ///< "an HDF5 file", for messages
  /// By content; never throws.
  bool (*recognises)(const std::filesystem::path& path);
  /// Throws where reading the file might end the process.
  Group (*open)(const std::filesystem::path& path, ThreadPool* pool);
};

/// Every kind of store that is understood; the first that recognises a path opens it.
constexpr std::array kStores = {Store{"an HDF5 file", hdf5::is_hdf5,
                                      [](const std::filesystem::path& path, ThreadPool* pool) {
                                        require_survivable(path);
                                        return hdf5::open(path, pool);
                                      }},
                                Store{"a .gz of one", hdf5::is_packed, hdf5::open_packed},
                                Store{"a Zarr store", zarr::is_zarr, zarr::open_path}};

/// The largest number where it is larger still: what a damaged header claims.
int64_t product(std::span<const int64_t> shape) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  int64_t entries = 1;
  for (const int64_t length : shape) {
    if (__builtin_mul_overflow(entries, length, &entries)) {
      return std::numeric_limits<int64_t>::max();
    }
  }
  return entries;
}

const Store* store_of(const std::filesystem::path& path) {
  for (const auto& store : kStores) {
    if (store.recognises(path)) return &store;
  }
  return nullptr;
}

/// Whether a number is one that counts something: whole, and exact as a double.
bool is_whole(double number) {
  constexpr double kExact = int64_t{1} << 53;
  return std::abs(number) <= kExact && number == std::floor(number);
}

std::string names_of_stores() {
  std::string names(kStores.front().what);
  for (size_t i = 1; i < kStores.size(); ++i) {
    names += fmt::format("{}{}", i + 1 < kStores.size() ? ", " : " or ", kStores[i].what);
  }
  return names;
}

}  // namespace

bool is_number(Kind kind) {
  return kind == Kind::kInteger || kind == Kind::kFloat || kind == Kind::kBoolean;
}

bool is_store(const std::filesystem::path& path) {
  return store_of(path) != nullptr;
}

Group open(const std::filesystem::path& path, ThreadPool* pool) {
  const Place place{path.string(), {}};
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) throw place.error("there is no such file");
  const Store* store = store_of(path);
  if (store == nullptr) {
    throw place.error(fmt::format("cannot be read, or is not {}", names_of_stores()));
  }
  return store->open(path, pool);
}

GroupWriter create(const std::filesystem::path& path, int64_t bytes_before, ThreadPool* pool) {
  return hdf5::create(path, bytes_before, pool);
}

Place Place::child(std::string_view name) const {
  return {file, path.empty() ? std::string(name) : fmt::format("{}/{}", path, name), writing};
}

Error Place::error(std::string_view message, std::string_view child) const {
  const std::string where = child.empty() ? path : this->child(child).path;
  return input_error("{} {}: {}{}{}", writing ? "writing" : "reading", file, where,
                     where.empty() ? "" : ": ", message);
}

// ---- attributes ----

const std::string& Object::file() const {
  return source_->place().file;
}

const std::string& Object::path() const {
  return source_->place().path;
}

Error Object::error(std::string_view message, std::string_view child) const {
  return source_->place().error(message, child);
}

bool Object::has_attribute(const std::string& name) const {
  return source_->has_attribute(name);
}

std::vector<std::string> Object::attribute_names() const {
  return source_->attribute_names();
}

std::optional<uint64_t> Object::identity() const {
  return source_->identity();
}

bool Object::attribute_is_text(const std::string& name) const {
  return has_attribute(name) &&
         std::holds_alternative<std::vector<std::string>>(source_->attribute(name));
}

std::vector<std::string> Object::texts_attribute(const std::string& name) const {
  if (!has_attribute(name)) throw error("has no attribute '" + name + "'");
  auto attribute = source_->attribute(name);
  auto* texts = std::get_if<std::vector<std::string>>(&attribute);
  if (texts == nullptr) throw error("attribute '" + name + "' is not text");
  return std::move(*texts);
}

std::string Object::text_attribute(const std::string& name) const {
  auto texts = texts_attribute(name);
  if (texts.size() != 1) {
    throw error(fmt::format("attribute '{}' has {} texts instead of one", name, texts.size()));
  }
  return std::move(texts.front());
}

std::string Object::text_attribute_or(const std::string& name, std::string_view fallback) const {
  return attribute_is_text(name) ? text_attribute(name) : std::string(fallback);
}

std::vector<int64_t> Object::integers_attribute(const std::string& name) const {
  if (!has_attribute(name)) throw error("has no attribute '" + name + "'");
  auto attribute = source_->attribute(name);
  if (auto* integers = std::get_if<std::vector<int64_t>>(&attribute)) return std::move(*integers);
  const auto* numbers = std::get_if<std::vector<double>>(&attribute);
  if (numbers == nullptr) throw error("attribute '" + name + "' is not a number");
  std::vector<int64_t> integers;
  for (const double number : *numbers) {
    if (!is_whole(number)) {
      throw error(
          fmt::format("attribute '{}' holds {}, which is not a whole number", name, number));
    }
    integers.push_back(static_cast<int64_t>(number));
  }
  return integers;
}

std::optional<Array> Object::referenced_array(const std::string& name) const {
  if (!has_attribute(name)) return std::nullopt;
  const auto attribute = source_->attribute(name);
  const auto* array = std::get_if<std::shared_ptr<const ArraySource>>(&attribute);
  if (array == nullptr) return std::nullopt;
  return Array(*array);
}

// ---- arrays ----

Array::Array(std::shared_ptr<const ArraySource> source)
    : Object(std::move(source)), info_(entries().info()) {}

const ArraySource& Array::entries() const {
  return static_cast<const ArraySource&>(*source_);
}

int64_t Array::size() const {
  return product(shape());
}

int64_t Array::row_width() const {
  return shape().empty() ? 1 : product(std::span(shape()).subspan(1));
}

void Array::require_dimensions(size_t count) const {
  if (shape().size() == count) return;
  throw error(fmt::format("expected {} dimension{}, found {}", count, count == 1 ? "" : "s",
                          shape().size()));
}

void Array::require_numbers() const {
  if (!is_number(kind())) throw error("expected numbers, found something else");
}

int64_t Array::believable_size() const {
  // Deflate shrinks at most a thousandfold; other filters shrink equal numbers further, and chunks
  // may be missing (then they hold the fill value), but what the numbers belong to is in the file,
  // too.
  constexpr double kMostPerStoredByte = 1100;
  constexpr double kMostPerFileByte = 64;
  constexpr double kAlways = 1 << 24;
  const auto entry = static_cast<double>(std::max<int64_t>(1, info_.entry_bytes));
  double claimed = entry;
  for (const auto length : shape()) {
    if (length < 0) throw error("claims a length that no memory has");
    claimed *= static_cast<double>(length);
  }
  if (claimed <= kAlways) return size();
  constexpr double kMostEver = 1e14;  // beyond any memory, whatever the store says it holds
  if (claimed > kMostEver) throw error("claims more entries than any memory has");
  const auto stored = entries().stored_bytes();
  const auto file = entries().file_bytes();
  const double backed = std::max(static_cast<double>(stored.value_or(0)) * kMostPerStoredByte,
                                 static_cast<double>(file.value_or(0)) * kMostPerFileByte);
  if (stored && claimed > backed) {
    throw error(fmt::format("claims {:.0f} entries, but the file holds only {} bytes of them",
                            claimed / entry, *stored));
  }
  return size();
}

void Array::require_believable_texts() const {
  constexpr double kAlways = 1 << 26;
  constexpr double kMostPerFileByte = 16;
  double bytes = static_cast<double>(info_.entry_bytes) + sizeof(std::string);
  for (const auto length : shape()) bytes *= static_cast<double>(length);
  const auto file = entries().file_bytes();
  if (bytes <= kAlways || !file || bytes <= static_cast<double>(*file) * kMostPerFileByte) return;
  throw error(fmt::format("would be texts of {:.0f} bytes, far more than the file ({} bytes) holds",
                          bytes, *file));
}

void Array::require_believable_chunk() const {
  constexpr double kAlways = 1 << 26;
  constexpr double kMostPerFileByte = 64;
  auto bytes = static_cast<double>(info_.entry_bytes);
  for (const auto length : info_.chunk) bytes *= static_cast<double>(length);
  const auto file = entries().file_bytes();
  if (bytes <= kAlways || !file || bytes <= static_cast<double>(*file) * kMostPerFileByte) return;
  throw error(fmt::format("is cut into pieces of {:.0f} bytes, in a file of {}", bytes, *file));
}

int64_t Array::rows_at_once(int64_t entries) const {
  const int64_t rows = std::max<int64_t>(1, entries / std::max<int64_t>(1, row_width()));
  const int64_t chunk = info_.chunk.empty() ? 1 : std::max<int64_t>(1, info_.chunk.front());
  return rows > chunk ? rows - rows % chunk : rows;
}

Array Array::without_fill() const {
  auto strict = entries().without_fill();
  return strict == nullptr ? *this : Array(std::move(strict));
}

void Array::read_into(int64_t first, const Memory& out) const {
  require_numbers();
  const auto count =
      std::visit([](const auto& span) { return static_cast<int64_t>(span.size()); }, out);
  const int64_t width = row_width();
  if (count == 0 || width == 0) return;
  const int64_t rows = shape().empty() ? 1 : shape().front();
  if (count % width != 0) {
    throw internal_error("{}: {} values asked for of rows of {}", path(), count, width);
  }
  if (first < 0 || count / width > rows - first) throw error("has fewer rows than expected");
  require_believable_chunk();
  entries().read(first, out);
}

template <typename Whole>
void Array::read_whole_into(int64_t first, std::span<Whole> out) const {
  if (kind() != Kind::kFloat) {
    read_into(first, out);
    return;
  }
  std::vector<double> numbers(out.size());
  read_into(first, std::span(numbers));
  const auto bad = std::find_if_not(numbers.begin(), numbers.end(), is_whole);
  if (bad != numbers.end()) {
    throw error(fmt::format("entry {} is {}, but only whole numbers make sense here",
                            first + (bad - numbers.begin()), *bad));
  }
  static constexpr auto kLeast = static_cast<double>(std::numeric_limits<Whole>::min());
  static constexpr auto kMost = static_cast<double>(std::numeric_limits<Whole>::max());
  std::transform(numbers.begin(), numbers.end(), out.begin(), [](double number) {
    if (number >= kMost) return std::numeric_limits<Whole>::max();
    return static_cast<Whole>(std::max(number, kLeast));
  });
}

void Array::read_whole_rows(int64_t first, std::span<int32_t> out) const {
  read_whole_into(first, out);
}

void Array::read_whole_rows(int64_t first, std::span<int64_t> out) const {
  read_whole_into(first, out);
}
namespace {

/// Texts that are no UTF-8 are taken for Windows-1252, as in text files.
std::vector<std::string> in_utf8(const Array& array, std::vector<std::string> texts) {
  for (auto& text : texts) {
    if (is_utf8(text)) continue;
    auto converted = from_windows_1252(text);
    if (!converted) throw array.error("holds text that is neither UTF-8 nor Windows-1252");
    text = std::move(*converted);
  }
  return texts;
}

}  // namespace

std::vector<std::string> Array::read_text() const {
  if (kind() != Kind::kText) throw error("expected text, found something else");
  require_believable_texts();
  believable_size();
  require_believable_chunk();
  return in_utf8(*this, entries().read_text());
}

std::vector<std::string> Array::fields() const {
  if (kind() != Kind::kCompound) throw error("expected a table, found something else");
  std::vector<std::string> names;
  for (auto& field : entries().fields()) names.push_back(std::move(field.name));
  return names;
}

Kind Array::field_kind(const std::string& name) const {
  for (const auto& field : entries().fields()) {
    if (field.name == name) return field.kind;
  }
  throw error("has no field '" + name + "'");
}

std::vector<double> Array::read_field(const std::string& field) const {
  if (!is_number(field_kind(field))) throw error("field '" + field + "' is not a number");
  std::vector<double> values(at(believable_size()));
  entries().read_field(field, values);
  return values;
}

std::vector<std::string> Array::read_field_text(const std::string& field) const {
  if (field_kind(field) != Kind::kText) throw error("field '" + field + "' is not text");
  require_believable_texts();
  believable_size();
  return in_utf8(*this, entries().read_field_text(field));
}

// ---- groups ----

Group::Group(std::shared_ptr<const GroupSource> source) : Object(std::move(source)) {}

const GroupSource& Group::members() const {
  return static_cast<const GroupSource&>(*source_);
}

bool Group::has(const std::string& name) const {
  return members().member(name) != Member::kNone;
}

bool Group::has_group(const std::string& name) const {
  return members().member(name) == Member::kGroup;
}

bool Group::has_array(const std::string& name) const {
  return members().member(name) == Member::kArray;
}

std::vector<std::string> Group::names() const {
  return members().names();
}

Group Group::group(const std::string& name) const {
  if (!has(name)) throw error("there is no such group", name);
  return Group(members().group(name));
}

Array Group::array(const std::string& name) const {
  if (!has(name)) throw error("there is no such dataset", name);
  return Array(members().array(name));
}

}  // namespace grids::core::store
