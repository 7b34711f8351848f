#include "prepare/units.hpp"

#include <algorithm>
#include <set>

#include "base/at.hpp"
#include "base/error.hpp"
#include "prepare/split_units.hpp"
#include "prepare/unused_columns.hpp"

namespace grids::core {
namespace {

constexpr const char* kUnknownUnit = "unknown";

void require_few(const CellLabels& units, std::string_view unit) {
  constexpr size_t kEnoughToTell = 20;
  const std::set<std::string_view> values(units.of_cell.begin(), units.of_cell.end());
  if (units.of_cell.size() < kEnoughToTell || values.size() * 2 <= units.of_cell.size()) return;
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

/// Donors or batches with cells of a part.
std::vector<std::string> units_in(const CellTable& cells, const Categorical& unit, Split part) {
  std::set<int32_t> codes;
  for (size_t cell = 0; cell < cells.split.size(); ++cell) {
    if (cells.split[cell] == part) codes.insert(unit.codes[cell]);
  }
  std::vector<std::string> names;
  names.reserve(codes.size());
  for (const int32_t code : codes) names.push_back(unit.names[at(code)]);
  return names;
}

}  // namespace

void tell_overlap(const Overlap& overlap, bool force, Diary& diary) {
  if (overlap.verdict == Overlap::Verdict::kHardlyAny) {
    diary.refuse(overlap.message, force);
  } else if (overlap.verdict == Overlap::Verdict::kFew) {
    diary.warn("{}", overlap.message);
  }
}

bool are_by_barcode(const PackedMultiome& raw, const CellNames& names) {
  const auto& column = names.column;
  return names.table == nullptr && column == kByBarcode && raw.obs.find(column) == nullptr &&
         raw.rna.obs.find(column) == nullptr && raw.atac.obs.find(column) == nullptr;
}

CellLabels unit_values(const PackedMultiome& raw, const MatchedCells& cells,
                       const CellNames& names) {
  if (!are_by_barcode(raw, names)) return labels_from(raw, cells, names);
  CellLabels result;
  result.source = "barcodes";
  for (const auto& barcode : cells.barcodes) result.of_cell.push_back(around_bases(barcode));
  const std::set<std::string_view> values(result.of_cell.begin(), result.of_cell.end());
  if (values.size() < 2) {
    throw input_error(
        "all barcodes begin and end alike ({}): they do not tell samples; give the name of a "
        "column",
        examples(cells.barcodes));
  }
  return result;
}

std::vector<std::string> read_units(const PackedMultiome& raw, const MatchedCells& cells,
                                    const CellNames& names, std::string_view unit, bool force,
                                    Diary& diary) {
  if (names.empty()) return {};
  auto units = unit_values(raw, cells, names);
  tell_overlap(units.overlap, force, diary);
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

void require_units_of_split(SplitBy by, const CellNames& donors, const CellNames& batches) {
  if (by == SplitBy::kDonor && donors.empty()) {
    throw input_error(
        "--split-by donor: which donor a cell is of is not known; add --donors COLUMN");
  }
  if (by == SplitBy::kBatch && batches.empty()) {
    throw input_error(
        "--split-by batch: which batch a cell is of is not known; add --batches COLUMN");
  }
}

void tell_split_units(const CellTable& cells, const SplitOptions& options, Diary& diary) {
  if (options.by == SplitBy::kCell) return;
  const bool by_donor = options.by == SplitBy::kDonor;
  const Categorical& unit = by_donor ? cells.donor : cells.batch;
  const char* words = by_donor ? "donors" : "batches";
  for (const auto part : {Split::kValidation, Split::kTest}) {
    const auto names = units_in(cells, unit, part);
    if (!names.empty()) {
      diary.note("whole {} held out, {} cells: {}", words, split_name(part), examples(names, 24));
    }
  }
  const auto lacking = types_lacking_a_part(cells, options);
  if (lacking.empty()) return;
  diary.warn(
      "with whole {} held out, these types lack training, validation or test cells, and nothing "
      "can be said of them where they do: {}",
      words, examples(lacking, 8));
}

void tell_batches(const CellTable& cells, Diary& diary) {
  if (cells.batch.empty()) return;
  const std::set<int32_t> used(cells.batch.codes.begin(), cells.batch.codes.end());
  const auto batches = used.size();
  if (batches == 1) {
    diary.warn("all cells are of one batch, '{}': there is nothing to hold constant",
               cells.batch.names[at(*used.begin())]);
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
