/// HDF5 files inside gzip, as GEO hands them out: `.h5ad.gz`, `.h5.gz`, `.h5mu.gz`.
#pragma once

#include <filesystem>

#include "io/store.hpp"

namespace grids::core::hdf5 {

/// Whether the file is gzip around what begins as HDF5 does, maybe after a user block.
bool is_packed(const std::filesystem::path& path);

/// Its root, named by `path` in messages. It is unpacked to a file in the folder for temporary
/// files (TMPDIR) that has no name: it takes space until the last handle goes or the program ends,
/// however it ends, and no longer. Throws Error(kInput) for a gzip file that is cut or damaged, and
/// for one that unpacks to more than half of what is free there.
store::Group open_packed(const std::filesystem::path& path, ThreadPool* pool);

}  // namespace grids::core::hdf5
