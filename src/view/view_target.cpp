#include "view/view_target.hpp"

#include <algorithm>

#include "base/at.hpp"
#include "base/error.hpp"

namespace grids::core {

ViewNames::ViewNames(const Study& study) : study_(study) {
  for (int32_t peak = 0; peak < study.peaks.size(); ++peak) {
    peaks_.emplace(study.peaks.names[at(peak)], peak);
  }
}

ViewTarget ViewNames::target(const std::string& gene, const std::string& cell_type) const {
  Problems problems;
  const auto types = find_types(study_, cell_type, problems);
  const auto found = find_gene(study_, gene, problems);
  problems.raise(ErrorKind::kUsage, "gene and cell_type");
  if (types.size() != 1) {
    throw usage_error(
        "cell_type: '{}' stands for {} types; name one, or all for the types together", cell_type,
        types.size());
  }
  return {*found, types.front()};
}

std::vector<int32_t> ViewNames::peaks(std::string_view field,
                                      std::span<const std::string> names) const {
  std::vector<int32_t> peaks;
  for (const auto& name : names) {
    const auto found = peaks_.find(name);
    if (found == peaks_.end()) {
      throw usage_error("{}: the study has no peak '{}'; name peaks as it spells them", field,
                        name.substr(0, 100));
    }
    if (std::find(peaks.begin(), peaks.end(), found->second) == peaks.end()) {
      peaks.push_back(found->second);
    }
    if (peaks.size() > kMostViewedPeaks) {
      throw usage_error("{}: more than {} peaks; choose fewer", field, kMostViewedPeaks);
    }
  }
  return peaks;
}

std::vector<std::string> names_of_peaks(const Study& study, std::span<const int32_t> peaks) {
  std::vector<std::string> names;
  names.reserve(peaks.size());
  for (const int32_t peak : peaks) names.push_back(study.peaks.names[at(peak)]);
  return names;
}

}  // namespace grids::core
