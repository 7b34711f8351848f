// Peaks and genes around the genes of sets.
#include "links/loci.hpp"

#include <gtest/gtest.h>

#include <array>

#include "study/build.hpp"

namespace grids::core {
namespace {

/// Two types of two training cells, and a test cell in which everything is open.
Study five_cells() {
  Study study;
  study.cells.type = {{"a", "b"}, {0, 0, 1, 1, 0}};
  study.cells.barcodes.resize(5);
  study.cells.split = {Split::kTrain, Split::kTrain, Split::kTrain, Split::kTrain, Split::kTest};
  study.peaks.names = {"far left", "edge", "near", "behind", "other"};
  study.peaks.chromosomes = {"chr1", "chr2"};
  study.peaks.chromosome_offsets = {0, 4, 5};
  study.peaks.start = {100, 499'900, 1'000'000, 1'500'001, 1'000'000};
  study.peaks.end = {200, 500'001, 1'000'500, 1'500'100, 1'000'500};
  study.open.rows = 5;
  study.open.columns = 5;
  study.open.offsets = {0, 1, 3, 4, 4, 9};
  study.open.indices = {2, 1, 2, 2, 0, 1, 2, 3, 4};
  study.genes.names = {"G", "beside", "far", "nowhere"};
  study.genes.ids = {"", "", "", ""};
  study.genes.chromosome = {"chr1", "chr1", "chr2", ""};
  study.genes.start = {1'000'000, 1'490'000, 1'000'000, 0};
  study.genes.end = {1'010'000, 1'600'000, 1'010'000, 0};
  study.genes.strand = {Strand::kPlus, Strand::kMinus, Strand::kPlus, Strand::kUnknown};
  study.provenance = R"({"positions": {"build": "hg38"}})";
  return study;
}

TEST(Loci, HoldPeaksWithinReachWithTheirOpennessInTrainingCells) {
  const auto table = loci_table(five_cells(), std::array{0, 3});
  EXPECT_EQ(table.columns(), (TableRow{"peak", "chrom", "start", "end", "a", "b"}));
  ASSERT_EQ(table.rows(), 2U);
  EXPECT_EQ(table.row(0), (TableRow{"edge", "chr1", "499900", "500001", "0.5", "0"}));
  EXPECT_EQ(table.row(1), (TableRow{"near", "chr1", "1000000", "1000500", "1", "0.5"}));
}

TEST(Loci, GenesThatReachIntoTheStretchByPlace) {
  const auto table = locus_genes_table(five_cells(), std::array{0});
  ASSERT_EQ(table.rows(), 2U);
  EXPECT_EQ(table.row(0), (TableRow{"G", "", "chr1", "1000000", "1010000", "+", "hg38"}));
  EXPECT_EQ(table.text(1, "gene"), "beside");
}

TEST(Build, IsThatOfTheProvenanceWhereItSaysOne) {
  Study study = five_cells();
  EXPECT_EQ(build_of(study), "hg38");
  for (const char* other :
       {"{}", "[]", "no JSON", R"({"positions": 3})", R"({"positions": {"build": 38}})"}) {
    study.provenance = other;
    EXPECT_EQ(build_of(study), "") << other;
  }
}

}  // namespace
}  // namespace grids::core
