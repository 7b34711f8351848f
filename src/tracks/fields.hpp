/// Lines of text tracks: fields, and what every track has in its first three.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "io/lines.hpp"

namespace grids::core {

/// What tabs or blanks stand between, in the track formats that allow either.
std::vector<std::string_view> blank_fields(std::string_view line);

/// Whether a line says nothing of the genome: it is empty, or a comment.
bool is_remark(std::string_view line);

/// Whether a line is for UCSC's browser alone: `track …`, `browser …`.
bool is_browser_line(std::string_view line);

/// Bases [start, end) of a chromosome, from 0.
struct TrackSpan {
  std::string_view chromosome;  ///< lives as long as the line
  int64_t start = 0;
  int64_t end = 0;
};

/// The first three fields. Throws the reader's error where there are fewer, a position is no whole
/// number, or the end lies before the start.
TrackSpan span_of(const std::vector<std::string_view>& fields, const LineReader& lines);

}  // namespace grids::core
