/// Which genome a study's peaks are of.
#pragma once

#include <string>

#include "study/study.hpp"

namespace grids::core {

/// The build whose ends of chromosomes the peaks keep to, as `prepare` found ("hg38"); empty where
/// it found none.
std::string build_of(const Study& study);

}  // namespace grids::core
