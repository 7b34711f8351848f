#include "simulate/named_values.hpp"

#include <fmt/core.h>

#include <cmath>

#include "base/error.hpp"

namespace grids::core {
namespace {

double parse_number(const std::string& text, const std::string& place) {
  try {
    size_t used = 0;
    const double value = std::stod(text, &used);
    if (used == text.size() && std::isfinite(value)) return value;
  } catch (const std::exception&) {
  }
  throw input_error("{}: '{}' is no number", place, text);
}

}  // namespace

std::vector<std::string> named_values(std::span<const std::string> names,
                                      std::span<const double> values) {
  std::vector<std::string> entries;
  for (size_t i = 0; i < names.size(); ++i) {
    entries.push_back(fmt::format("{}={}", names[i], format_number(values[i])));
  }
  return entries;
}

void read_named_values(const Cell& cell, const char* expected, std::vector<std::string>& names,
                       std::vector<double>& values) {
  const auto place =
      fmt::format("{}: row {}: column {}", cell.table.source, cell.row + 1, cell.column);
  for (const auto& entry : split_list(cell.text())) {
    const size_t equals = entry.rfind('=');
    if (equals == std::string::npos) {
      throw input_error("{} holds '{}', expected {}", place, entry, expected);
    }
    names.push_back(entry.substr(0, equals));
    values.push_back(parse_number(entry.substr(equals + 1), place));
  }
}

}  // namespace grids::core
