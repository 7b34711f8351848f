/// What the user's files say of the cells besides what is used, handed on to the study. Only
/// prepare.cpp includes this.
#pragma once

#include <string>
#include <vector>

#include "base/context.hpp"
#include "io/raw_multiome.hpp"
#include "prepare/diary.hpp"
#include "prepare/match_cells.hpp"
#include "study/study.hpp"

namespace grids::core {

inline constexpr const char* kKeepAllColumns = "all";
inline constexpr const char* kKeepNoColumns = "none";

/// Throws Error(kInput) for names in `wanted` (--keep-obs) that are neither a column of obs nor an
/// embedding of the files, listing those there are.
void require_columns(const PackedMultiome& raw, const std::vector<std::string>& wanted);

/// Fills `columns` and `embeddings` of the study's cells, which `cells` are, as `wanted` says:
/// "all", "none", or names, with or without "rna:" and "atac:". A column that the whole, the RNA or
/// the ATAC have alike is kept once; where they differ that of a modality is called "rna:NAME" or
/// "atac:NAME"; where the study has a column of that name itself, that of the whole "given:NAME".
void keep_columns(const PackedMultiome& raw, const MatchedCells& cells,
                  const std::vector<std::string>& wanted, CellTable& table, ThreadPool& pool,
                  Diary& diary);

}  // namespace grids::core
