#include "explain/search_domain.hpp"

#include <cstdlib>

#include "base/error.hpp"

namespace grids::core {

const char* domain_name(SearchDomain domain) {
  switch (domain) {
    case SearchDomain::kAuto:
      return "auto";
    case SearchDomain::kAll:
      return "all";
    case SearchDomain::kCis:
      return "cis";
    case SearchDomain::kDistal:
      break;
  }
  return "distal";
}

SearchDomain domain_for(SearchDomain asked, GenePath path) {
  if (asked != SearchDomain::kAuto) return asked;
  return path == GenePath::kState ? SearchDomain::kAll : SearchDomain::kCis;
}

std::vector<Feature> domain_peaks(const Study& study, int32_t gene, SearchDomain domain,
                                  int64_t window) {
  if (domain == SearchDomain::kAuto) throw internal_error("a domain that was left open");
  std::vector<Feature> peaks;
  if (domain == SearchDomain::kAll) return peaks;
  for (Feature peak = 0; peak < study.peaks.size(); ++peak) {
    const auto distance = distance_to_tss(study, gene, peak);
    const bool near = distance && std::abs(*distance) <= window;
    if (near == (domain == SearchDomain::kCis)) peaks.push_back(peak);
  }
  return peaks;
}

}  // namespace grids::core
