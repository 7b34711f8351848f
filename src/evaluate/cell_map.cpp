#include "evaluate/cell_map.hpp"

#include <algorithm>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "evaluate/log_values.hpp"
#include "math/umap.hpp"
#include "study/shared_columns.hpp"

namespace grids::core {
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
      "a row for each cell, in the order of the user's file",
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

Table umap_table(const Study& study, std::span<const float> coordinates) {
  std::vector<CellRow> rows;
  for (const int32_t cell : study.as_in_file(indices_below(study.cells.size()))) {
    const auto i = at(cell);
    rows.push_back({study, i, coordinates[2 * i], coordinates[2 * i + 1]});
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
          "a row for each test cell, in the order of the user's file, and marker",
          {{column::kBarcode, &Row::barcode},
           {column::kGene, &Row::gene},
           {column::kMeasured, &Row::measured},
           {column::kPredictedExpression, &Row::predicted}}};
}

namespace {

/// Measured and predicted expression of the markers in test cells.
Table marker_expression_table(const Study& study, const StudySurrogate& surrogate,
                              const std::vector<std::string>& names, const Context& context) {
  std::vector<int32_t> genes;
  for (const auto& name : names) {
    if (const auto gene = study.genes.index_of(name)) genes.push_back(*gene);
  }
  const auto cells = study.cells_of(Split::kTest);
  const auto predicted = predict_log_values(study, surrogate, cells, genes, context);
  const auto measured = to_dense(select_columns(select_rows(study.expression, cells), genes));
  std::vector<ExpressionRow> rows;
  for (const int32_t cell : study.as_in_file(cells)) {
    const auto row = at(std::lower_bound(cells.begin(), cells.end(), cell) - cells.begin());
    for (size_t g = 0; g < genes.size(); ++g) {
      const size_t i = row * genes.size() + g;
      rows.push_back({study.cells.barcodes[static_cast<size_t>(cell)],
                      study.genes.names[static_cast<size_t>(genes[g])], measured[i], predicted[i]});
    }
  }
  return marker_expression_columns().table(rows);
}

}  // namespace

std::vector<Table> map_cells(const Study& study, const StudySurrogate& surrogate,
                             const std::vector<std::string>& genes, const Context& context) {
  const auto cells = indices_below(study.cells.size());
  const auto latents = surrogate.folded().rna_latents(context.pool, study.expression);
  const int64_t dimensions = surrogate.shape().latent;
  const auto types = static_cast<int64_t>(study.cells.type.names.size());
  const auto coordinates = umap(latents, dimensions, {}, context);
  const Silhouette score = silhouette(latents, dimensions, study.cells.type.codes, types, context);
  return {umap_table(study, coordinates), silhouette_table(study, cells, score),
          marker_expression_table(study, surrogate, genes, context)};
}

}  // namespace grids::core
