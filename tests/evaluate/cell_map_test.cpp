#include "evaluate/cell_map.hpp"

#include <gtest/gtest.h>

#include "evaluate/small_study.hpp"

namespace grids::core {
namespace {

TEST(CellMap, TablesNameCellsAndTypes) {
  auto study = small_study(30, 10, 5, 2);
  const std::vector<int32_t> cells = {3, 0};
  std::vector<float> coordinates;
  for (int i = 0; i < 60; ++i) coordinates.push_back(static_cast<float>(i));
  const auto table = umap_table(study, coordinates);
  EXPECT_EQ(table.text(3, "barcode"), "cell3");
  EXPECT_EQ(table.text(3, "cell_type"), "type 1");
  EXPECT_EQ(table.number(3, "umap2"), 7);
  const auto scores = silhouette_table(study, cells, {0.25, {0.1, 0.4}});
  EXPECT_EQ(scores.rows(), 3u);
  EXPECT_EQ(scores.text(0, "cell_type"), "all");
}

TEST(CellMap, ListsCellsAsTheUsersFileDoes) {
  auto study = small_study(30, 10, 5, 2);
  std::vector<float> coordinates;
  for (int i = 0; i < 60; ++i) coordinates.push_back(static_cast<float>(i));
  for (int64_t i = 0; i < 30; ++i) study.cells.place.push_back(100 - i);
  const auto table = umap_table(study, coordinates);
  EXPECT_EQ(table.text(0, "barcode"), "cell29");
  EXPECT_EQ(table.number(0, "umap1"), 58);
  EXPECT_EQ(table.text(29, "barcode"), "cell0");
}

}  // namespace
}  // namespace grids::core
