/// The types of a Zarr array's entries, and the entry that stands for what was never written. For
/// the files behind zarr.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "io/store.hpp"

namespace grids::core::zarr {

using store::Place;
using Json = nlohmann::json;

enum class EntryKind : uint8_t {
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kFloat16,
  kFloat32,
  kFloat64,
  kText,   ///< UTF-8 of any length
  kUtf32,  ///< of a fixed number of characters
  kChars,  ///< of a fixed number of bytes
  kOther,
};

struct EntryType {
  EntryKind type = EntryKind::kOther;
  int64_t bytes = 0;  ///< of an entry; of texts of any length, what each takes at least
  bool big_endian = false;
  std::string name;  ///< as the store calls it
};

store::Kind kind_of(EntryKind type);
/// As numpy names them in .zarray ("<f4", "|b1", "|O"), a structure by its fields.
EntryType type_2(const Place& place, const Json& dtype);
/// As zarr.json names them ("float32", {"name": "fixed_length_utf32", …}).
EntryType type_3(const Place& place, const Json& data_type);

/// The value of an entry that was never written, as `value_of` or, of texts, as UTF-8; nothing
/// where the store says that there is none. Throws Error(kInput) for what is no value of the type.
std::optional<std::string> fill_of(const Place& place, const EntryType& type, const Json& fill);

/// The bits of a half-precision number as the number.
float from_half(uint16_t half);

}  // namespace grids::core::zarr
