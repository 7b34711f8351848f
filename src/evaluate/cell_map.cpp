#include "evaluate/cell_map.hpp"

#include "base/at.hpp"
#include "study/shared_columns.hpp"

namespace grids {
namespace {

/// A cell and its place on the map.
struct CellRow {
  const Study& study;
  size_t cell;
  float x;
  float y;
};

Columns<CellRow> umap_columns() {
  return {
      "umap.tsv",
      "a row for each cell",
      {{column::kBarcode, [](const CellRow& row) { return row.study.cells.barcodes[row.cell]; }},
       {column::kCellType,
        [](const CellRow& row) {
          const auto& type = row.study.cells.type;
          return type.names[at(type.codes[row.cell])];
        }},
       {"split", "`train`, `validation` or `test`",
        [](const CellRow& row) { return split_name(row.study.cells.split[row.cell]); }},
       {column::kUmap1, [](const CellRow& row) { return row.x; }},
       {column::kUmap2, [](const CellRow& row) { return row.y; }}}};
}

struct SilhouetteRow {
  std::string cell_type;
  int64_t cells = 0;
  double silhouette = 0;
};

Columns<SilhouetteRow> silhouette_columns() {
  using Row = SilhouetteRow;
  return {"silhouette.tsv",
          "a row for each cell type",
          {{column::kCellType.saying("`all`: mean over all cells"), &Row::cell_type},
           {column::kCells, &Row::cells},
           {column::kSilhouette, &Row::silhouette}}};
}

}  // namespace

Table umap_table(const Study& study, std::span<const int32_t> cells,
                 std::span<const float> coordinates) {
  std::vector<CellRow> rows;
  for (size_t i = 0; i < cells.size(); ++i) {
    rows.push_back({study, at(cells[i]), coordinates[2 * i], coordinates[2 * i + 1]});
  }
  return umap_columns().table(rows);
}

TableText describe_umap() {
  return umap_columns().describe();
}

Table silhouette_table(const Study& study, std::span<const int32_t> cells,
                       const Silhouette& silhouette) {
  std::vector<int64_t> size(study.cells.type.names.size());
  for (const int32_t cell : cells) ++size[at(study.cells.type.codes[at(cell)])];
  std::vector<SilhouetteRow> rows = {{"all", std::ssize(cells), silhouette.mean}};
  for (size_t type = 0; type < size.size(); ++type) {
    if (size[type] == 0) continue;
    rows.push_back({study.cells.type.names[type], size[type], silhouette.of_group[type]});
  }
  return silhouette_columns().table(rows);
}

TableText describe_silhouette() {
  return silhouette_columns().describe();
}

Columns<ExpressionRow> marker_expression_columns() {
  using Row = ExpressionRow;
  return {"marker_expression.tsv",
          "a row for each test cell and marker",
          {{column::kBarcode, &Row::barcode},
           {column::kGene, &Row::gene},
           {column::kMeasured, &Row::measured},
           {column::kPredictedExpression, &Row::predicted}}};
}

}  // namespace grids
