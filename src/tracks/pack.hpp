/// Text tracks, packed so that a browser reads a region of them: bgzip and a tabix index.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "tracks/chromosome_sizes.hpp"

namespace grids::core {

/// What the lines are. In all of them the first three fields, between tabs, are a chromosome and
/// bases [start, end) of it, by which the lines are found.
enum class TrackKind : uint8_t {
  kBed,        ///< BED, with any further fields
  kBedGraph,   ///< a fourth field, a finite number
  kBedPe,      ///< six fields, two spans; found by the first
  kLongRange,  ///< WashU's: a fourth field CHROMOSOME:START-END,SCORE
};

/// The index of a packed track lies beside it: NAME.tbi, or NAME.csi where a line ends beyond base
/// 2^29 (536,870,912) of a chromosome, which .tbi does not reach.
std::filesystem::path index_name(const std::filesystem::path& packed, int64_t last_base);

/// Packs the lines of `text` as they are (but for the line ends of Windows) into `packed`, and
/// writes the index beside; both by temporary names, and neither where something is wrong. Comments
/// stay. Throws Error(kInput) naming file, line and remedy for lines that are not of the kind, not
/// sorted (chromosomes in one piece each, starts ascending), or, where `sizes` are given, beyond
/// their chromosome.
/// Returns the index that was written.
std::filesystem::path pack_track(const std::filesystem::path& text,
                                 const std::filesystem::path& packed, TrackKind kind,
                                 const std::optional<ChromosomeSizes>& sizes);

}  // namespace grids::core
