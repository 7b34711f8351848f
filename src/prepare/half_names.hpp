/// What names the types, donors and batches of each half of cells that were not measured together.
/// Only prepare_unpaired.cpp includes this.
#pragma once

#include "prepare/choose_cells.hpp"
#include "prepare/prepare.hpp"

namespace grids::core {

/// The cells of one modality while they are being chosen. `raw` has only that one, and what the
/// file says of the whole.
struct HalfCells {
  bool rna;
  PackedMultiome raw;
  ChosenCells cells = {};
  NamesOfCells names = {};
};

/// Fills `names` of both: what names its modality alone, else what names both where that says
/// anything of its cells. Throws Error(kInput) where it does of neither, listing the columns that
/// there are, and where a split by donors or batches lacks them in a half. Tells which half has
/// none.
void find_names(const PrepareInputs& inputs, const PrepareOptions& options, HalfCells& atac,
                HalfCells& rna, Diary& diary);

}  // namespace grids::core
