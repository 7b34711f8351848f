#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "evaluate/set_columns.hpp"
#include "report/heat_map.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"
#include "report/svg.hpp"

namespace grids::core {
namespace {

/// One digit after the point, with a true minus sign.
std::string tenths(double value) {
  const std::string digits = fmt::format("{:.1f}", std::abs(value));
  return value < 0 && digits != "0.0" ? "\u2212" + digits : digits;
}

}  // namespace

std::string types_section(const Results& results, Page& page) {
  const Table* changes = results.find("change_by_type.tsv");
  if (changes == nullptr) {
    return missing_file("change_by_type.tsv", "sets were not tested in other cell types");
  }
  const auto contradicted = contradicted_sets(results);
  constexpr size_t kMostRows = 150;  // that a map can be read with
  HeatMap map;
  map.label = "Predicted change of each set in each cell type";
  map.columns = distinct(*changes, column::kTestedIn);
  map.colour = nullptr;
  std::vector<std::pair<std::string, std::string>> rows;  // type, gene
  std::map<std::pair<std::string, std::string>, size_t> place;
  std::map<std::pair<size_t, std::string>, double> value;
  double largest = 1e-12;
  for (size_t row = 0; row < changes->rows(); ++row) {
    const std::pair key = {changes->text(row, column::kCellType),
                           changes->text(row, column::kGene)};
    const auto [found, is_new] = place.try_emplace(key, place.size());
    if (is_new && place.size() <= kMostRows) rows.push_back(key);
    if (found->second >= kMostRows) continue;
    const double change = shown_change(*changes, row);
    value[{found->second, changes->text(row, column::kTestedIn)}] = change;
    if (!std::isnan(change)) largest = std::max(largest, std::abs(change));
  }
  for (size_t r = 0; r < rows.size(); ++r) {
    map.rows.push_back((contradicted.contains(rows[r]) ? "✗ " : "") +
                       shortened(rows[r].second, 12) + " · " + shortened(rows[r].first, 11));
    for (const auto& type : map.columns) {
      const auto found = value.find({r, type});
      const double change = found == value.end() ? NAN : found->second;
      map.values.push_back(change);
      map.texts.push_back(std::isnan(change) ? "" : tenths(100 * change));
      map.outlined.push_back(type == rows[r].first);
    }
  }
  map.colour = [largest](double change) { return diverging_colour(change / largest); };
  return html_figure(
      page.next_figure(), "<div class=\"wide\">" + draw_heat_map(map) + "</div>",
      std::string(
          "Each row is a set learned for a gene in one type (framed); each column a type whose "
          "test "
          "cells it was masked in. Numbers: predicted change in percent. Sets that change the "
          "prediction in their own type only rest on "
          "what is particular to that type. ✗: contradicted by measured expression in its own "
          "type, no "
          "finding.") +
          first_of_many(place.size(), kMostRows, "Drawn are the first"));
}

}  // namespace grids::core
