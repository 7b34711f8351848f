/// Peaks of a study that a file names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "study/study.hpp"

namespace grids::core {

/// Indices of the peaks, ascending, each once. The file has names, one a line, or is BED (tracks
/// that grids wrote are), of which a line stands for the peak of that place or, where there is
/// none, for all that overlap it. Throws Error(kInput) for names and places without a peak, all at
/// once, and for a file without any.
std::vector<int32_t> peaks_of_file(const std::filesystem::path& path, const Study& study);

}  // namespace grids::core
