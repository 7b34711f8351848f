#include "prepare/units.hpp"

#include <algorithm>
#include <set>

#include "base/at.hpp"
#include "base/error.hpp"
#include "prepare/labels.hpp"

namespace grids::core {
namespace {

constexpr const char* kUnknownUnit = "unknown";

void require_few(const CellLabels& units, std::string_view unit) {
  constexpr size_t kFewCells = 20;
  const std::set<std::string_view> values(units.of_cell.begin(), units.of_cell.end());
  if (units.of_cell.size() < kFewCells || values.size() * 2 <= units.of_cell.size()) return;
  throw input_error("{}: {} different values for {} cells; is this a column of {} names?",
                    units.source, values.size(), units.of_cell.size(), unit);
}

/// Types of which all cells are of one batch.
std::vector<std::string> types_of_one_batch(const CellTable& cells) {
  std::vector<std::set<int32_t>> batches(cells.type.names.size());
  for (size_t cell = 0; cell < cells.type.codes.size(); ++cell) {
    batches[at(cells.type.codes[cell])].insert(cells.batch.codes[cell]);
  }
  std::vector<std::string> result;
  for (size_t type = 0; type < batches.size(); ++type) {
    if (batches[type].size() == 1) result.push_back(cells.type.names[type]);
  }
  return result;
}

}  // namespace

std::vector<std::string> read_units(const RawMultiome& raw, const MatchedCells& cells,
                                    const std::string& column, std::string_view unit,
                                    Diary& diary) {
  if (column.empty()) return {};
  auto units = labels_from_column(raw, cells, column);
  for (const auto& note : units.notes) diary.warn("{}", note);
  require_few(units, unit);
  const auto missing = std::count(units.of_cell.begin(), units.of_cell.end(), "");
  if (missing > 0) {
    diary.warn("{}: {} cells have no {}; they count as one {}, '{}'", units.source, missing, unit,
               unit, kUnknownUnit);
    std::replace(units.of_cell.begin(), units.of_cell.end(), std::string(),
                 std::string(kUnknownUnit));
  }
  return std::move(units.of_cell);
}

void tell_batches(const CellTable& cells, Diary& diary) {
  if (cells.batch.empty()) return;
  const auto batches = cells.batch.names.size();
  if (batches == 1) {
    diary.warn("all cells are of one batch, '{}': there is nothing to hold constant",
               cells.batch.names[0]);
    return;
  }
  diary.note(
      "{} batches: held constant in the state of the cis path, its gates and the contrasts, as a "
      "whole and within each type",
      batches);
  const auto alone = types_of_one_batch(cells);
  if (alone.empty()) return;
  diary.warn(
      "types of which all cells are of one batch, so that batch and type cannot be told apart: {}",
      examples(alone, 8));
}

}  // namespace grids::core
