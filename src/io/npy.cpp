#include "io/npy.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "io/atomic_file.hpp"
#include "io/zip_archive.hpp"

// numpy.lib.format: "\x93NUMPY", version (2 bytes), length of the header (2 bytes, from version 2
// on 4), the header as a Python dictionary of three keys, the numbers.
namespace grids::core {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr std::string_view kSuffix = ".npy";
constexpr int64_t kLargestWhole = int64_t{1} << 24;

struct Header {
  std::string type;
  bool fortran = false;
  std::vector<int64_t> shape;
  size_t begin = 0;  ///< of the numbers
};

Error damaged(const std::string& source, std::string_view what) {
  return input_error("{}: {}; save it again with numpy.save or numpy.savez", source, what);
}

/// What follows "'key':" in the header, or nothing.
std::optional<std::string_view> value_of(std::string_view header, std::string_view key) {
  const std::string quoted = fmt::format("'{}':", key);
  const size_t found = header.find(quoted);
  if (found == std::string_view::npos) return std::nullopt;
  auto rest = header.substr(found + quoted.size());
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  return rest;
}

/// "(200, 784)", "(3,)", "()".
std::vector<int64_t> shape_of(std::string_view text, const std::string& source) {
  std::vector<int64_t> shape;
  const size_t end = text.find(')');
  if (!text.starts_with('(') || end == std::string_view::npos) {
    throw damaged(source, "its header gives no shape");
  }
  text = text.substr(1, end - 1);
  while (!text.empty()) {
    if (text.front() == ' ' || text.front() == ',') {
      text.remove_prefix(1);
      continue;
    }
    int64_t side = 0;
    const auto [next, error] = std::from_chars(text.data(), text.data() + text.size(), side);
    if (error != std::errc() || side < 0) throw damaged(source, "its header gives no shape");
    shape.push_back(side);
    text.remove_prefix(static_cast<size_t>(next - text.data()));
  }
  return shape;
}

Header read_header(std::string_view bytes, const std::string& source) {
  if (!bytes.starts_with(kMagic)) throw damaged(source, "this is not a .npy array");
  if (bytes.size() < 12) throw damaged(source, "the array is cut short");
  const auto version = static_cast<uint8_t>(bytes[6]);
  if (version < 1 || version > 3) throw damaged(source, "an unknown version of the .npy format");
  const size_t digits = version == 1 ? 2 : 4;
  size_t length = 0;
  for (size_t i = digits; i-- > 0;) length = length << 8 | static_cast<uint8_t>(bytes[8 + i]);
  Header header;
  header.begin = 8 + digits + length;
  if (header.begin > bytes.size()) throw damaged(source, "the array is cut short");
  const auto text = bytes.substr(8 + digits, length);
  const auto type = value_of(text, "descr");
  const auto order = value_of(text, "fortran_order");
  const auto shape = value_of(text, "shape");
  if (!type || !order || !shape) throw damaged(source, "its header is damaged");
  if (!type->starts_with('\'')) {
    throw input_error("{}: an array of records; save plain numbers, as float32", source);
  }
  header.type = type->substr(1, type->find('\'', 1) - 1);
  header.fortran = order->starts_with("True");
  header.shape = shape_of(*shape, source);
  return header;
}

template <typename T>
std::vector<float> numbers(std::string_view bytes, size_t count, const std::string& source) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    if constexpr (std::is_integral_v<T> && sizeof(T) > 2) {
      if (value > kLargestWhole || value < -kLargestWhole) {
        throw input_error("{}: entry {} is {}; whole numbers beyond ±2^24 are not read", source, i,
                          value);
      }
    }
    values[i] = static_cast<float>(value);
  }
  return values;
}

/// Number of entries; nothing where the bytes cannot hold them.
std::optional<size_t> entries(const std::vector<int64_t>& shape, size_t available) {
  size_t count = 1;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  for (const int64_t side : shape) {
    if (static_cast<size_t>(side) > available / count) return std::nullopt;
    count *= static_cast<size_t>(side);
  }
  if (count > available) return std::nullopt;  // a single number without sides
  return count;
}

NpyArray parse(std::string_view bytes, std::string source) {
  const Header header = read_header(bytes, source);
  bytes.remove_prefix(header.begin);
  using Reader = std::vector<float> (*)(std::string_view, size_t, const std::string&);
  struct Element {
    std::string_view name;
    size_t bytes;
    Reader read;
  };
  constexpr Element kTypes[] = {
      {"<f4", 4, &numbers<float>},   {"<f8", 8, &numbers<double>},  {"<i4", 4, &numbers<int32_t>},
      {"<i8", 8, &numbers<int64_t>}, {"|u1", 1, &numbers<uint8_t>}, {"|b1", 1, &numbers<uint8_t>},
  };
  const auto* const type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                        [&](const Element& t) { return t.name == header.type; });
  if (type == std::end(kTypes)) {
    throw input_error(
        "{}: numbers of the type '{}' are not read; save float32, float64, int32, int64, uint8 or "
        "bool (array.astype('float32'))",
        source, header.type);
  }
  if (header.fortran && header.shape.size() > 1) {
    throw input_error("{}: stored in Fortran order; save numpy.ascontiguousarray(array)", source);
  }
  const auto count = entries(header.shape, bytes.size() / type->bytes);
  if (!count) throw damaged(source, "the array is cut short");
  NpyArray array;
  array.shape = header.shape;
  array.values = type->read(bytes, *count, source);
  array.source = std::move(source);
  return array;
}

}  // namespace

NpyArray read_npy(const std::filesystem::path& path) {
  return parse(read_file(path), path.string());
}

std::vector<std::string> npz_names(const std::filesystem::path& path) {
  std::vector<std::string> names;
  const ZipArchive archive(path);
  for (const auto& name : archive.names()) {
    if (name.ends_with(kSuffix)) names.push_back(name.substr(0, name.size() - kSuffix.size()));
  }
  return names;
}

NpyArray read_npz(const std::filesystem::path& path, const std::string& name) {
  const ZipArchive archive(path);
  const std::string member = name + std::string(kSuffix);
  if (!archive.has(member)) {
    throw input_error("{}: no array '{}'; it holds: {}", path.string(), name,
                      fmt::join(npz_names(path), ", "));
  }
  return parse(archive.read(member), fmt::format("{}: {}", path.string(), name));
}

}  // namespace grids::core
