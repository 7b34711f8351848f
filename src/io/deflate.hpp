/// zlib streams, quickly made: of bytes as they come, and of what HDF5's shuffle leaves. Any zlib
/// reads them. The same bytes give the same stream.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace grids::core {

/// The stream of these bytes, by libdeflate. Empty where it would not be smaller.
std::vector<uint8_t> deflate_bytes(std::span<const uint8_t> bytes);

/// The stream of `planes` planes of equal size, one after the other, each of bytes of one
/// significance. The first of an index is often what nothing makes smaller: such planes at the
/// front are stored, which costs neither packing nor unpacking anything, and the rest is
/// libdeflate's. Empty where the stream would not be smaller than the bytes.
std::vector<uint8_t> deflate_planes(std::span<const uint8_t> bytes, size_t planes);

}  // namespace grids::core
