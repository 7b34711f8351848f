/// Where genes and peaks lie, found and checked before any cell is looked at, so that files that do
/// not belong together are refused at once. Only prepare.cpp includes this.
#pragma once

#include <vector>

#include "io/peak_name.hpp"
#include "prepare/diary.hpp"
#include "prepare/gene_places.hpp"
#include "prepare/genes.hpp"
#include "prepare/prepare.hpp"

namespace grids::core {

/// Of all genes and peaks of the files, in their order.
struct PlacedFeatures {
  GeneNames names;
  GenePlaces places;
  std::vector<Interval> peaks;
};

/// Takes a few peaks without length out of the ATAC (BED's ends are not part of a peak, so these
/// hold no base), with a warning. Fills the parts of the summary that are about positions and
/// builds. Throws Error(kInput) that names both sides: where no gene has one of the given
/// positions, or genes and peaks share no chromosome; and, warnings with `force`, where hardly any
/// gene has a position, or many genes or peaks lie beyond the ends of chromosomes.
PlacedFeatures place_features(PackedMultiome& raw, const PrepareInputs& inputs,
                              const PrepareOptions& options, PrepareSummary& summary, Diary& diary);

}  // namespace grids::core
