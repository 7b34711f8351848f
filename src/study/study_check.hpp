/// What every study keeps to, whoever made it.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "study/study.hpp"
#include "study/unpaired_study.hpp"

namespace grids::core {

/// What is wrong with a study, by its places in the file; one problem of a kind. `prepare` makes
/// none, and a file in which there is one was changed by something else:
///   - tables and matrices have as many rows and columns as there are cells, peaks and genes;
///   - cells, peaks and genes have names of their own; codes point to names;
///   - peaks lie in [start, end), sorted by start within a chromosome, each chromosome in one
///   piece;
///   - genes with a chromosome lie in [start, end);
///   - a cell's totals are finite and not negative, and positive where it has any RNA;
///   - columns ascend within the rows of a matrix;
///   - expression and counts are finite and not negative, counts whole and below 2³¹.
Problems problems_of(const Study& study);

/// The same of each half of cells that were not measured together, and
///   - the halves have no cell's name in common, the same peaks and genes, and the same names of
///   types, donors and batches where both have any;
///   - types are where `labels_in` says.
Problems problems_of(const UnpairedStudy& study);

/// The same of a study whose matrices are somewhere else: they may be empty here.
Problems problems_of_tables(const Study& study);
Problems problems_of_tables(const UnpairedStudy& study);

/// The same of a block of `rows` rows of one of its matrices, which `what` names.
Problems problems_of_rows(std::string_view what, const CsrPattern& block, int64_t rows,
                          int64_t columns);
Problems problems_of_rows(std::string_view what, const CsrMatrix& block, int64_t rows,
                          int64_t columns);
/// The same of counts at the places of such a block.
Problems problems_of_counts(std::string_view what, std::span<const float> counts,
                            const CsrPattern& block);

}  // namespace grids::core
