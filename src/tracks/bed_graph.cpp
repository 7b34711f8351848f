#include "tracks/bed_graph.hpp"

#include <fmt/core.h>

#include <charconv>
#include <cmath>

#include "base/error.hpp"
#include "tracks/fields.hpp"

namespace grids::core {
namespace {

float signal_value(std::string_view text, const LineReader& lines) {
  float value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, value);
  if (status == std::errc() && rest == end && std::isfinite(value)) return value;
  throw lines.error(fmt::format(
      "the value '{}' is no finite number of 32 bits; leave out places without a value", text));
}

/// Throws where a span leaves its chromosome, or does not follow those before it.
void require_follows(const TrackSpan& span, const Signal& before, const ChromosomeSizes& sizes,
                     const LineReader& lines) {
  const auto size = sizes.find(span.chromosome);
  if (size == sizes.end()) {
    throw lines.error(
        fmt::format("chromosome {} has no length in the file of --chrom-sizes; add it there, in "
                    "the same spelling",
                    span.chromosome));
  }
  if (span.end > size->second) {
    throw lines.error(fmt::format(
        "ends at {}, and {} at {}; give the --chrom-sizes of the genome that the track is of",
        span.end, span.chromosome, size->second));
  }
  if (span.start == span.end) throw lines.error("holds no base; leave the line out");
  if (before.starts.empty() || span.start >= before.ends.back()) return;
  const bool overlaps = span.start >= before.starts.back();
  throw lines.error(
      fmt::format("begins at {} of {}, {} at {}; {}", span.start, span.chromosome,
                  overlaps ? "and the one before it ends" : "behind one that begins",
                  overlaps ? before.ends.back() : before.starts.back(),
                  overlaps ? "a bigWig has one value a base: merge what overlaps (bedtools merge)"
                           : "sort the file: sort -k1,1 -k2,2n"));
}

}  // namespace

GenomeSignal read_bed_graph(const std::filesystem::path& path, const ChromosomeSizes& sizes) {
  GenomeSignal signals;
  LineReader lines(path);
  std::string_view line;
  auto at = signals.end();
  while (lines.next(line)) {
    if (is_remark(line) || is_browser_line(line)) continue;
    const auto fields = blank_fields(line);
    const TrackSpan span = span_of(fields, lines);
    constexpr size_t kOfBedGraph = 4;
    if (fields.size() != kOfBedGraph) {
      throw lines.error(fmt::format(
          "has {} fields, and bedGraph has chromosome, start, end and value", fields.size()));
    }
    const float value = signal_value(fields[3], lines);
    if (at == signals.end() || at->first != span.chromosome) {
      at = signals.try_emplace(std::string(span.chromosome)).first;
    }
    Signal& signal = at->second;
    require_follows(span, signal, sizes, lines);
    signal.starts.push_back(static_cast<uint32_t>(span.start));
    signal.ends.push_back(static_cast<uint32_t>(span.end));
    signal.values.push_back(value);
  }
  if (signals.empty()) {
    throw input_error("reading {}: no values are in it; a bigWig needs one at least",
                      path.string());
  }
  return signals;
}

}  // namespace grids::core
