/// Whether RNA and ATAC are what they are given as.
#pragma once

#include "io/raw_multiome.hpp"
#include "prepare/diary.hpp"

namespace grids::core {

/// Throws Error(kInput), or with `force` warns, where most features of the RNA are named like peaks
/// (the files are the wrong way round) or most features of the ATAC are features of the RNA (one
/// file was given for both).
void require_apart(const PackedMultiome& raw, bool force, Diary& diary);

}  // namespace grids::core
