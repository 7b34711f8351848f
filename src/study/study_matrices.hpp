/// Matrices of a study, written whole or block by block. Of this room alone.
#pragma once

#include "base/error.hpp"
#include "io/store_writer.hpp"
#include "study/study.hpp"
#include "study/study_and.hpp"

namespace grids::core {

/// Throws Error(kInternal) where there are any: a study is written by those who made it.
void raise_unfitting_study(const Problems& problems);

/// X and, where there are any, layers/counts of mod/rna.
void write_rna(const store::GroupWriter& group, const Study& study);
/// The same block by block, of the cells and genes of `tables`.
void write_rna_rows(const store::GroupWriter& group, const Study& tables, const StudyRows& rows);

/// X of mod/atac block by block, of the cells and peaks of `tables`.
void write_open_rows(const store::GroupWriter& group, const Study& tables, const StudyRows& rows);

}  // namespace grids::core
