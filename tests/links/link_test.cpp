#include "links/link.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace grids::core {
namespace {

TEST(Link, ReadsBackWhatWasWritten) {
  Link whole{"B cells", "PAX5", "ENSG00000196092", 37034475, "-",   "found",     "chr9-1-2", "chr9",
             1,         2,      "chr9:1-2",        "distal", 3,     true,        true,       -0.25,
             0.125,     -0.5,   "borne_out",       0.75,     1e-60, "redundant", 1e-70,      0.875,
             "grids",   10,     -37000000,         "chr9"};
  Link blank;
  blank.gene = "X";
  const auto table = link_columns().table(std::array{whole, blank});
  const auto links = link_columns().read(table);
  ASSERT_EQ(links.size(), 2U);
  EXPECT_EQ(links[0].tss, 37034475);
  EXPECT_EQ(links[0].in_minimal, true);
  EXPECT_TRUE(links[0].partner);
  EXPECT_DOUBLE_EQ(links[0].q, 1e-60);
  EXPECT_DOUBLE_EQ(links[0].hidden_share, 0.875);
  EXPECT_EQ(links[0].distance, -37000000);
  EXPECT_EQ(links[0].gene_chrom, "chr9");
  EXPECT_EQ(links[1].tss, std::nullopt);
  EXPECT_EQ(links[1].rank, std::nullopt);
  EXPECT_EQ(links[1].in_minimal, std::nullopt);
  EXPECT_TRUE(std::isnan(links[1].call_q));
  EXPECT_EQ(link_columns().table(links).row(0), table.row(0));
  EXPECT_EQ(link_columns().table(links).row(1), table.row(1));
}

TEST(Link, WithoutTheGenesChromosomeADistanceSaysThatItIsThePeaks) {
  Link near, far;
  near.chrom = far.chrom = "chr9";
  near.distance = 5;
  const auto whole = link_columns().table(std::array{near, far});
  auto columns = whole.columns();
  columns.pop_back();
  Table without(columns);
  for (size_t i = 0; i < whole.rows(); ++i) {
    auto row = whole.row(i);
    row.pop_back();
    without.add(row);
  }
  const auto links = link_columns().read(without);
  EXPECT_EQ(links[0].gene_chrom, "chr9");
  EXPECT_EQ(links[1].gene_chrom, "");
}

TEST(Link, WhatIsMissingInAWordIsSpelledInTwoWays) {
  Link link;
  link.end = 1;
  auto table = link_columns().table(std::array{link});
  Table said(table.columns());
  auto row = table.row(0);
  for (size_t i = 0; i < row.size(); ++i) {
    const auto& name = table.columns()[i];
    if (name == "verdict" || name == "call") row[i] = "NA";
  }
  said.add(row);
  EXPECT_EQ(link_columns().read(said)[0].verdict, "");
  EXPECT_EQ(link_columns().read(said)[0].call, "");
}

}  // namespace
}  // namespace grids::core
