/// HDF5 behind the seams of io/store.hpp and io/store_writer.hpp: numbers of any stored type, texts
/// of any stored kind, h5py's booleans, object references, compound arrays. Written are numbers in
/// the type in which they are given, larger arrays in chunks, shuffled and compressed by gzip;
/// texts as variable-length UTF-8. The same numbers give the same bytes, whatever the threads.
///
/// HDF5 is safe to use from several threads only where it was built so (Debian's is, that of many
/// others is not): everything here takes one lock for the whole process around each use of it, so
/// that any thread may read and write. The library's own printing of errors is off.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "io/store.hpp"
#include "io/store_writer.hpp"

namespace grids::core::hdf5 {

/// Whether the file can be read and is HDF5.
bool is_hdf5(const std::filesystem::path& path);

/// The root of a file, which is closed when the last handle to something in it goes. Messages call
/// it `shown`, or by its path where that is empty. With a `pool` that outlives all of them long
/// vectors are unpacked by its threads. Throws Error(kInput) when the file is cut short.
store::Group open(const std::filesystem::path& path, ThreadPool* pool,
                  const std::string& shown = {});

/// As store::create.
store::GroupWriter create(const std::filesystem::path& path, int64_t user_block, ThreadPool* pool);

}  // namespace grids::core::hdf5
