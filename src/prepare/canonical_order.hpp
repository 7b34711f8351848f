/// The order in which `prepare` puts genes and cells, so that a study, and all that is learned from
/// it, depends on what was measured and not on how a file happens to be ordered or its cells named.
/// Peaks: `select_peaks`. Types and donors: `categorical_of`.
#pragma once

#include <span>

#include "base/context.hpp"
#include "io/peak_name.hpp"
#include "io/raw_multiome.hpp"
#include "prepare/genes.hpp"
#include "prepare/match_cells.hpp"

namespace grids::core {

/// Genes by symbol, then by id; those alike in both by their values, of which the order of cells
/// says nothing.
void order_genes(PackedModality& rna, ThreadPool& pool);

/// Cells by a hash of their values in both modalities, each under the name of its gene or the place
/// of its peak, whatever the order of either; those alike in everything by barcode. Cells of one
/// modality alone by the values of that.
void order_cells(const PackedMultiome& raw, const GeneNames& genes, std::span<const Interval> peaks,
                 MatchedCells& cells, ThreadPool& pool);

}  // namespace grids::core
