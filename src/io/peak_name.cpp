#include "io/peak_name.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/error.hpp"
#include "io/lines.hpp"

namespace grids::core {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

const FrameColumn* find_any(const Frame& frame, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    for (const auto& column : frame.columns) {
      if (lower(column.name) == name) return &column;
    }
  }
  return nullptr;
}

/// Numbers are at times stored as text; -1 for anything that is no position.
int64_t position_at(const FrameColumn& column, size_t row) {
  int64_t value = -1;
  if (column.is_text()) return parse_position(column.text()[row], value) ? value : -1;
  const double number = column.numbers()[row];
  return number >= 0 && number < 1e15 && number == std::floor(number) ? static_cast<int64_t>(number)
                                                                      : -1;
}

std::optional<Interval> from_columns(const FrameColumn& chromosome, const FrameColumn& start,
                                     const FrameColumn& end, size_t row) {
  Interval interval;
  interval.chromosome =
      chromosome.is_text() ? chromosome.text()[row] : fmt::format("{}", chromosome.numbers()[row]);
  interval.start = position_at(start, row);
  interval.end = position_at(end, row);
  if (interval.chromosome.empty() || interval.chromosome == "nan" || interval.start < 0 ||
      interval.end <= interval.start) {
    return std::nullopt;
  }
  return interval;
}

}  // namespace

std::optional<Interval> parse_peak_name(std::string_view name) {
  const size_t last = name.find_last_of("-_");
  if (last == std::string_view::npos || last == 0) return std::nullopt;
  const size_t first = name.find_last_of(":-_", last - 1);
  if (first == std::string_view::npos || first == 0) return std::nullopt;
  if (std::string_view(":-_").find(name[first - 1]) != std::string_view::npos) return std::nullopt;
  Interval interval{std::string(name.substr(0, first)), 0, 0};
  if (!parse_position(name.substr(first + 1, last - first - 1), interval.start) ||
      !parse_position(name.substr(last + 1), interval.end) || interval.end <= interval.start) {
    return std::nullopt;
  }
  return interval;
}

std::vector<Interval> peak_intervals(const Frame& var, std::string_view source) {
  const auto* chromosome =
      find_any(var, {"chrom", "chr", "chromosome", "seqnames", "seqname", "seqid"});
  const auto* start = find_any(var, {"start", "chromstart", "chrom_start"});
  const auto* end = find_any(var, {"end", "chromend", "chrom_end", "stop"});
  const bool columns = chromosome != nullptr && start != nullptr && end != nullptr;
  std::vector<Interval> intervals;
  intervals.reserve(var.index.size());
  size_t lost = 0;
  size_t first_lost = 0;
  for (size_t row = 0; row < var.index.size(); ++row) {
    const auto interval =
        columns ? from_columns(*chromosome, *start, *end, row) : parse_peak_name(var.index[row]);
    if (!interval && lost++ == 0) first_lost = row;
    intervals.push_back(interval.value_or(Interval{}));
  }
  if (lost > 0) {
    throw input_error(
        "{}: {} of {} peaks have no place, the first is '{}'{}; peaks need names like chr1:100-200 "
        "(or chr1-100-200, chr1_100_200), or columns chrom, start and end, with the end after the "
        "start",
        source, lost, var.index.size(), var.index[first_lost], columns ? " (by its columns)" : "");
  }
  return intervals;
}

void add_interval_columns(Frame& var, const std::vector<Interval>& intervals) {
  std::vector<std::string> chromosomes;
  std::vector<double> starts;
  std::vector<double> ends;
  for (const auto& interval : intervals) {
    chromosomes.push_back(interval.chromosome);
    starts.push_back(static_cast<double>(interval.start));
    ends.push_back(static_cast<double>(interval.end));
  }
  var.columns.push_back({"chrom", std::move(chromosomes)});
  var.columns.push_back({"start", std::move(starts)});
  var.columns.push_back({"end", std::move(ends)});
}

}  // namespace grids::core
