/// How the chunks of a Zarr array are packed, and unpacking them. For the files behind zarr.hpp.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/store.hpp"
#include "io/zarr_types.hpp"

namespace grids::core::zarr {

/// What turns bytes into bytes.
struct Codec {
  enum class Kind : uint8_t { kGzip, kZlib, kZstd, kBlosc, kShuffle, kCrc32c, kCrc32, kAdler32 };
  Kind kind = Kind::kZstd;
  bool checksum_first = false;  ///< before the bytes, not behind them
  int64_t entry_bytes = 1;      ///< of what was shuffled
};

struct Coding {
  std::vector<Codec> codecs;  ///< in the order in which they were applied
  bool texts = false;         ///< entries are texts of any length (vlen-utf8)
  /// Why it cannot be read; empty where it can.
  std::string refusal;
};

/// Several chunks in one value, behind or before an index of them.
struct Sharding {
  std::vector<int64_t> chunk;  ///< shape of what is packed as one
  Coding coding;
  bool index_first = false;
  bool index_checked = false;  ///< by CRC-32C
};

/// What codecs say of a chunk; `big_endian` of the type is set where they say so.
struct ArrayCoding {
  Coding coding;
  std::optional<Sharding> shards;
};

/// The filters and the compressor of .zarray.
Coding coding_2(const Place& place, const Json& array, const EntryType& type,
                std::span<const int64_t> chunk);
/// The codecs of zarr.json.
ArrayCoding coding_3(const Place& place, const Json& codecs, EntryType& type,
                     std::span<const int64_t> chunk);

/// Undoes the codecs. `bytes` is what must come out, or, where that is not known, nothing: then at
/// most `most` bytes. Throws Error(kInput) that says what is wrong with the packed bytes, not whose
/// they are.
std::string unpacked(const std::vector<Codec>& codecs, std::string packed,
                     std::optional<int64_t> bytes, int64_t most);

/// CRC-32C, as iSCSI has it.
uint32_t crc32c_of(std::string_view bytes);

}  // namespace grids::core::zarr
