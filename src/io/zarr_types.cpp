#include "io/zarr_types.hpp"

#include <fmt/core.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

namespace grids::core::zarr {
namespace {

struct Name {
  std::string_view in_3;  ///< in zarr.json
  std::string_view in_2;  ///< in .zarray, without the order of the bytes
  EntryKind type;
  int64_t bytes;
};

constexpr std::array kNames = {
    Name{"bool", "b1", EntryKind::kBool, 1},       Name{"int8", "i1", EntryKind::kInt8, 1},
    Name{"int16", "i2", EntryKind::kInt16, 2},     Name{"int32", "i4", EntryKind::kInt32, 4},
    Name{"int64", "i8", EntryKind::kInt64, 8},     Name{"uint8", "u1", EntryKind::kUint8, 1},
    Name{"uint16", "u2", EntryKind::kUint16, 2},   Name{"uint32", "u4", EntryKind::kUint32, 4},
    Name{"uint64", "u8", EntryKind::kUint64, 8},   Name{"float16", "f2", EntryKind::kFloat16, 2},
    Name{"float32", "f4", EntryKind::kFloat32, 4}, Name{"float64", "f8", EntryKind::kFloat64, 8},
};

/// The number of bytes that precede a text of any length.
constexpr int64_t kLengthBytes = 4;
constexpr int64_t kLongestText = int64_t{1} << 24;  ///< of fixed length, in bytes

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void require_text_length(const Place& place, const EntryType& type) {
  if (type.bytes >= 0 && type.bytes <= kLongestText) return;
  throw place.error(fmt::format("holds texts of {} bytes each ('{}'), longer than any are",
                                type.bytes, type.name));
}

/// Six bits a letter, as RFC 4648 has them; nothing for other letters.
std::optional<std::string> from_base64(std::string_view text) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  uint32_t bits = 0;
  int have = 0;
  for (const char letter : text) {
    const size_t value = kLetters.find(letter);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    bytes += static_cast<char>(bits >> have);
  }
  return bytes;
}

template <typename T>
std::string bytes_of(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

/// A whole number, or a boolean; nothing where it does not fit.
template <typename T>
std::optional<std::string> whole_fill(const Json& fill) {
  if (fill.is_boolean()) return bytes_of(static_cast<T>(fill.get<bool>() ? 1 : 0));
  if (fill.is_number_unsigned()) {
    const auto value = fill.get<uint64_t>();
    if (value > static_cast<uint64_t>(std::numeric_limits<T>::max())) return std::nullopt;
    return bytes_of(static_cast<T>(value));
  }
  if (fill.is_number_integer()) {
    const auto value = fill.get<int64_t>();
    const auto kept = static_cast<T>(value);
    if ((value < 0) != (kept < T{0}) || static_cast<int64_t>(kept) != value) return std::nullopt;
    return bytes_of(kept);
  }
  if (!fill.is_number()) return std::nullopt;
  const auto value = fill.get<double>();
  constexpr double kExact = int64_t{1} << 53;
  if (!(std::abs(value) <= kExact) || value != std::floor(value)) return std::nullopt;
  return whole_fill<T>(Json(static_cast<int64_t>(value)));
}

/// The bits of a number as "0x7fc00000", in the bytes of the type.
std::optional<std::string> bits_of(std::string_view text, int64_t width) {
  uint64_t bits = 0;
  text.remove_prefix(2);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits, 16);
  if (error != std::errc() || end != text.data() + text.size() || std::ssize(text) != 2 * width) {
    return std::nullopt;
  }
  return bytes_of(bits).substr(0, static_cast<size_t>(width));
}

/// The nearest half-precision number; what is beyond is infinite.
uint16_t to_half(double value) {
  const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  constexpr uint16_t kInfinite = 0x7c00, kNone = 0x7e00;
  if (std::isnan(value)) return kNone;
  // Halves ascend with their bits.
  uint16_t half = 0;
  while (half < kInfinite) {
    const double middle = (static_cast<double>(from_half(half)) +
                           (half + 1 == kInfinite ? 65536.0 : from_half(half + 1))) /
                          2;
    if (std::abs(value) <= middle) break;
    ++half;
  }
  return sign | half;
}

std::optional<std::string> float_fill(const EntryType& type, const Json& fill) {
  double value = 0;
  if (fill.is_string()) {
    const auto& text = fill.get_ref<const std::string&>();
    if (text.starts_with("0x")) return bits_of(text, type.bytes);
    if (text == "NaN") {
      value = std::numeric_limits<double>::quiet_NaN();
    } else if (text == "Infinity" || text == "-Infinity") {
      value = std::numeric_limits<double>::infinity() * (text[0] == '-' ? -1 : 1);
    } else {
      return std::nullopt;
    }
  } else if (fill.is_number() || fill.is_boolean()) {
    value = fill.is_boolean() ? static_cast<double>(fill.get<bool>()) : fill.get<double>();
  } else {
    return std::nullopt;
  }
  if (type.type == EntryKind::kFloat64) return bytes_of(value);
  if (type.type == EntryKind::kFloat16) return bytes_of(to_half(value));
  constexpr double kMost = std::numeric_limits<float>::max();
  const bool beyond = std::isfinite(value) && std::abs(value) > kMost;
  return bytes_of(
      beyond ? std::copysign(std::numeric_limits<float>::infinity(), value > 0 ? 1.0f : -1.0f)
             : static_cast<float>(value));
}

/// Texts of zarr 2 may have the number 0 for the empty one.
std::optional<std::string> text_fill(const EntryType& type, const Json& fill) {
  if (fill.is_number() && fill.get<double>() == 0) return std::string();
  if (!fill.is_string()) return std::nullopt;
  auto text = fill.get<std::string>();
  return type.type == EntryKind::kChars ? from_base64(text) : std::optional(std::move(text));
}

std::optional<std::string> value_of(const EntryType& type, const Json& fill) {
  switch (type.type) {
    case EntryKind::kBool:
    case EntryKind::kUint8:
      return whole_fill<uint8_t>(fill);
    case EntryKind::kInt8:
      return whole_fill<int8_t>(fill);
    case EntryKind::kInt16:
      return whole_fill<int16_t>(fill);
    case EntryKind::kInt32:
      return whole_fill<int32_t>(fill);
    case EntryKind::kInt64:
      return whole_fill<int64_t>(fill);
    case EntryKind::kUint16:
      return whole_fill<uint16_t>(fill);
    case EntryKind::kUint32:
      return whole_fill<uint32_t>(fill);
    case EntryKind::kUint64:
      return whole_fill<uint64_t>(fill);
    case EntryKind::kFloat16:
    case EntryKind::kFloat32:
    case EntryKind::kFloat64:
      return float_fill(type, fill);
    case EntryKind::kText:
    case EntryKind::kUtf32:
    case EntryKind::kChars:
      return text_fill(type, fill);
    case EntryKind::kOther:
      break;
  }
  return std::string();
}

/// As it stands in the file, shortened.
std::string shown(const Json& json) {
  auto text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
  constexpr size_t kMost = 60;
  if (text.size() > kMost) text = text.substr(0, kMost) + "…";
  return text;
}

}  // namespace

store::Kind kind_of(EntryKind type) {
  switch (type) {
    case EntryKind::kBool:
      return store::Kind::kBoolean;
    case EntryKind::kFloat16:
    case EntryKind::kFloat32:
    case EntryKind::kFloat64:
      return store::Kind::kFloat;
    case EntryKind::kText:
    case EntryKind::kUtf32:
    case EntryKind::kChars:
      return store::Kind::kText;
    case EntryKind::kOther:
      return store::Kind::kOther;
    default:
      return store::Kind::kInteger;
  }
}

EntryType type_2(const Place& place, const Json& dtype) {
  if (!dtype.is_string()) return {EntryKind::kOther, 1, false, shown(dtype)};
  EntryType type{EntryKind::kOther, 1, false, dtype.get<std::string>()};
  const std::string_view name = type.name;
  if (name.size() < 2 || std::string_view("<>|=").find(name[0]) == std::string_view::npos) {
    throw place.error(fmt::format("'dtype' is {}, which is none of numpy's", shown(dtype)));
  }
  type.big_endian = name[0] == '>';
  for (const auto& known : kNames) {
    if (name.substr(1) != known.in_2) continue;
    type.type = known.type;
    type.bytes = known.bytes;
    return type;
  }
  if (name[1] == 'O') {
    type.type = EntryKind::kText;
    type.bytes = kLengthBytes;
  } else if (name[1] == 'U' || name[1] == 'S') {
    const auto length = whole_number(name.substr(2));
    if (!length || *length > kLongestText) {
      throw place.error(fmt::format("'dtype' is {}, a text of no known length", shown(dtype)));
    }
    type.type = name[1] == 'U' ? EntryKind::kUtf32 : EntryKind::kChars;
    type.bytes = name[1] == 'U' ? 4 * *length : *length;
    require_text_length(place, type);
  }
  return type;
}

EntryType type_3(const Place& place, const Json& data_type) {
  const bool named = data_type.is_object() && data_type.contains("name");
  const auto& name = named ? data_type.at("name") : data_type;
  if (!name.is_string()) throw place.error("'data_type' is no name");
  EntryType type{EntryKind::kOther, 1, false, name.get<std::string>()};
  for (const auto& known : kNames) {
    if (type.name != known.in_3) continue;
    type.type = known.type;
    type.bytes = known.bytes;
  }
  if (type.name == "string") {
    type.type = EntryKind::kText;
    type.bytes = kLengthBytes;
  }
  const bool utf32 = type.name == "fixed_length_utf32";
  if (utf32 || type.name == "null_terminated_bytes") {
    const auto length =
        named ? data_type.value("/configuration/length_bytes"_json_pointer, Json()) : Json();
    if (!length.is_number_integer()) {
      throw place.error(fmt::format("'data_type' {} has no 'length_bytes'", type.name));
    }
    type.type = utf32 ? EntryKind::kUtf32 : EntryKind::kChars;
    type.bytes = length.get<int64_t>();
    require_text_length(place, type);
    if (utf32 && type.bytes % 4 != 0) {
      throw place.error(fmt::format("'length_bytes' of UTF-32 is {}", type.bytes));
    }
  }
  return type;
}

std::optional<std::string> fill_of(const Place& place, const EntryType& type, const Json& fill) {
  if (fill.is_null()) return std::nullopt;
  auto value = value_of(type, fill);
  if (!value) {
    throw place.error(
        fmt::format("'fill_value' is {}, which is no value of {}", shown(fill), type.name));
  }
  return value;
}

float from_half(uint16_t half) {
  const int exponent = half >> 10 & 0x1f;
  const int fraction = half & 0x3ff;
  float value = 0;
  if (exponent == 0x1f) {
    value = fraction == 0 ? std::numeric_limits<float>::infinity()
                          : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    value = std::ldexp(static_cast<float>(fraction + 0x400), exponent - 25);
  }
  return (half & 0x8000) != 0 ? -value : value;
}

}  // namespace grids::core::zarr
