#include "io/peak_name.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.hpp"
#include "base/nan.hpp"
#include "io/feature_kind.hpp"
#include "io/lines.hpp"

namespace grids::core {
namespace {

const FrameColumn* find_any(const Frame& frame, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    for (const auto& column : frame.columns) {
      if (lower_case(column.name) == name) return &column;
    }
  }
  return nullptr;
}

/// Numbers are at times stored as text, and there as 100.0; -1 for anything that is no position.
int64_t position_at(const FrameColumn& column, size_t row) {
  double number = -1;
  if (column.is_text()) {
    const auto& text = column.text()[row];
    const auto* end = text.data() + text.size();
    const auto [rest, status] = std::from_chars(text.data(), end, number);
    if (status != std::errc() || rest != end) return -1;
  } else {
    number = column.numbers()[row];
  }
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

/// The columns that say where peaks lie.
struct PlaceColumns {
  const FrameColumn* chromosome;
  const FrameColumn* start;
  const FrameColumn* end;
};

std::optional<PlaceColumns> place_columns(const Frame& var) {
  const PlaceColumns columns = {
      find_any(var, {"chrom", "chr", "chromosome", "seqnames", "seqname", "seqid"}),
      find_any(var, {"start", "chromstart", "chrom_start"}),
      find_any(var, {"end", "chromend", "chrom_end", "stop"})};
  if (columns.chromosome == nullptr || columns.start == nullptr || columns.end == nullptr) {
    return std::nullopt;
  }
  return columns;
}

/// Whether they are about these features at all: of a table of genes and peaks those of the other
/// kind are empty.
bool names_chromosomes(const Frame& var) {
  const auto columns = place_columns(var);
  if (!columns) return false;
  if (!columns->chromosome->is_text()) return true;
  const auto& names = columns->chromosome->text();
  return std::any_of(names.begin(), names.end(), [](const auto& name) {
    return !name.empty() && name != "nan" && name != "NA";
  });
}

/// "chr1:5-5".
bool name_without_length(std::string_view name) {
  const size_t last = name.find_last_of("-_");
  if (last == std::string_view::npos || last == 0) return false;
  const size_t first = name.find_last_of(":-_", last - 1);
  if (first == std::string_view::npos || first == 0) return false;
  int64_t start = 0, end = 0;
  return parse_position(name.substr(first + 1, last - first - 1), start) &&
         parse_position(name.substr(last + 1), end) && start == end;
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

std::optional<std::vector<Interval>> column_intervals(const Frame& var) {
  const auto columns = place_columns(var);
  const auto* texts = find_any(var, {"interval", "intervals"});
  if (texts != nullptr && !texts->is_text()) texts = nullptr;
  if (!columns && texts == nullptr) return std::nullopt;
  std::vector<Interval> intervals(var.index.size());
  for (size_t row = 0; row < intervals.size(); ++row) {
    std::optional<Interval> place;
    if (columns) place = from_columns(*columns->chromosome, *columns->start, *columns->end, row);
    if (!place && texts != nullptr) place = parse_peak_name(texts->text()[row]);
    if (place) intervals[row] = std::move(*place);
  }
  return intervals;
}

std::vector<Interval> peak_intervals(const Frame& var, std::string_view source) {
  auto given = column_intervals(var);
  // Where no peak has a place nor a chromosome by columns they are about something else: of a table
  // of genes and peaks those of the genes.
  const bool columns = given && (names_chromosomes(var) ||
                                 std::any_of(given->begin(), given->end(), [](const auto& place) {
                                   return !place.chromosome.empty();
                                 }));
  std::vector<Interval> intervals(var.index.size());
  size_t lost = 0;
  size_t first_lost = 0;
  for (size_t row = 0; row < var.index.size(); ++row) {
    intervals[row] =
        columns ? std::move((*given)[row]) : parse_peak_name(var.index[row]).value_or(Interval{});
    if (intervals[row].chromosome.empty() && lost++ == 0) first_lost = row;
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

std::vector<int32_t> peaks_without_length(const Frame& var) {
  const auto columns = place_columns(var);
  std::vector<int32_t> rows;
  for (size_t row = 0; row < var.index.size(); ++row) {
    const bool empty =
        columns ? position_at(*columns->start, row) >= 0 &&
                      position_at(*columns->start, row) == position_at(*columns->end, row)
                : name_without_length(var.index[row]);
    if (empty) rows.push_back(static_cast<int32_t>(row));
  }
  return rows;
}

void add_interval_columns(Frame& var, const std::vector<Interval>& intervals) {
  std::vector<std::string> chromosomes;
  std::vector<double> starts;
  std::vector<double> ends;
  for (const auto& interval : intervals) {
    chromosomes.push_back(interval.chromosome);
    const bool placed = !interval.chromosome.empty();
    starts.push_back(placed ? static_cast<double>(interval.start) : kNaN);
    ends.push_back(placed ? static_cast<double>(interval.end) : kNaN);
  }
  var.columns.push_back({"chrom", std::move(chromosomes)});
  var.columns.push_back({"start", std::move(starts)});
  var.columns.push_back({"end", std::move(ends)});
}

}  // namespace grids::core
