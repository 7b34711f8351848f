/// Predictions that are asked for some genes at a time, so that no matrix of cells × all genes is
/// held.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

namespace grids::core {

/// Of the genes from `first` up to `last` (exclusive): cells × (last − first), row-major.
using GenePredictor = std::function<std::vector<float>(int64_t first, int64_t last)>;

/// Genes that are held against measured values at a time.
inline constexpr int64_t kGenesInRun = 1024;

/// Calls `work(first, last)` for one run of genes after the other.
template <typename Work>
void for_runs_of_genes(int64_t genes, const Work& work) {
  for (int64_t first = 0; first < genes; first += kGenesInRun) {
    work(first, std::min(genes, first + kGenesInRun));
  }
}

}  // namespace grids::core
