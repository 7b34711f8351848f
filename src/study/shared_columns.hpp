/// Columns that tables of several rooms have, said once (io/columns.hpp).
#pragma once

#include "io/columns.hpp"

namespace grids::core::column {

inline constexpr ColumnText kBarcode{"barcode", "the cell"};
inline constexpr ColumnText kCellType{"cell_type", "as the labels spell it"};
inline constexpr ColumnText kGene{"gene", "as the study names it"};

inline constexpr ColumnText kPeak{"peak", "as the study names it"};
inline constexpr ColumnText kChrom{"chrom", "of the peak"};
inline constexpr ColumnText kStart{"start", "its first base, from 0"};
inline constexpr ColumnText kEnd{"end", "the base behind its last one"};
inline constexpr ColumnText kDistanceToTss{
    "distance_to_tss",
    "base pairs from the gene's start of transcription to the peak, 0 inside it, negative = "
    "upstream of the gene; NA on another chromosome, or where the gene has no position"};
inline constexpr ColumnText kInTranscribedPart{
    "in_transcribed_part",
    "whether the peak overlaps the gene's body more than 1 kb from its start of transcription (see "
    "above); NA where there is no distance"};

/// Of a set of peaks.
inline constexpr ColumnText kMethod{"method", "how the set was found"};
inline constexpr ColumnText kSetSize{"L", "peaks in the set"};
inline constexpr ColumnText kAskedSize = kSetSize.saying("peaks asked for");
inline constexpr ColumnText kSeed{"seed", "of the search"};

/// Of simulated cells.
inline constexpr ColumnText kKind{
    "kind",
    "how the set was planted: `single`, `additive`, `multiplicative`, `either` (any one suffices), "
    "`together` (needed jointly), `quorum` (any two of three suffice), `buffered` (between "
    "`additive` and `either`), or `none`"};

}  // namespace grids::core::column
