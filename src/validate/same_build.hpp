/// Are the places of an experiment and the peaks of one genome build?
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "base/context.hpp"
#include "io/peak_name.hpp"
#include "validate/pairs.hpp"

namespace grids::core {

/// What is known of places besides where they lie.
enum class PlacesAre : uint8_t {
  kAnywhere,
  kOftenAtPeaks,  ///< a warning where that is not so
  kMostlyAtPeaks  ///< an error where that is not so
};

/// Throws Error(kInput) that names the file when none of its places lies on a chromosome of the
/// peaks, when any lies beyond the end of its chromosome in the build that the peaks keep to (of
/// places that are often at peaks three, and more than one in a thousand: fewer are a warning), or
/// when they lie at peaks less than 1.3 times as often as
/// places 50, 100 and 200 kb beside them do, though they should.
void require_same_build(const Pairs& pairs, std::span<const Interval> places,
                        const std::filesystem::path& file, PlacesAre are, const Context& context);

}  // namespace grids::core
