/// Where peaks lie: from their names, or from columns of their table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/raw_multiome.hpp"

namespace grids::core {

/// Half-open, 0-based.
struct Interval {
  std::string chromosome;
  int64_t start = 0;
  int64_t end = 0;
  bool operator==(const Interval&) const = default;
};

/// `chr1:1-2`, `chr1-1-2` or `chr1_1_2`. The chromosome may hold `-`, `_`, `:` and `.` itself
/// (`chr1_KI270706v1_random-10-20`, `HLA-A-10-20`). Nothing for other texts, and when the end does
/// not lie after the start.
std::optional<Interval> parse_peak_name(std::string_view name);

/// The place of every feature by the columns of its table: chrom (or chr, chromosome, seqnames,
/// seqname; in any case), start and end (or chromStart and chromEnd), or 10x's interval. An empty
/// chromosome where a row has none; nothing where there are no such columns. Genes and peaks alike.
std::optional<std::vector<Interval>> column_intervals(const Frame& var);

/// The place of every peak: by the columns where they place one, else by the names. Throws
/// Error(kInput) naming `source`, the first feature without a place and how many there are.
std::vector<Interval> peak_intervals(const Frame& var, std::string_view source);

/// Rows of peaks whose place, by their columns or else by their names, has no length: its end is
/// its start.
std::vector<int32_t> peaks_without_length(const Frame& var);

/// chrom, start and end as columns of a table; missing where the chromosome is empty.
void add_interval_columns(Frame& var, const std::vector<Interval>& intervals);

}  // namespace grids::core
