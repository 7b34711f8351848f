/// What a command writes beside its results: with what, from which files, and what it warned of.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "io/manifest.hpp"

namespace grids::core {

/// "seed=1; threads=2; ": what a result was made with, to tell whether it must be made again.
std::string settings_text(const OptionSet::Values& values);

/// A manifest of this program, seed and threads.
Manifest new_manifest(const std::string& command, const OptionSet::Values& options,
                      const Context& context);

/// The records of all files, in order.
std::vector<FileRecord> record_files(const std::vector<std::filesystem::path>& files);
/// Of files of a folder, named without it.
std::vector<FileRecord> record_outputs(const std::filesystem::path& folder,
                                       const std::vector<std::string>& names);

}  // namespace grids::core
