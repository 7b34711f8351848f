/// What `grids info` says of cells that were not measured together.
#pragma once

#include <string>

#include "study/unpaired_study.hpp"

namespace grids::core {

/// Cells of each half by part and by type, and what cannot be told of them. `path`: as the user
/// named the study.
std::string unpaired_as_text(const std::string& path, const UnpairedStudy& study);
std::string unpaired_as_json(const std::string& path, const UnpairedStudy& study);

}  // namespace grids::core
