#include "io/peak_list.hpp"

#include <fmt/ranges.h>

#include <algorithm>

namespace grids::core {
namespace {

using PeakRow = DelimitedReader::Row;

bool is_position(std::string_view text) {
  int64_t ignored = 0;
  return parse_position(text, ignored);
}

bool begins_as_number(std::string_view text) {
  return !text.empty() && text[0] >= '0' && text[0] <= '9';
}

/// A name alone on its line, or behind its row name.
bool is_name_alone(std::span<const std::string> fields) {
  return fields.size() == 1 || (fields.size() == 2 && !is_position(fields[1]));
}

Error no_bed(const DelimitedReader& reader, const PeakRow& row) {
  return reader.error(row, fmt::format("expected chrom, start and end separated by tabs, or a "
                                       "name; found '{}'",
                                       fmt::join(row.fields, "', '")));
}

void require_tabs(const DelimitedReader& reader, const PeakRow& row, std::string_view name) {
  const auto blank = name.find(' ');
  if (blank == std::string_view::npos || !begins_as_number(name.substr(blank + 1))) return;
  throw reader.error(row, fmt::format("the fields of '{}' are separated by blanks; BED has tabs "
                                      "between them",
                                      name));
}

bool heads_bed(std::span<const std::string> fields) {
  for (const auto& field : fields) {
    if (begins_as_number(field)) return false;
  }
  return fields.size() > 1 || (heads_names(fields[0]) && !parse_peak_name(fields[0]));
}

}  // namespace

size_t fields_before_bed(std::span<const std::string> fields) {
  const bool named = fields.size() >= 4 && !is_position(fields[1]) && is_position(fields[2]) &&
                     is_position(fields[3]);
  return named ? 1 : 0;
}

std::optional<size_t> skip_bed_header(DelimitedReader& reader) {
  const auto* first = reader.peek();
  if (first == nullptr || !heads_bed(first->fields)) return std::nullopt;
  const bool named = reader.complete_header();
  PeakRow header;
  reader.next(header);
  return named || (header.fields.size() > 1 && header.fields[0].empty()) ? 1 : 0;
}

int64_t bed_position(const DelimitedReader& reader, const PeakRow& row, std::string_view text) {
  int64_t position = 0;
  if (parse_position(text, position)) return position;
  const bool rounded =
      begins_as_number(text) && text.find_first_of("eE.,") != std::string_view::npos;
  throw reader.error(
      row, fmt::format("'{}' is not a whole number{}", text,
                       rounded ? "; R writes large ones so: set options(scipen = 999) before "
                                 "write.table"
                               : "; BED has chrom, start and end, in this order"));
}

Frame read_peak_list(const std::filesystem::path& path) {
  DelimitedReader reader(path, "\t,;", DelimitedReader::Kind::kBed);
  const auto before = skip_bed_header(reader);
  Frame var;
  std::vector<Interval> intervals;
  PeakRow row;
  while (reader.next(row)) {
    const std::span<const std::string> fields(row.fields);
    if (is_name_alone(fields)) {
      require_tabs(reader, row, fields.back());
      var.index.push_back(fields.back());
      continue;
    }
    const auto bed =
        fields.subspan(std::min(before.value_or(fields_before_bed(fields)), fields.size()));
    if (bed.size() < 3) throw no_bed(reader, row);
    Interval interval{bed[0], bed_position(reader, row, bed[1]), bed_position(reader, row, bed[2])};
    var.index.push_back(fmt::format("{}:{}-{}", interval.chromosome, interval.start, interval.end));
    intervals.push_back(std::move(interval));
  }
  if (!intervals.empty() && intervals.size() != var.index.size()) {
    throw input_error("reading {}: some lines are BED and some are names", path.string());
  }
  if (!intervals.empty()) add_interval_columns(var, intervals);
  return var;
}

}  // namespace grids::core
