#include "prepare/labels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "prepare/fixture.hpp"
#include "prepare/prepare.hpp"

namespace grids::core {
namespace {

using test::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string> kCells = {"c1", "c2", "c3"};

/// Three cells, the ATAC in reverse order.
RawMultiome three_cells() {
  RawMultiome raw;
  raw.rna = test::modality("rna", kCells, {}, {{}, {}, {}});
  raw.atac = test::modality("atac", {"c3", "c2", "c1"}, {}, {{}, {}, {}});
  return raw;
}

FrameColumn text(std::string name, std::vector<std::string> values) {
  return {std::move(name), std::move(values)};
}

std::vector<std::string> read(const RawMultiome& raw, std::string_view column) {
  return labels_from_column(raw, match_cells(raw.rna, raw.atac), column).of_cell;
}

TEST(Labels, WholeGoesBeforeRnaGoesBeforeAtac) {
  auto raw = three_cells();
  raw.atac.obs.columns.push_back(text("t", {"atac3", "atac2", "atac1"}));
  EXPECT_THAT(read(raw, "t"), ElementsAre("atac1", "atac2", "atac3"));
  raw.rna.obs.columns.push_back(text("t", {"rna1", "rna2", "rna3"}));
  EXPECT_THAT(read(raw, "t"), ElementsAre("rna1", "rna2", "rna3"));
  raw.obs.index = {"c2", "c1"};  // another order, and one cell without an entry
  raw.obs.columns.push_back(text("t", {" two ", "one"}));
  EXPECT_THAT(read(raw, "t"), ElementsAre("one", "two", ""));
}

TEST(Labels, PrefixesOfMuDataAreUnderstood) {
  auto raw = three_cells();
  raw.atac.obs.columns.push_back(text("t", {"atac3", "atac2", "atac1"}));
  EXPECT_THAT(read(raw, "atac:t"), ElementsAre("atac1", "atac2", "atac3"));
  auto whole = three_cells();
  whole.obs.index = kCells;
  whole.obs.columns.push_back(text("rna:t", {"x", "y", "z"}));
  EXPECT_THAT(read(whole, "rna:t"), ElementsAre("x", "y", "z"));
  EXPECT_THAT(read(whole, "t"), ElementsAre("x", "y", "z"));
}

TEST(Labels, NumbersBecomeTextAndNanIsMissing) {
  auto raw = three_cells();
  raw.rna.obs.columns.push_back({"leiden", std::vector<double>{3, 10, NAN}});
  EXPECT_THAT(read(raw, "leiden"), ElementsAre("3", "10", ""));
}

TEST(Labels, AMissingColumnListsThoseThereAre) {
  auto raw = three_cells();
  raw.rna.obs.columns.push_back(text("cell_type", {"x", "y", "z"}));
  EXPECT_THAT(message_of([&] { read(raw, "celltype"); }),
              HasSubstr("no column 'celltype' among the annotations of the cells"));
  EXPECT_THAT(message_of([&] { read(raw, "celltype"); }), HasSubstr("of the RNA (rna): cell_type"));
}

TEST(Labels, MapsFitByBarcodeWithOrWithoutSuffix) {
  const auto raw = three_cells();
  const auto cells = match_cells(raw.rna, raw.atac);
  const LabelMap map{"l.tsv", {{"c3", "x"}, {"zz", "q"}, {"c1", "y"}, {"c3", "x"}}};
  EXPECT_THAT(labels_from_map(map, cells).of_cell, ElementsAre("y", "", "x"));
  const LabelMap suffixed{"l.tsv", {{"c3-1", "x"}, {"c1-1", "y"}}};
  const auto found = labels_from_map(suffixed, cells);
  EXPECT_THAT(found.of_cell, ElementsAre("y", "", "x"));
  EXPECT_EQ(found.notes.size(), 1u);
}

TEST(Labels, MapsThatFitNothingOrContradictThemselvesAreErrors) {
  const auto raw = three_cells();
  const auto cells = match_cells(raw.rna, raw.atac);
  const auto none = message_of([&] { labels_from_map({"l.tsv", {{"T cell", "AAAC"}}}, cells); });
  EXPECT_THAT(none, HasSubstr("l.tsv: none of its 1 barcodes (T cell) is among the 3 cells (c1, "
                              "c2, c3)"));
  EXPECT_THAT(message_of([&] {
                labels_from_map({"l.tsv", {{"c1", "x"}, {"c1", "y"}}}, cells);
              }),
              HasSubstr("barcode 'c1' has two labels, 'x' and 'y'"));
}

TEST(Labels, DefaultsExcludeWhatIsNoType) {
  const auto patterns = PrepareOptions().exclude_labels;
  for (const char* label : {"Unknown", "nan", "NA", "unassigned", "Doublet", "B/T doublets",
                            "predicted_doublet", "Low Quality"}) {
    EXPECT_TRUE(matches_label(label, patterns)) << label;
  }
  for (const char* label : {"Naive CD4+ T", "NK", "unknown neuron", "CD14+ Mono", "NAc"}) {
    EXPECT_FALSE(matches_label(label, patterns)) << label;
  }
}

TEST(Labels, StarsMatchAnything) {
  const std::vector<std::string> patterns = {"a*b*c"};
  EXPECT_TRUE(matches_label("abc", patterns));
  EXPECT_TRUE(matches_label("A--b-bb-C", patterns));
  EXPECT_FALSE(matches_label("abcd", patterns));
  EXPECT_FALSE(matches_label("ab", patterns));
}

TEST(Labels, SelectionKeepsCountsOfWhatItExcludes) {
  CellLabels labels{"l", {"B", "", "unknown", "A", "B"}, {}};
  const std::vector<std::string> exclude = {"unknown"};
  const auto selection = select_labels(labels, exclude);
  EXPECT_THAT(selection.kept, ElementsAre(0, 3, 4));
  ASSERT_EQ(selection.table.size(), 4u);
  EXPECT_EQ(selection.table[0].label, "B");
  EXPECT_EQ(selection.table[0].cells, 2);
  EXPECT_EQ(selection.table[1].label, "");
  EXPECT_TRUE(selection.table[1].excluded);
  EXPECT_TRUE(selection.table[2].excluded);
  EXPECT_FALSE(selection.table[3].excluded);
}

TEST(Labels, NothingLeftAndColumnsThatAreNoTypesAreErrors) {
  EXPECT_THAT(message_of([] {
                select_labels({"l.tsv", {"", ""}, {}}, {});
              }),
              HasSubstr("no cell has a label that is used"));
  std::vector<std::string> barcodes;
  for (int i = 0; i < 30; ++i) barcodes.push_back(std::to_string(i));
  EXPECT_THAT(message_of([&] {
                select_labels({"l.tsv", barcodes, {}}, {});
              }),
              HasSubstr("30 different labels for 30 cells"));
}

}  // namespace
}  // namespace grids::core
