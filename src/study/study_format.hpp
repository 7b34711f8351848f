/// What the file of a study is known by: what one hand writes, another reads.
#pragma once

#include <cstdint>

namespace grids::core {

/// Raised when an older grids would misread a newer file: 2 says whether the cells are paired,
/// which those of 1 always are; in 3 types and donors have an order, and cells a place in the
/// user's file, where before types and donors were sorted by name and cells stood as in the file.
inline constexpr int64_t kStudyFormat = 3;

/// The commands that take cells which were not measured together (study/unpaired_study.hpp), for
/// the message of all others.
inline constexpr const char* kUnpairedCommands =
    "grids train, evaluate, explain, knockout, predict, view, report, export, validate, info";

/// What `uns` calls the scale of values.
inline constexpr const char* kLog1pCp100k = "log1p_cp100k";
inline constexpr const char* kAsGiven = "as_given";
/// The column of genes with their further starts of transcription.
inline constexpr const char* kFurtherSites = "further_sites";

}  // namespace grids::core
