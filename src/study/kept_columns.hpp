/// How a study keeps what the user's file says of the cells. Of this room alone.
///
/// A column `c` of mod/rna/obs is `rna:c` in obs of the whole where there is such a column, else
/// `c`; so with ATAC. Columns of the whole that are in neither modality are there alone.
#pragma once

#include "io/store.hpp"
#include "io/store_writer.hpp"
#include "study/study.hpp"

namespace grids::core {

/// Throws Error(kInternal) for columns or embeddings that have not an entry for each cell.
void require_kept(const CellTable& cells);

/// Adds to the tables of a study what was kept, and to those of the modalities the study's own
/// types, donors, batches and split, where they have no column of that name.
void write_kept(const store::GroupWriter& root, const CellTable& cells);

/// Fills `columns` and `embeddings` of cells whose barcodes are known.
void read_kept(const store::Group& root, CellTable& cells);

/// The same of the cells of one modality alone: all that was kept of them is in its own tables,
/// columns under their names.
void write_kept_half(const store::GroupWriter& modality, const CellTable& cells);
void read_kept_half(const store::Group& modality, bool rna, CellTable& cells);

}  // namespace grids::core
