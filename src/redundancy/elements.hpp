/// What of a found set stands in for one another: not its peaks, but the *elements* they belong to.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "search/set_partners.hpp"
#include "study/study.hpp"

namespace grids::core {

enum class ElementClass : uint8_t { kDistal, kIntronic, kPromoter };

/// "distal", "intronic", "promoter".
const char* class_name(ElementClass kind);

/// Neighbouring peaks that are one thing: it is open where any of them is.
struct Element {
  std::vector<int32_t> peaks;  ///< ascending; all on one chromosome
  ElementClass kind = ElementClass::kDistal;

  bool operator==(const Element&) const = default;
};

/// Peaks less than 1 kb apart are one element; one within 1 kb of a TSS of the gene is its
/// promoter, one in the gene's transcribed part intronic. In the order of their first peaks.
std::vector<Element> elements_of(const Study& study, int32_t gene, std::span<const int32_t> peaks);

/// The minimal sub-set and the partners of a found set, each once, ascending.
std::vector<int32_t> members_of(const SetPartners& found);

/// "chr1:1000-2500": from the first peak's start to the last one's end.
std::string place_of(const Study& study, const Element& element);

/// "a;b" of the names of its peaks.
std::string peak_names(const Study& study, const Element& element);

/// All peaks of the study that would be of one element with any of these: less than 1 kb from it;
/// these included. Ascending.
std::vector<int32_t> with_neighbours(const Study& study, std::span<const int32_t> peaks);

/// Whether each of the `wanted` elements has a peak less than 1 kb from one of the others'.
bool holds_elements(const Study& study, std::span<const Element> elements,
                    std::span<const Element> wanted);

}  // namespace grids::core
