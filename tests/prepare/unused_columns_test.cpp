#include "prepare/unused_columns.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "prepare/fixture.hpp"

namespace grids::core {
namespace {

using test::two_types;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(UnusedColumns, NamesOfUnitsAreRecognised) {
  for (const char* name : {"batch",
                           "Batch",
                           "sample",
                           "sample_id",
                           "SampleID",
                           "donor_id",
                           "donor",
                           "library",
                           "patient",
                           "individual",
                           "orig.ident",
                           "lane",
                           "channel",
                           "replicate",
                           "gem_group",
                           "rna:sample",
                           "multiome_sample",
                           "batch2",
                           "Technical replicate",
                           "donors",
                           "library_id",
                           "subject_id"}) {
    EXPECT_TRUE(names_a_unit(name)) << name;
  }
  for (const char* name :
       {"cell_type", "donor_age", "library_size", "sample_weight", "n_counts", "leiden", "ident",
        "batch_score", "laned", "planet", "", "total_counts", "percent_mito"}) {
    EXPECT_FALSE(names_a_unit(name)) << name;
  }
}

TEST(UnusedColumns, BarcodesSayWhatStandsAroundTheBases) {
  EXPECT_EQ(around_bases("ACGTACGTACGT-1"), "-1");
  EXPECT_EQ(around_bases("ACGTACGTACGT-2_3"), "-2_3");
  EXPECT_EQ(around_bases("LATE_ACGTACGTACGT"), "LATE_");  // with bases in the sample's name
  EXPECT_EQ(around_bases("ACGTACGTACGT"), "");
  EXPECT_EQ(around_bases("CELL0001"), "CELL0001");
}

TEST(UnusedColumns, CallsOfDoubletsAreCounted) {
  const auto called = [](std::vector<std::string> values) { return called_doublets(values); };
  EXPECT_EQ(called({"doublet", "singlet", "Doublet", ""}), 2);
  EXPECT_EQ(called({"True", "False", "True"}), 2);
  EXPECT_EQ(called({"1", "0", "0"}), 1);
  EXPECT_EQ(called({"singlet", "singlet"}), 0);
  EXPECT_EQ(called({"0.01", "0.7"}), std::nullopt);
}

/// Sixty cells with columns, told.
struct Told {
  RawMultiome raw = two_types(60);
  PrepareInputs inputs;

  void column(const std::string& name, const std::function<std::string(int)>& value) {
    std::vector<std::string> values;
    for (int i = 0; i < 60; ++i) values.push_back(value(i));
    raw.rna.obs.columns.push_back({name, std::move(values)});
  }
  std::vector<std::string> warnings() const {
    PrepareSummary summary;
    Reporter silent;
    Diary diary(summary, silent);
    tell_unused_columns(raw, match_cells(raw.rna, raw.atac), inputs.names(), diary);
    return summary.warnings;
  }
};

std::string thirds(int i) {
  return i % 3 == 0 ? "a" : "b";
}

TEST(UnusedColumns, AUnitThatIsNotUsedIsNamedWithTheOptionToAdd) {
  Told told;
  EXPECT_TRUE(told.warnings().empty());
  told.column("donor_id", thirds);
  told.column("lane", [](int i) { return std::to_string(i % 2); });
  EXPECT_THAT(told.warnings(),
              Contains(AllOf(HasSubstr("'donor_id' has 2 different values"),
                             HasSubstr("--batches donor_id (or --donors donor_id)"))));
  EXPECT_THAT(told.warnings(), Contains(HasSubstr("'lane' has 2")));
  told.inputs.donor_column = "donor_id";
  EXPECT_THAT(told.warnings(), Not(Contains(HasSubstr("donor_id"))));
  told.inputs.batch_column = "lane";
  EXPECT_TRUE(told.warnings().empty());
}

TEST(UnusedColumns, WhatSaysNoMoreThanAColumnInUseIsPassedOver) {
  Told told;
  told.column("donor", [](int i) { return std::to_string(i % 3); });
  told.column("sample", [](int i) { return "s" + std::to_string(i % 3); });  // the same cells
  told.column("batch", [](int i) { return i % 3 == 0 ? "x" : "y"; });        // donors together
  EXPECT_EQ(told.warnings().size(), 1u);                                     // the first of them
  told.inputs.donor_column = "donor";
  EXPECT_TRUE(told.warnings().empty());
}

TEST(UnusedColumns, AnnotationsOfOtherCellsArePassedOver) {
  Told told;
  told.raw.obs.index = {"elsewhere-1", "elsewhere-2"};
  told.raw.obs.columns.push_back({"batch", std::vector<std::string>{"a", "b"}});
  EXPECT_TRUE(told.warnings().empty());
}

TEST(UnusedColumns, OneValueOrNearlyOneACellIsNoUnit) {
  Told told;
  told.column("sample", [](int) { return "only"; });
  told.column("library", [](int i) { return std::to_string(i / 10); });  // 6 for 60 cells
  EXPECT_TRUE(told.warnings().empty());
}

TEST(UnusedColumns, BarcodesOfSeveralSamplesAreNamed) {
  Told told;
  std::vector<std::string> barcodes;
  for (int i = 0; i < 60; ++i) {
    std::string bases;
    for (int j = 0, rest = i; j < 10; ++j, rest /= 4) bases += "ACGT"[rest % 4];
    barcodes.push_back(bases + (i % 2 == 0 ? "-1" : "-2"));
  }
  told.raw.rna.obs.index = told.raw.atac.obs.index = barcodes;
  EXPECT_THAT(told.warnings(), Contains(AllOf(HasSubstr("barcodes begin or end with has 2"),
                                              HasSubstr("--batches barcode"))));
  told.inputs.batch_column = "barcode";
  EXPECT_TRUE(told.warnings().empty());
}

TEST(UnusedColumns, DoubletsThatAreKeptAreCounted) {
  Told told;
  told.column("doublet_score", [](int i) { return fmt::format("{}", 0.01 * i); });
  EXPECT_THAT(told.warnings(), Contains(HasSubstr("scores of doublets ('doublet_score')")));
  told.column("scDblFinder.class", [](int) { return "singlet"; });
  told.column("predicted_doublet", [](int i) { return i < 6 ? "True" : "False"; });
  EXPECT_THAT(told.warnings(), Contains(AllOf(HasSubstr("'predicted_doublet' calls 6 of the 60"))));
  EXPECT_THAT(told.warnings(), Not(Contains(HasSubstr("score"))));
}

}  // namespace
}  // namespace grids::core
