/// Which cells with RNA are likely in the state that a cell with chromatin is in, of cells that
/// were not measured together: what stands in for their pairing in training.
///
/// Both modalities have a space of their own: principal components of the open peaks (TF-IDF) and
/// of the expression, of unit variance over the training cells, and where types are known less the
/// mean of each type. Positions alone say how the two spaces lie to each other: genes are
/// correlated with every component, by how open chromatin is near them (nearby_openness.hpp) in the
/// one space, by their expression in the other; the singular vectors of the product of the two
/// tables, components × components, are the axes that the spaces share, the singular values how
/// much the genes agree about them. Along them cells of the two kinds can be compared. With all
/// genes and few components, what a single gene's own peaks do hardly moves the axes.
///
/// Canonical correlation without pairs of cells; the idea of comparing openness near genes with
/// their expression is that of Seurat (Stuart et al. 2019) and its followers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "train/train.hpp"

namespace grids::core {

/// For each of some cells with chromatin, the cells with RNA that are likest it.
struct Partners {
  std::vector<int32_t> atac;  ///< cells with chromatin, ascending
  int64_t count = 0;          ///< of each
  std::vector<int32_t> rna;   ///< atac × count: cells with RNA, the likest first

  /// One for each of these cells, drawn from the stream (seed, kPartners, key).
  std::vector<int32_t> draw(std::span<const int32_t> cells, uint64_t seed, uint64_t key) const;
};

struct MatchedHalves {
  Partners training, validation;
  Halves types;  ///< of the training cells; empty where no cell's type is known
};

/// Partners are of the same part of the split and, where types are known or can be told, of the
/// same type; where a type has no cell with RNA in that part, of any. Types that only one modality
/// has are told in the other by its nearest cells, before types are taken out. The same for any
/// number of threads. Throws Error(kInput) where no gene has a position and a peak near it.
MatchedHalves find_partners(const TrainingCells& cells, const Halves& training,
                            const Halves& validation, const Context& context);

}  // namespace grids::core
