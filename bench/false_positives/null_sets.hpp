/// Contrasts, on test cells, of sets that regulate nothing.
#pragma once

#include <string>
#include <vector>

#include "base/context.hpp"
#include "cis_bars/world.hpp"
#include "evaluate/contrast.hpp"

namespace grids::core::bench {

/// One sort of null sets. Every gene of the world is unregulated.
struct NullSets {
  std::string about;
  std::vector<Contrast> contrasts;  ///< one a gene
};

/// Windows on other chromosomes and the 20 commonest peaks of the gene's own window, fitted to
/// training cells; and the peaks of the own window that the program's search finds, unless
/// `set_size` is 0.
std::vector<NullSets> null_sets(const World& world, int64_t set_size, const CisOptions& cis,
                                const Context& context);

}  // namespace grids::core::bench
