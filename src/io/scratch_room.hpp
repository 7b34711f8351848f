/// Arrays that need not fit in memory: each lies in a file of its own without a name, which the
/// system removes when the array goes, however the program ends.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "math/entries.hpp"

namespace grids::core {

/// What of a room may be in memory. Larger: fewer pages are fetched again.
struct ScratchOptions {
  /// Bytes from which on an array lies in the room.
  int64_t smallest = int64_t{1} << 20;
  /// Bytes of mapped files that stay in the memory of the process. The system keeps what it has
  /// memory for beyond that, and takes it back when others need it.
  int64_t resident = int64_t{1} << 30;
};

/// Files are made in `folder`. Throws Error(kInput) that names it where no file can be made there.
std::shared_ptr<EntryRoom> scratch_room(const std::filesystem::path& folder,
                                        const ScratchOptions& options);

/// The folder for such files: $TMPDIR where it is set, else `beside`, where it can be written to,
/// else the system's folder for files that pass. One that is itself memory (tmpfs) is passed over
/// unless the user has named it.
std::filesystem::path scratch_folder(const std::filesystem::path& beside);

/// Bytes free in a folder, for whoever runs the program.
int64_t free_disk(const std::filesystem::path& folder);

}  // namespace grids::core
