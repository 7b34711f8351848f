/// zlib streams, quickly made and read, by ISA-L: of bytes as they come, and of what HDF5's shuffle
/// leaves. Any zlib reads them. The same bytes give the same stream on one kind of processor; on
/// another it may be cut into other matches.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace grids::core {

/// The stream of these bytes. Empty where it would not be smaller.
std::vector<uint8_t> deflate_bytes(std::span<const uint8_t> bytes);

/// The stream of `planes` planes of equal size, one after the other, each of bytes of one
/// significance. The first of an index is often what nothing makes smaller: such planes at the
/// front are stored, which costs neither packing nor unpacking anything. Empty where the stream
/// would not be smaller than the bytes.
std::vector<uint8_t> deflate_planes(std::span<const uint8_t> bytes, size_t planes);

/// Unpacks a zlib stream; false where it is none of just `out.size()` bytes.
bool inflate_exactly(std::span<const uint8_t> stream, std::span<uint8_t> out);

}  // namespace grids::core
