#include "prepare/labels.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "base/error.hpp"

namespace grids::core {
namespace {

std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

/// ASCII only: other letters stay as they are.
std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

std::string text_of(const FrameColumn& column, size_t row) {
  if (column.is_text()) return trimmed(column.text()[row]);
  const double value = column.numbers()[row];
  return std::isnan(value) ? std::string() : fmt::format("{}", value);
}

/// Both lower-case already. Classic greedy matching: on a mismatch, the last star takes one more.
bool matches_pattern(std::string_view text, std::string_view pattern) {
  size_t t = 0;
  size_t p = 0;
  std::optional<std::pair<size_t, size_t>> star;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = {p++, t};
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star) {
      p = star->first + 1;
      t = ++star->second;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

/// A place where a column may be, and which of its rows each matched cell is.
struct Place {
  std::string name;
  const Frame* frame;
  const std::vector<int32_t>* rows;  ///< null: look barcodes up by name
  std::string column;
};

std::vector<Place> places(const PackedMultiome& raw, const MatchedCells& cells,
                          std::string_view column) {
  const std::string wanted(column);
  std::vector<Place> result = {{"obs of the whole", &raw.obs, nullptr, wanted},
                               {"obs of the RNA", &raw.rna.obs, &cells.rna_row, wanted},
                               {"obs of the ATAC", &raw.atac.obs, &cells.atac_row, wanted}};
  for (const std::string prefix : {"rna:", "atac:"}) {
    const bool is_rna = prefix == "rna:";
    if (column.starts_with(prefix)) {
      result.push_back({is_rna ? "obs of the RNA" : "obs of the ATAC",
                        is_rna ? &raw.rna.obs : &raw.atac.obs,
                        is_rna ? &cells.rna_row : &cells.atac_row, wanted.substr(prefix.size())});
    } else {
      result.push_back({"obs of the whole", &raw.obs, nullptr, prefix + wanted});
    }
  }
  return result;
}

void note_spelling(const FoundBarcodes& found, CellLabels& labels) {
  if (found.without_suffix > 0) {
    labels.notes.push_back(fmt::format("{}: {} barcodes matched without their trailing number",
                                       labels.source, found.without_suffix));
  }
  if (found.doubtful > 0) {
    labels.notes.push_back(
        fmt::format("{}: {} cells have no label, though it has their barcode with another trailing "
                    "number: it is not clearly for the same cell",
                    labels.source, found.doubtful));
  }
}

std::string column_names(const Frame& frame) {
  if (frame.columns.empty()) return "none";
  std::vector<std::string> names;
  for (const auto& column : frame.columns) names.push_back(column.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Nothing where there is no such column.
std::optional<CellLabels> find_column(const PackedMultiome& raw, const MatchedCells& cells,
                                      std::string_view column) {
  for (const auto& place : places(raw, cells, column)) {
    const FrameColumn* found = place.frame->find(place.column);
    if (found == nullptr) continue;
    CellLabels result;
    result.source = fmt::format("column '{}' in {}", place.column, place.name);
    result.of_cell.resize(cells.barcodes.size());
    if (place.rows != nullptr) {
      for (size_t i = 0; i < result.of_cell.size(); ++i) {
        result.of_cell[i] = text_of(*found, static_cast<size_t>((*place.rows)[i]));
      }
      return result;
    }
    const auto rows = find_barcodes(cells.barcodes, place.frame->index);
    if (rows.found == 0) continue;  // annotations of other cells: look further
    result.overlap =
        judge_overlap({"the cells", cells.barcodes}, {place.name, place.frame->index}, rows.found);
    note_spelling(rows, result);
    for (size_t i = 0; i < result.of_cell.size(); ++i) {
      if (rows.row[i] >= 0) {
        result.of_cell[i] = text_of(*found, static_cast<size_t>(rows.row[i]));
      }
    }
    return result;
  }
  return std::nullopt;
}

}  // namespace

void refuse_column(std::string_view column, const Frame& whole, const PackedModality& rna,
                   const PackedModality& atac) {
  std::string there = "in the obs of the whole: " + column_names(whole);
  for (const auto& [words, modality] : {std::pair{"RNA", &rna}, std::pair{"ATAC", &atac}}) {
    if (modality->source.empty()) continue;  // cells of the other one alone
    there +=
        fmt::format("; of the {} ({}): {}", words, modality->source, column_names(modality->obs));
  }
  throw input_error("no column '{}' among the annotations of the cells; there are, {}", column,
                    there);
}

CellLabels labels_from_column(const PackedMultiome& raw, const MatchedCells& cells,
                              std::string_view column) {
  auto found = find_column(raw, cells, column);
  if (!found) refuse_column(column, raw.obs, raw.rna, raw.atac);
  return std::move(*found);
}

bool has_labels(const PackedMultiome& raw, const MatchedCells& cells, const CellNames& names) {
  if (names.table == nullptr) {
    const auto found = find_column(raw, cells, names.column);
    return found && std::any_of(found->of_cell.begin(), found->of_cell.end(),
                                [](const std::string& label) { return !label.empty(); });
  }
  std::vector<std::string> barcodes;
  for (const auto& entry : names.table->entries) barcodes.push_back(entry.first);
  const auto found = find_barcodes(cells.barcodes, barcodes).found;
  return found > 0 && 10 * found >= std::min(cells.size(), std::ssize(barcodes));
}

CellLabels labels_from_map(const LabelMap& map, const MatchedCells& cells) {
  std::vector<std::string> barcodes;
  std::vector<std::string> labels;
  std::unordered_map<std::string_view, size_t> first_at;
  for (size_t i = 0; i < map.entries.size(); ++i) {
    const auto& [barcode, label] = map.entries[i];
    const auto [slot, is_new] = first_at.emplace(barcode, i);
    if (is_new) {
      barcodes.push_back(barcode);
      labels.push_back(trimmed(label));
    } else if (trimmed(map.entries[slot->second].second) != trimmed(label)) {
      throw input_error("{}: barcode '{}' has two labels, '{}' and '{}'", map.source, barcode,
                        map.entries[slot->second].second, label);
    }
  }
  const auto rows = find_barcodes(cells.barcodes, barcodes);
  if (rows.found == 0) {
    const auto hint = spelling_hint({"the cells", cells.barcodes}, {map.source, barcodes});
    throw input_error(
        "{}: none of its {} barcodes ({}) is among the {} cells ({}); the first column must hold "
        "the barcodes, the second the labels{}{}",
        map.source, barcodes.size(), examples(barcodes), cells.size(), examples(cells.barcodes),
        hint.empty() ? "" : "; ", hint);
  }
  CellLabels result;
  result.source = map.source;
  result.notes = map.notes;
  result.of_cell.resize(cells.barcodes.size());
  for (size_t i = 0; i < rows.row.size(); ++i) {
    if (rows.row[i] >= 0) result.of_cell[i] = labels[static_cast<size_t>(rows.row[i])];
  }
  result.overlap = judge_overlap({"the cells", cells.barcodes}, {map.source, barcodes}, rows.found);
  note_spelling(rows, result);
  return result;
}

CellLabels labels_from(const PackedMultiome& raw, const MatchedCells& cells,
                       const CellNames& names) {
  return names.table != nullptr ? labels_from_map(*names.table, cells)
                                : labels_from_column(raw, cells, names.column);
}

bool matches_label(std::string_view label, std::span<const std::string> patterns) {
  const std::string text = lower(label);
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return matches_pattern(text, lower(trimmed(pattern)));
  });
}

LabelSelection select_labels(const CellLabels& labels, std::span<const std::string> exclude) {
  const auto all = categorical_of(labels.of_cell);
  LabelSelection result;
  size_t used = 0;
  for (const auto& name : all.names) {
    const bool excluded = name.empty() || matches_label(name, exclude);
    result.table.push_back({name, 0, excluded});
    used += excluded ? 0 : 1;
  }
  for (size_t i = 0; i < all.codes.size(); ++i) {
    auto& entry = result.table[static_cast<size_t>(all.codes[i])];
    ++entry.cells;
    if (!entry.excluded) result.kept.push_back(static_cast<int32_t>(i));
  }
  if (used == 0) {
    std::vector<std::string> names;
    for (const auto& entry : result.table) names.push_back(fmt::format("'{}'", entry.label));
    throw input_error(
        "{}: no cell has a label that is used; all labels are missing or excluded: {}; see "
        "--exclude-labels",
        labels.source, examples(names, 10));
  }
  constexpr size_t kFewCells = 20;
  if (result.kept.size() >= kFewCells && used * 2 > result.kept.size()) {
    throw input_error("{}: {} different labels for {} cells; is this a column of cell types?",
                      labels.source, used, result.kept.size());
  }
  return result;
}

}  // namespace grids::core
