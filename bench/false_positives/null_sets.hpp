/// Contrasts, on test cells, of sets that regulate nothing.
#pragma once

#include <string>
#include <vector>

#include "base/context.hpp"
#include "evaluate/contrast.hpp"
#include "model/study_surrogate.hpp"
#include "study/study.hpp"

namespace grids::core::bench {

/// One sort of null sets.
struct NullSets {
  std::string about;
  std::vector<Contrast> contrasts;  ///< one a gene
};

struct NullSetOptions {
  /// Peaks that the search looks for; 0: it does not run.
  int64_t set_size = 2;
  int64_t window = 250'000;  ///< bp to either side of the TSS
  ContrastOptions contrast;
};

/// Of each gene of the surrogate's cis path, none of which may be regulated: windows on other
/// chromosomes and the 20 commonest peaks of the gene's own window, fitted to training cells; and
/// the peaks of the own window that the program's search finds.
std::vector<NullSets> null_sets(const Study& study, const StudySurrogate& surrogate,
                                const NullSetOptions& options, const Context& context);

}  // namespace grids::core::bench
