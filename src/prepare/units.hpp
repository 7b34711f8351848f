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

/// The donor or batch of each cell by a column (see `labels_from_column`), or by its barcode.
CellLabels unit_values(const PackedMultiome& raw, const MatchedCells& cells,
                       const std::string& column);

/// The `unit` ("donor", "batch") of each cell, by a column (`unit_values`); none where
/// `column` is empty. Cells without one are of the unit "unknown", with a warning. Throws
/// Error(kInput) where there is no such column, or nearly each cell has a value of its own.
std::vector<std::string> read_units(const PackedMultiome& raw, const MatchedCells& cells,
                                    const std::string& column, std::string_view unit, Diary& diary);

/// Throws Error(kInput) where the split is by donors or batches and no column names them.
void require_units_of_split(SplitBy by, const std::string& donor_column,
                            const std::string& batch_column);

/// Which donors or batches were held out, and which types (clusters, made after the split) that
/// leaves without cells in a part.
void tell_split_units(const CellTable& cells, const SplitOptions& options, Diary& diary);

/// How many batches there are, and what cannot be told apart from them.
void tell_batches(const CellTable& cells, Diary& diary);

}  // namespace grids::core
