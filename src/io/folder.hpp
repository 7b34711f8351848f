/// Folders of results.
#pragma once

#include <filesystem>

namespace grids::core {

/// Makes the folder, and those that it lies in. Throws Error(kInput) naming it and the reason.
void make_folder(const std::filesystem::path& folder);

/// The folder that a file lies in: "." for a bare name.
std::filesystem::path folder_of(const std::filesystem::path& file);

/// Throws what `make_folder` would throw because of where the folder lies, before long work and not
/// after it. Writes nothing.
void require_folder(const std::filesystem::path& folder);

}  // namespace grids::core
