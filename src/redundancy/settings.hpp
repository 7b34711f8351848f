/// Settings: which elements of a set are open in a cell. Setting s has bit a where element a is.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "redundancy/elements.hpp"
#include "study/study.hpp"

namespace grids::core {

using Setting = uint32_t;

/// At most this many elements are judged together: 2^4 settings, each of which needs cells.
inline constexpr size_t kMostJudged = 4;

constexpr Setting all_open(size_t elements) {
  return (Setting{1} << elements) - 1;
}
constexpr Setting bit_of(size_t element) {
  return Setting{1} << element;
}

/// The setting of each of some cells of the study.
std::vector<Setting> settings_of(const Study& study, std::span<const Element> elements,
                                 std::span<const int32_t> cells);

/// Those that the calling rule reads: none open, all, each alone, all but each.
std::vector<Setting> used_settings(size_t elements);

/// Cells, or rows of any kind, alike in what moves all peaks together: type, batch, and how deep
/// they are for their type. Codes from 0.
std::vector<int32_t> strata_of(const Study& study, std::span<const int32_t> cells);

}  // namespace grids::core
