#include <unordered_map>

#include "base/at.hpp"
#include "exports/formats.hpp"

namespace grids::core {
namespace {

constexpr const char* kRemedy = "give the study that the sets were found in (--study)";

using NamePlaces = std::unordered_map<std::string_view, int32_t>;

NamePlaces places_by_name(const std::vector<std::string>& names) {
  NamePlaces places;
  for (size_t i = 0; i < names.size(); ++i) places.emplace(names[i], static_cast<int32_t>(i));
  return places;
}

}  // namespace

void require_of_study(const Study& study, std::span<const Link> links) {
  const auto peaks = places_by_name(study.peaks.names), genes = places_by_name(study.genes.names);
  for (const auto& link : links) {
    const auto peak = peaks.find(link.peak);
    if (peak == peaks.end() || !genes.contains(link.gene)) {
      const bool gene = peak != peaks.end();
      throw input_error("links.tsv names the {} '{}', which the study has not: {}",
                        gene ? "gene" : "peak", gene ? link.gene : link.peak, kRemedy);
    }
    const int32_t i = peak->second;
    const auto& chrom = study.peaks.chromosomes[at(study.peaks.chromosome_of(i))];
    if (chrom == link.chrom && study.peaks.start[at(i)] == link.start &&
        study.peaks.end[at(i)] == link.end) {
      continue;
    }
    throw input_error("links.tsv has the peak '{}' at {}:{}-{}, the study at {}:{}-{}: {}",
                      link.peak, link.chrom, link.start, link.end, chrom, study.peaks.start[at(i)],
                      study.peaks.end[at(i)], kRemedy);
  }
}

}  // namespace grids::core
