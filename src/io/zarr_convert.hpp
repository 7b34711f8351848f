/// Numbers of a Zarr array as they lie in a chunk, in the types in which they are asked for. For
/// the files behind zarr.hpp.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "io/zarr_types.hpp"

namespace grids::core::zarr {

/// Those too large for the type become its largest, infinite ones where it has these; what is no
/// number becomes 0 where it has none such.
template <typename To, typename From>
To converted(From value) {
  if constexpr (std::same_as<To, From>) {
    return value;
  } else if constexpr (std::floating_point<To> && std::floating_point<From>) {
    constexpr auto kMost = static_cast<double>(std::numeric_limits<To>::max());
    if (std::isfinite(value) && std::abs(static_cast<double>(value)) > kMost) {
      return std::copysign(std::numeric_limits<To>::infinity(),
                           static_cast<To>(value > 0 ? 1 : -1));
    }
    return static_cast<To>(value);
  } else if constexpr (std::floating_point<To>) {
    return static_cast<To>(value);
  } else if constexpr (std::floating_point<From>) {
    if (std::isnan(value)) return 0;
    // The largest whole number of the type may round up to one beyond.
    if (value >= static_cast<From>(std::numeric_limits<To>::max())) {
      return std::numeric_limits<To>::max();
    }
    if (value <= static_cast<From>(std::numeric_limits<To>::min())) {
      return std::numeric_limits<To>::min();
    }
    return static_cast<To>(value);
  } else {
    if (std::in_range<To>(value)) return static_cast<To>(value);
    return std::cmp_less(value, 0) ? std::numeric_limits<To>::min()
                                   : std::numeric_limits<To>::max();
  }
}

/// `count` numbers from `from` on, which need not be aligned.
template <typename From, typename To>
void convert(const char* from, To* to, size_t count) {
  if constexpr (std::same_as<From, To>) {
    std::memcpy(to, from, count * sizeof(To));
    return;
  }
  for (size_t i = 0; i < count; ++i) {
    From value;
    std::memcpy(&value, from + i * sizeof value, sizeof value);
    to[i] = converted<To>(value);
  }
}

/// Calls `work` with a number of the C++ type that holds those of `type`. Half-precision numbers
/// were widened before; texts have none.
template <typename Work>
void with_number(EntryKind type, const Work& work) {
  switch (type) {
    case EntryKind::kBool:
    case EntryKind::kUint8:
      return work(uint8_t{});
    case EntryKind::kInt8:
      return work(int8_t{});
    case EntryKind::kInt16:
      return work(int16_t{});
    case EntryKind::kInt32:
      return work(int32_t{});
    case EntryKind::kInt64:
      return work(int64_t{});
    case EntryKind::kUint16:
      return work(uint16_t{});
    case EntryKind::kUint32:
      return work(uint32_t{});
    case EntryKind::kUint64:
      return work(uint64_t{});
    case EntryKind::kFloat16:
    case EntryKind::kFloat32:
      return work(float{});
    case EntryKind::kFloat64:
      return work(double{});
    default:
      return;
  }
}

/// Numbers of `width` bytes each, the largest byte first, with the largest last.
void swap_bytes(std::string& bytes, int64_t width);

/// Half-precision numbers as numbers of four bytes.
std::string widened(const std::string& halves);

/// Texts of a fixed number of characters, or bytes, filled up with zeros, as UTF-8 (as bytes).
/// False where the characters are none.
bool text_of(EntryKind type, const char* from, int64_t bytes, std::string& text);

}  // namespace grids::core::zarr
