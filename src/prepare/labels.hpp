/// Which type each cell is of (and, in the same way, which donor it comes from).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/raw_multiome.hpp"
#include "prepare/match_cells.hpp"
#include "study/study.hpp"

namespace grids::core {

/// A table of the user: barcode → label.
struct LabelMap {
  std::string source;  ///< for messages: the file's path
  std::vector<std::pair<std::string, std::string>> entries;
  std::vector<std::string> notes = {};  ///< what to say of how it was read
};

/// Where the donors, batches or labels of cells are said: in a table, else in a column.
struct CellNames {
  const LabelMap* table = nullptr;
  std::string column;

  bool empty() const { return table == nullptr && column.empty(); }
};

struct CellLabels {
  std::string source;                ///< "cell_type of mod/rna", for messages
  std::vector<std::string> of_cell;  ///< one per matched cell, trimmed; "" = no label
  std::vector<std::string> notes;    ///< what the user should hear, for example an ignored suffix
  Overlap overlap = {};              ///< whether the labels can be of these cells
};

/// Reads a column of annotations: of the whole (MuData's obs), else of the RNA, else of the ATAC.
/// "rna:cell_type" means that column of MuData's obs, or "cell_type" of the RNA. Numbers become
/// text ("3"). Throws Error(kInput) that lists the columns there are.
CellLabels labels_from_column(const PackedMultiome& raw, const MatchedCells& cells,
                              std::string_view column);

/// Throws Error(kInput) when no barcode of the map is among the cells (with examples of both), or
/// when it gives one barcode two labels.
CellLabels labels_from_map(const LabelMap& map, const MatchedCells& cells);

/// Whether a column says anything of these cells, or a table is of them: a tenth of the shorter
/// list is in both.
bool has_labels(const PackedMultiome& raw, const MatchedCells& cells, const CellNames& names);

/// Throws Error(kInput) that there is no such column in the obs of the whole, of the RNA and of the
/// ATAC, listing those that there are.
[[noreturn]] void refuse_column(std::string_view column, const Frame& whole,
                                const PackedModality& rna, const PackedModality& atac);

/// Of the table (`labels_from_map`), else of the column (`labels_from_column`).
CellLabels labels_from(const PackedMultiome& raw, const MatchedCells& cells,
                       const CellNames& names);

/// True when `label` is one of the `patterns`: letter case does not count, "*" stands for anything.
bool matches_label(std::string_view label, std::span<const std::string> patterns);

struct LabelCount {
  std::string label;  ///< "" = cells without a label
  int64_t cells = 0;
  bool excluded = false;
  /// Which cells it was counted in: "cells with RNA"; empty where each has both modalities.
  std::string of = {};
};

struct LabelSelection {
  std::vector<int32_t> kept;      ///< cells whose label is used, ascending
  std::vector<LabelCount> table;  ///< every label, those of most cells first
};

/// Leaves out cells without a label and those whose label matches a pattern of `exclude`. Throws
/// Error(kInput) when none is left, or when there are more labels than half the cells (no column of
/// types looks like that).
LabelSelection select_labels(const CellLabels& labels, std::span<const std::string> exclude);

}  // namespace grids::core
