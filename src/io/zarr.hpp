/// Zarr behind the seam of io/store.hpp: versions 2 and 3 of the format, in a folder or a zip
/// archive, plain or in shards. Only reading: grids writes HDF5.
///
/// Numbers in C order of any type that numpy has in whole, half, single or double precision, either
/// order of bytes; texts as `vlen-utf8`, UTF-32 or bytes of fixed length. Codecs: gzip, zlib, zstd,
/// blosc, shuffle, crc32c, crc32, adler32. What is packed otherwise is refused by the codec's name
/// when its entries are read.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "io/store.hpp"

namespace grids::core::zarr {

class Keys;

/// By content: a folder or a zip archive with `zarr.json`, `.zgroup` or `.zmetadata`. Never throws.
bool is_zarr(const std::filesystem::path& path);

/// The root of a store. Throws Error(kInput) where its metadata are damaged.
store::Group open_path(const std::filesystem::path& path, ThreadPool* pool = nullptr);

/// The same of a store that lies anywhere; `file` is what messages call it.
store::Group open(std::shared_ptr<const Keys> keys, const std::string& file,
                  ThreadPool* pool = nullptr);

}  // namespace grids::core::zarr
