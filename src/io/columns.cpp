#include "io/columns.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>

#include "base/error.hpp"

namespace grids::core {
namespace {

Error unreadable(const Cell& cell, std::string_view wanted) {
  return input_error("{}: line {}, column '{}': '{}' is not {}", cell.table.source, cell.row + 2,
                     cell.column, cell.text(), wanted);
}

template <typename Whole>
void read_whole(const Cell& cell, Whole& value) {
  const std::string& text = cell.text();
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) throw unreadable(cell, "a whole number");
}

}  // namespace

void Cell::into(int64_t& value) const {
  read_whole(*this, value);
}

void Cell::into(uint64_t& value) const {
  read_whole(*this, value);
}

void Cell::into(bool& value) const {
  if (text() != "yes" && text() != "no") throw unreadable(*this, "yes or no");
  value = text() == "yes";
}

void Cell::into(std::vector<std::string>& value) const {
  value = split_list(text());
}

std::string cell_text(Probability value) {
  return std::isnan(value.value) ? "NA" : fmt::format("{:.4g}", value.value);
}

std::string cell_text(const std::vector<std::string>& list) {
  return fmt::format("{}", fmt::join(list, ","));
}

}  // namespace grids::core
