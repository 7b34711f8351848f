/// Annotations that a file has and nobody asked for, though results depend on them: what names the
/// batch or donor of a cell, and which cells are doublets. Only prepare.cpp includes this.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "prepare/diary.hpp"
#include "prepare/match_cells.hpp"
#include "prepare/prepare.hpp"

namespace grids::core {

/// Whether a column of that name is likely to say where a cell comes from: "batch", "Sample_ID",
/// "orig.ident", "gem_group", … in any letter case.
bool names_a_unit(std::string_view column);

/// What stands before and behind the bases of a barcode: "-1" of "ACGT…-1", "liver_" of
/// "liver_ACGT…"; the whole where there are no eight bases in a row.
std::string around_bases(std::string_view barcode);

/// The cells that a column of doublets calls; nothing where it holds scores and no calls.
std::optional<int64_t> called_doublets(std::span<const std::string> values);

/// Warnings that name each such column, the number of its values among the `cells` that are used
/// (2 to a twentieth of them) and the option to add. Columns that say no more than those in use are
/// passed over.
void tell_unused_columns(const PackedMultiome& raw, const MatchedCells& cells,
                         const NamesOfCells& names, Diary& diary);

}  // namespace grids::core
