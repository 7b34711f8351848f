/// A study of cells that were not measured together, made of one whose cells were.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "math/sparse.hpp"
#include "study/study.hpp"
#include "study/unpaired_study.hpp"

namespace grids::core::test {

template <typename T>
std::vector<T> entries_at(const std::vector<T>& list, const std::vector<int32_t>& rows) {
  std::vector<T> result;
  if (list.empty()) return result;
  for (const int32_t row : rows) result.push_back(list[static_cast<size_t>(row)]);
  return result;
}

/// The given cells of a study, in that order; peaks, genes and names as they are.
inline Study cells_at(const Study& study, const std::vector<int32_t>& rows) {
  Study result = study;
  CellTable& cells = result.cells;
  cells.barcodes = entries_at(cells.barcodes, rows);
  for (auto* column : {&cells.type, &cells.donor, &cells.batch}) {
    column->codes = entries_at(column->codes, rows);
  }
  cells.split = entries_at(cells.split, rows);
  cells.total_rna = entries_at(cells.total_rna, rows);
  cells.open_peaks = entries_at(cells.open_peaks, rows);
  cells.place = entries_at(cells.place, rows);
  for (auto& column : cells.columns) {
    if (column.is_text()) {
      auto coded = column.text();
      coded.codes = entries_at(coded.codes, rows);
      column.values = std::move(coded);
    } else {
      column.values = entries_at(column.numbers(), rows);
    }
  }
  for (auto& embedding : cells.embeddings) {
    Embedding& whole = embedding;
    whole = rows_of_embedding(whole, rows);
  }
  result.open = select_rows(study.open, rows);
  result.expression = select_rows(study.expression, rows);
  if (study.has_counts()) result.counts = select_rows(study.counts, rows);
  return result;
}

/// Columns and embeddings as a half has them: in its modality alone, under one name.
inline void keep_in_half(CellTable& cells, bool rna) {
  for (auto& column : cells.columns) {
    column.in_rna = rna ? column.name : "";
    column.in_atac = rna ? "" : column.name;
  }
  for (auto& embedding : cells.embeddings) {
    embedding.in_whole = false;
    embedding.in_rna = rna;
    embedding.in_atac = !rna;
  }
}

inline CsrPattern no_entries_of(int64_t rows, int64_t columns) {
  return {rows, columns, std::vector<int64_t>(static_cast<size_t>(rows) + 1, 0), {}};
}

/// Of the cells at `atac` the chromatin, of those at `rna` the RNA; the two lists have none in
/// common, or `name_apart` parts them. Labels are taken from where `labels_in` has none; with none,
/// the types of the chromatin are called as clusters are.
inline UnpairedStudy halves_at(const Study& study, const std::vector<int32_t>& atac,
                               const std::vector<int32_t>& rna,
                               LabelsIn labels_in = LabelsIn::kBoth) {
  UnpairedStudy result{cells_at(study, atac), cells_at(study, rna), labels_in};
  const auto genes = study.genes.size();
  Study& open = result.atac;
  open.paired = false;
  open.expression = {no_entries_of(open.cells.size(), genes), {}};
  open.counts = {};
  std::fill(open.cells.total_rna.begin(), open.cells.total_rna.end(), 0.0);
  keep_in_half(open.cells, false);
  Study& expressed = result.rna;
  expressed.paired = false;
  expressed.open = no_entries_of(expressed.cells.size(), study.peaks.size());
  std::fill(expressed.cells.open_peaks.begin(), expressed.cells.open_peaks.end(), 0.0);
  keep_in_half(expressed.cells, true);
  name_apart(open.cells.barcodes, expressed.cells.barcodes);
  if (labels_in == LabelsIn::kRna) open.cells.type = {};
  if (labels_in == LabelsIn::kAtac || labels_in == LabelsIn::kNone) expressed.cells.type = {};
  if (labels_in == LabelsIn::kNone) {
    int number = 0;
    for (auto& name : open.cells.type.names) name = "cluster " + std::to_string(++number);
  }
  return result;
}

/// Every other cell has chromatin alone, the others RNA alone.
inline UnpairedStudy halves_of(const Study& study, LabelsIn labels_in = LabelsIn::kBoth) {
  std::vector<int32_t> atac, rna;
  for (int32_t cell = 0; cell < study.cells.size(); ++cell) {
    (cell % 2 == 0 ? atac : rna).push_back(cell);
  }
  return halves_at(study, atac, rna, labels_in);
}

}  // namespace grids::core::test
