/// What lies around the genes of found sets, for those who draw it: peaks with their openness,
/// genes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "io/columns.hpp"
#include "study/study.hpp"

namespace grids::core {

/// Base pairs to either side of a gene's start of transcription.
inline constexpr int64_t kLocusReach = 500'000;

/// Peaks within reach of one of the genes, ascending.
std::vector<int32_t> peaks_within_reach(const Study& study, std::span<const int32_t> genes);
/// Genes of the study within reach of one of the genes, by place.
std::vector<int32_t> genes_within_reach(const Study& study, std::span<const int32_t> genes);
/// Peaks × types: the share of each type's training cells in which a peak is open.
std::vector<double> open_shares(const Study& study);

/// loci.tsv: a row for each peak within reach of one of the genes, by place, and after its place a
/// column for each cell type: the share of its training cells in which the peak is open. Genes
/// without a position have none.
Table loci_table(const Study& study, std::span<const int32_t> genes);
TableText describe_loci();

/// locus_genes.tsv: a row for each gene of the study that lies within reach, by place.
Table locus_genes_table(const Study& study, std::span<const int32_t> genes);
TableText describe_locus_genes();

}  // namespace grids::core
