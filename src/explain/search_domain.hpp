/// Which peaks a search may mask.
#pragma once

#include <cstdint>
#include <vector>

#include "model/study_surrogate.hpp"
#include "search/maskable_model.hpp"
#include "study/study.hpp"

namespace grids::core {

enum class SearchDomain : uint8_t {
  kAuto,  ///< as `domain_for` has it
  kAll,
  kCis,     ///< within the window of the gene's TSS
  kDistal,  ///< the others, those of other chromosomes included
};

/// "auto", as options and tables spell it.
const char* domain_name(SearchDomain domain);

/// What kAuto means for a gene that is predicted so: its elements are sought around it, among the
/// peaks of its terms, where terms were fitted; where not, among all peaks, which then mark the
/// state of the cell.
SearchDomain domain_for(SearchDomain asked, GenePath path);

/// Peaks of the domain, ascending; empty for kAll, which stands for every peak. Without a position
/// of the gene none is near it. Throws Error(kInternal) for kAuto.
std::vector<Feature> domain_peaks(const Study& study, int32_t gene, SearchDomain domain,
                                  int64_t window);

}  // namespace grids::core
