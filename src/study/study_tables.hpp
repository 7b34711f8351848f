/// The tables of a study as AnnData has them.
#pragma once

#include "io/raw_multiome.hpp"
#include "study/study.hpp"

namespace grids::core {

/// var of the ATAC: names and places of the peaks, and the columns of 10x files.
Frame peaks_frame(const PeakTable& peaks);
/// var of the RNA: names, ids and places of the genes, and the columns of 10x files.
Frame genes_frame(const GeneTable& genes);

/// What `uns` calls the scale of values: "log1p_cp100k" or "as_given".
const char* scale_name(ExpressionScale scale);

}  // namespace grids::core
