/// Hit Ratio and Soft Hit Ratio: how many of a set's peaks lie at the gene, and how many around it
/// (the paper's Table 3), beside any peaks and peaks that are open as often.
#pragma once

#include <vector>

#include "validate/pairs.hpp"
#include "validate/validation_row.hpp"

namespace grids::core {

/// `hit_ratio`: peaks within 1 kb of a start of transcription ("promoter"), and those or within the
/// gene's body ("gene", where bodies are known). `soft_hit_ratio`: within 250 kb, 1 Mb and 10 Mb of
/// a start of transcription. The chance of any peak is exact (hypergeometric mean), that of matched
/// peaks the mean over the 100 that are open most nearly as often. Sets of genes without position
/// do not count.
std::vector<ValidationRow> near_gene_rows(const Pairs& pairs);

}  // namespace grids::core
