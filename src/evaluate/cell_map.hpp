/// What the maps of the cells are drawn from: places (math/umap.hpp), how well types lie apart, and
/// what markers are expressed.
#pragma once

#include <span>
#include <string_view>

#include "io/columns.hpp"
#include "math/umap.hpp"
#include "study/study.hpp"

namespace grids {

namespace column {

inline constexpr ColumnText kUmap1{"umap1", "place on the map; no unit"};
inline constexpr ColumnText kUmap2{"umap2", kUmap1.what};
inline constexpr ColumnText kCells{"cells", "of the type"};
inline constexpr ColumnText kMeasured{"measured", "expression"};
inline constexpr ColumnText kPredictedExpression{"predicted", kMeasured.what};
inline constexpr ColumnText kSilhouette{
    "silhouette",
    "−1 … 1, of the latents of the RNA that the map is made of; higher = types lie further apart"};

}  // namespace column

/// umap.tsv; `coordinates` cells × 2 of `cells`.
Table umap_table(const Study& study, std::span<const int32_t> cells,
                 std::span<const float> coordinates);
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

}  // namespace grids
