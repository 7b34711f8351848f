/// What cells were handled in together: donors and batches. Only prepare.cpp includes this.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/raw_multiome.hpp"
#include "prepare/diary.hpp"
#include "prepare/labels.hpp"
#include "prepare/match_cells.hpp"
#include "prepare/split.hpp"
#include "study/study.hpp"

namespace grids::core {

/// Where no column is called so: by what stands before or behind the bases of a barcode.
inline constexpr std::string_view kByBarcode = "barcode";

/// Says what of two lists fits hardly; throws Error(kInput) where hardly any does, without `force`.
void tell_overlap(const Overlap& overlap, bool force, Diary& diary);

/// Whether the units are to be told by barcodes: no column is called `kByBarcode`.
bool are_by_barcode(const PackedMultiome& raw, const CellNames& names);

/// The donor or batch of each cell by a table or column (see `labels_from`), or by its barcode.
CellLabels unit_values(const PackedMultiome& raw, const MatchedCells& cells,
                       const CellNames& names);

/// The `unit` ("donor", "batch") of each cell (`unit_values`); none where nothing says them. Cells
/// without one are of the unit "unknown", with a warning. Throws Error(kInput) where there is no
/// such column, nearly each cell has a value of its own, or, without `force`, hardly any cell is in
/// the table.
std::vector<std::string> read_units(const PackedMultiome& raw, const MatchedCells& cells,
                                    const CellNames& names, std::string_view unit, bool force,
                                    Diary& diary);

/// Throws Error(kInput) where the split is by donors or batches and nothing says them.
void require_units_of_split(SplitBy by, const CellNames& donors, const CellNames& batches);

/// Which donors or batches were held out, and which types (clusters, made after the split) that
/// leaves without cells in a part.
void tell_split_units(const CellTable& cells, const SplitOptions& options, Diary& diary);

/// How many batches there are, and what cannot be told apart from them.
void tell_batches(const CellTable& cells, Diary& diary);

}  // namespace grids::core
