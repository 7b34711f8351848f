/// What batches do to genes and peaks: technical differences that change both modalities at once
/// and regulate nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "simulate/simulate.hpp"
#include "simulate/simulate_layout.hpp"

namespace grids::core::simulation {

/// Log factors of each batch, on the rate of each gene and on the popularity of each peak. The
/// factors of a gene or peak have mean 1 over the batches.
struct BatchPlan {
  std::vector<std::string> names;     ///< "batch_01" …; empty: no batches
  std::vector<double> genes;          ///< genes × batches
  std::vector<double> peaks;          ///< peaks × batches
  std::vector<uint8_t> window_moved;  ///< of genes: batches move the gene and its window together

  size_t size() const { return names.size(); }
  std::span<const double> of_gene(size_t gene) const {
    return std::span(genes).subspan(gene * size(), size());
  }
  std::span<const double> of_peak(size_t peak) const {
    return std::span(peaks).subspan(peak * size(), size());
  }
};

BatchPlan draw_batches(const SimulateOptions& options, const Layout& layout, uint64_t seed);

}  // namespace grids::core::simulation
