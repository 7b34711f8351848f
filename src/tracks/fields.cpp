#include "tracks/fields.hpp"

#include <fmt/core.h>

namespace grids::core {
namespace {

constexpr std::string_view kBlanks = " \t";

int64_t position_of(std::string_view text, const char* what, const LineReader& lines) {
  int64_t position = 0;
  if (parse_position(text, position)) return position;
  throw lines.error(
      fmt::format("the {} '{}' is no whole number from 0; write the track again", what, text));
}

}  // namespace

std::vector<std::string_view> blank_fields(std::string_view line) {
  std::vector<std::string_view> fields;
  for (size_t begin = line.find_first_not_of(kBlanks); begin != std::string_view::npos;) {
    const size_t end = line.find_first_of(kBlanks, begin);
    fields.push_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(kBlanks, end);
  }
  return fields;
}

bool is_remark(std::string_view line) {
  return line.find_first_not_of(kBlanks) == std::string_view::npos || line.front() == '#';
}

bool is_browser_line(std::string_view line) {
  const auto word = line.substr(0, line.find_first_of(kBlanks));
  return word == "track" || word == "browser";
}

TrackSpan span_of(const std::vector<std::string_view>& fields, const LineReader& lines) {
  constexpr size_t kOfSpan = 3;
  if (fields.size() < kOfSpan) {
    throw lines.error(fmt::format(
        "has {} fields, and a track begins with chromosome, start and end; is this the right file?",
        fields.size()));
  }
  const TrackSpan span = {fields[0], position_of(fields[1], "start", lines),
                          position_of(fields[2], "end", lines)};
  if (span.chromosome.empty()) throw lines.error("names no chromosome; write the track again");
  if (span.end < span.start) {
    throw lines.error(fmt::format("ends at {}, before its start at {}; write the track again",
                                  span.end, span.start));
  }
  return span;
}

}  // namespace grids::core
