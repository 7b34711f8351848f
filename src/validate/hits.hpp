/// Which peaks of which sets lie at what is known from elsewhere: a row for each, so that the page
/// can say it of a peak and draw the loop.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "io/columns.hpp"
#include "io/peak_name.hpp"
#include "validate/pairs.hpp"

namespace grids::core {

/// A peak of a set, and a place that it overlaps. Chromosomes are bare.
struct PeakHit {
  std::string what;  ///< "loops", "eqtl", "bed"
  std::string method;
  std::string cell_type;
  std::string gene;
  std::string peak;
  Interval place;                 ///< of a loop, the anchor at the peak
  std::optional<Interval> other;  ///< of a loop, the anchor at the gene
};

/// hits.tsv.
TableText describe_hits();
Table hits_table(const std::vector<PeakHit>& hits);

/// The members and partners that a loop joins to their gene, as `loop_rows` counts them: one
/// anchor, either, overlaps the peak and the other a start of the gene's transcription, each within
/// `slack` bp. Throws as `read_loops` does.
std::vector<PeakHit> loop_hits(const Pairs& pairs, const std::filesystem::path& path,
                               int64_t slack);

/// Those that a fine-mapped variant of their gene lies in, or within `slack` bp. Throws as
/// `read_variants` does.
std::vector<PeakHit> eqtl_hits(const Pairs& pairs, const std::filesystem::path& path,
                               double least_pip, int64_t slack);

/// Those that overlap a place of a BED, within `slack` bp. Throws for what is no BED.
std::vector<PeakHit> bed_hits(const Pairs& pairs, const std::filesystem::path& path, int64_t slack);

}  // namespace grids::core
