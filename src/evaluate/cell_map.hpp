/// What the maps of the cells are drawn from: places (math/umap.hpp), how well types lie apart, and
/// what markers are expressed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.hpp"
#include "io/columns.hpp"
#include "math/silhouette.hpp"
#include "model/study_surrogate.hpp"
#include "study/study.hpp"

namespace grids::core {

namespace column {

inline constexpr ColumnText kUmap1{"umap1", "place on the map; no unit"};
inline constexpr ColumnText kUmap2{"umap2", kUmap1.what};
inline constexpr ColumnText kCells{"cells", "of the type"};
inline constexpr ColumnText kMeasured{"measured", "expression"};
inline constexpr ColumnText kPredictedExpression{"predicted", kMeasured.what};
inline constexpr ColumnText kSilhouette{
    "silhouette",
    "−1 … 1, of the latents of the RNA that the map is made of; higher = types lie further apart. "
    "Of more than 5,000 cells a sample stands for all: as many of each type, or all that it has"};

}  // namespace column

/// umap.tsv, cells as in the user's file; `coordinates`: cells of the study × 2.
Table umap_table(const Study& study, std::span<const float> coordinates);
TableText describe_umap();

/// silhouette.tsv.
Table silhouette_table(const Study& study, std::span<const int32_t> cells,
                       const Silhouette& silhouette);
TableText describe_silhouette();

/// A row of marker_expression.tsv, what the maps are coloured by.
struct ExpressionRow {
  std::string_view barcode;
  std::string_view gene;
  float measured = 0;
  float predicted = 0;
};
Columns<ExpressionRow> marker_expression_columns();

/// umap.tsv and silhouette.tsv of all cells, by their RNA latents; marker_expression.tsv, measured
/// and predicted expression of the genes in test cells (names that the study lacks are left out).
std::vector<Table> map_cells(const Study& study, const StudySurrogate& surrogate,
                             const std::vector<std::string>& genes, const Context& context);

}  // namespace grids::core
