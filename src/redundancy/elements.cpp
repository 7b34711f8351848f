#include "redundancy/elements.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "base/at.hpp"

namespace grids::core {
namespace {

/// Peaks of one element are less than this apart, and a promoter is as near to its TSS: what lies
/// between is within reach of the same nucleosome-free region.
constexpr int64_t kOneElement = 1000;

ElementClass class_of(const Study& study, int32_t gene, const std::vector<int32_t>& peaks) {
  bool inside = false;
  for (const int32_t peak : peaks) {
    const auto distance = distance_to_tss(study, gene, peak);
    if (distance && std::abs(*distance) <= kOneElement) return ElementClass::kPromoter;
    inside |= in_transcribed_part(study, gene, peak);
  }
  return inside ? ElementClass::kIntronic : ElementClass::kDistal;
}

/// Base pairs between two peaks, 0 where they overlap; on other chromosomes as many as never meet.
int64_t between(const Study& study, int32_t a, int32_t b) {
  if (study.peaks.chromosome_of(a) != study.peaks.chromosome_of(b)) return INT64_MAX;
  const int64_t gap = std::max(study.peaks.start[at(a)], study.peaks.start[at(b)]) -
                      std::min(study.peaks.end[at(a)], study.peaks.end[at(b)]);
  return std::max<int64_t>(0, gap);
}

bool touch(const Study& study, const Element& a, const Element& b) {
  for (const int32_t one : a.peaks) {
    for (const int32_t other : b.peaks) {
      if (between(study, one, other) < kOneElement) return true;
    }
  }
  return false;
}

}  // namespace

const char* class_name(ElementClass kind) {
  switch (kind) {
    case ElementClass::kDistal:
      return "distal";
    case ElementClass::kIntronic:
      return "intronic";
    case ElementClass::kPromoter:
      return "promoter";
  }
  return "";
}

std::vector<Element> elements_of(const Study& study, int32_t gene, std::span<const int32_t> peaks) {
  std::vector<int32_t> ascending(peaks.begin(), peaks.end());
  std::sort(ascending.begin(), ascending.end());
  ascending.erase(std::unique(ascending.begin(), ascending.end()), ascending.end());
  std::vector<Element> elements;
  int64_t reach = 0;  // where the present element ends
  for (const int32_t peak : ascending) {
    const bool joins = !elements.empty() &&
                       study.peaks.chromosome_of(elements.back().peaks.back()) ==
                           study.peaks.chromosome_of(peak) &&
                       study.peaks.start[at(peak)] - reach < kOneElement;
    if (!joins) {
      elements.emplace_back();
      reach = 0;
    }
    elements.back().peaks.push_back(peak);
    reach = std::max(reach, study.peaks.end[at(peak)]);
  }
  for (auto& element : elements) element.kind = class_of(study, gene, element.peaks);
  return elements;
}

std::vector<int32_t> members_of(const SetPartners& found) {
  std::vector<int32_t> members(found.minimal.begin(), found.minimal.end());
  for (const auto& partner : found.partners) members.push_back(partner.feature);
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  return members;
}

std::string place_of(const Study& study, const Element& element) {
  int64_t end = 0;
  for (const int32_t peak : element.peaks) end = std::max(end, study.peaks.end[at(peak)]);
  const int32_t first = element.peaks.front();
  return fmt::format("{}:{}-{}", study.peaks.chromosomes[at(study.peaks.chromosome_of(first))],
                     study.peaks.start[at(first)], end);
}

std::string peak_names(const Study& study, const Element& element) {
  std::string names;
  for (const int32_t peak : element.peaks) {
    names += (names.empty() ? "" : ";") + study.peaks.names[at(peak)];
  }
  return names;
}

std::vector<int32_t> with_neighbours(const Study& study, std::span<const int32_t> peaks) {
  std::vector<int32_t> all;
  for (const int32_t peak : peaks) {
    const auto chromosome = at(study.peaks.chromosome_of(peak));
    const auto last = static_cast<int32_t>(study.peaks.chromosome_offsets[chromosome + 1]);
    for (auto other = static_cast<int32_t>(study.peaks.chromosome_offsets[chromosome]);
         other < last; ++other) {
      if (between(study, peak, other) < kOneElement) all.push_back(other);
    }
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

bool holds_elements(const Study& study, std::span<const Element> elements,
                    std::span<const Element> wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const Element& one) {
    return std::any_of(elements.begin(), elements.end(),
                       [&](const Element& other) { return touch(study, one, other); });
  });
}

}  // namespace grids::core
