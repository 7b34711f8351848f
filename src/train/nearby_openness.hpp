/// How open chromatin is near each gene: what positions alone say of which peaks go with which
/// genes. ("Gene activity" of Seurat, ArchR and others.)
#pragma once

#include <cstdint>
#include <vector>

#include "base/thread_pool.hpp"
#include "study/study.hpp"

namespace grids::core {

/// cells × genes.
struct NearbyOpenness {
  std::vector<int32_t> genes;  ///< with a position and a peak near it, ascending
  CsrMatrix values;            ///< a column each
};

/// Of the given cells: over a cell's open peaks the sum of exp(−d / 5 kb), divided by how many are
/// open; d, at most 50 kb, is the distance of the peak from the gene's body with the 2 kb before
/// its start, 0 within them.
NearbyOpenness nearby_openness(const Study& study, const CsrPattern& open, ThreadPool& pool);

}  // namespace grids::core
