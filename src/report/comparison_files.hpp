/// The files of `grids compare`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "evaluate/comparison.hpp"

namespace grids {

/// Writes compare.md and the tables and picture that it rests on (docs/compare.md) into the folder,
/// which is made; returns their names.
std::vector<std::string> write_comparison(const std::filesystem::path& folder,
                                          const Comparison& comparison,
                                          const ComparisonOptions& options);

}  // namespace grids
