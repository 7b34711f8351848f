/// Pairs of peak and gene beside loops of chromatin (Hi-C, HiChIP, PLAC-seq).
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/context.hpp"
#include "io/peak_name.hpp"
#include "validate/pairs.hpp"
#include "validate/validation_row.hpp"

namespace grids::core {

/// Half-open, from 0; chromosomes are bare.
struct Loop {
  Interval first, second;
};

/// Reads BEDPE, plain or gzip: chrom, start and end of both anchors, then anything; a header in
/// front may be there. Anchors that are not known (`.`, −1) leave their loop out. Throws
/// Error(kInput) with the line number, and for a file without loops.
std::vector<Loop> read_loops(const std::filesystem::path& path);

/// What a peak counts: 1, or where `n` of them lie in one stretch that anchors cover, 1/n, so that
/// those of one anchor count once.
std::vector<double> anchor_weights(const Pairs& pairs, const std::vector<Loop>& loops,
                                   int64_t slack);

/// `loops`: matched_pairs.hpp. A pair is in a loop when one anchor, either, overlaps the peak and
/// the other a start of the gene's transcription, each within `slack` bp. Throws as `read_loops`
/// and `require_same_build` do.
std::vector<ValidationRow> loop_rows(const Pairs& pairs, const std::filesystem::path& path,
                                     int64_t slack, const Context& context);

}  // namespace grids::core
