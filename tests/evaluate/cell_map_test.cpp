#include "evaluate/cell_map.hpp"

#include <gtest/gtest.h>

#include "evaluate/small_study.hpp"

namespace grids::core {
namespace {

TEST(CellMap, TablesNameCellsAndTypes) {
  const auto study = small_study(30, 10, 5, 2);
  const std::vector<int32_t> cells = {3, 0};
  const auto table = umap_table(study, cells, std::vector<float>{1, 2, 3, 4});
  EXPECT_EQ(table.text(0, "barcode"), "cell3");
  EXPECT_EQ(table.text(0, "cell_type"), "type 1");
  EXPECT_EQ(table.number(1, "umap2"), 4);
  const auto scores = silhouette_table(study, cells, {0.25, {0.1, 0.4}});
  EXPECT_EQ(scores.rows(), 3u);
  EXPECT_EQ(scores.text(0, "cell_type"), "all");
}

}  // namespace
}  // namespace grids::core
