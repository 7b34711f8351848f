/// From what readers return to a study of cells that were not measured together: two halves, each
/// of its own cells, labelled, checked and split by the rules of `prepare.hpp`; peaks chosen on
/// training cells with chromatin, genes on those with RNA. The same barcode in both modalities says
/// nothing.
///
/// What `PrepareInputs` names for both halves is looked for in each: a column by its name, a table
/// by its barcodes; a half in which it is not found has no labels (donors, batches).
#pragma once

#include "base/context.hpp"
#include "prepare/prepare.hpp"
#include "study/unpaired_study.hpp"

namespace grids::core {

/// What is said of the cells of each half in summaries and messages.
inline constexpr const char* kCellsWithChromatin = "cells with chromatin";
inline constexpr const char* kCellsWithRna = "cells with RNA";

/// As `PreparedCells`: `rna_rows` and `genes` are of the half with RNA, the others of that with
/// chromatin.
struct PreparedUnpaired : ChosenValues {
  UnpairedStudy tables;  ///< its matrices are empty
  PrepareSummary summary;
};

/// As `prepare_cells`. Throws Error(kInput) where nothing names labels, donors or batches as they
/// were asked for, or a split by donors or batches lacks them in a half; Error(kUsage) for options
/// that make no sense.
PreparedUnpaired prepare_unpaired(PackedMultiome&& raw, const PrepareInputs& inputs,
                                  const PrepareOptions& options, const Context& context);

/// Throws Error(kInput) where the split is by donors or batches and nothing is to say them of some
/// half.
void require_units_of_halves(SplitBy by, const PrepareInputs& inputs);

/// The matrices of both halves for `write_unpaired_rows`. Both arguments outlive what is returned.
StudyRows study_rows(const PreparedUnpaired& cells, ThreadPool& pool);

}  // namespace grids::core
