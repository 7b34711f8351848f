// Studies that earlier versions wrote, and what is said of those that later ones may write.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/anndata.hpp"
#include "io/mudata.hpp"
#include "io/support.hpp"
#include "study/study.hpp"
#include "support/fixtures.hpp"
#include "support/same_study.hpp"

namespace grids::core {
namespace {

using test::TempFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;

const std::filesystem::path kKept = test::fixture("version_1/run/study.h5mu");

bool has(const std::filesystem::path& study, const std::string& name) {
  return store::open(study).has(name);
}

TEST(KeptStudy, OfFormat1IsReadWholeAndItsCellsArePaired) {
  ASSERT_EQ(store::open(kKept).array("uns/grids/format").read<int64_t>(), std::vector<int64_t>{1});
  ASSERT_FALSE(has(kKept, "uns/grids/paired"));
  const Study study = read_study(kKept);
  EXPECT_TRUE(study.paired);
  EXPECT_EQ(study.cells.size(), 472);
  EXPECT_EQ(study.peaks.size(), 150);
  EXPECT_EQ(study.genes.size(), 45);
  EXPECT_EQ(study.cells_of(Split::kTrain).size(), 331u);
  EXPECT_EQ(study.scale, ExpressionScale::kLog1pCp100k);
  EXPECT_TRUE(study.has_counts());
  EXPECT_THAT(study.provenance, HasSubstr("\"min_peaks\":3.0"));
}

TEST(KeptStudy, WrittenAnewItIsOfTheFormatOfTodayAndHoldsTheSame) {
  const TempFolder folder;
  const Study study = read_study(kKept);
  write_study(folder / "study.h5mu", study);
  EXPECT_TRUE(has(folder / "study.h5mu", "uns/grids/paired"));
  EXPECT_EQ(store::open(folder / "study.h5mu").array("uns/grids/format").read<int64_t>(),
            std::vector<int64_t>{3});
  const Study back = read_study(folder / "study.h5mu");
  test::expect_same_study(back, study);
  EXPECT_EQ(back.provenance, study.provenance);
}

/// A file with nothing but `uns/grids`, as far as `fill` fills it.
std::string reading(const std::function<void(const store::GroupWriter& grids)>& fill) {
  const TempFolder folder;
  const Frame obs{{"c1"}, {}};
  const ModalityToWrite modalities[] = {
      {"rna", obs, Frame{{"G"}, {}}, [](const store::GroupWriter&) {}}};
  write_h5mu(folder / "later.h5mu", obs, modalities,
             [&](const store::GroupWriter& root) { fill(create_dict(root, "uns/grids")); });
  return test::input_message([&] { read_study(folder / "later.h5mu"); });
}

TEST(KeptStudy, OfALaterFormatIsRefusedWithBothFormatsAndWhatToDo) {
  EXPECT_THAT(reading([](const auto& grids) { write_integer_element(grids, "format", 4); }),
              AllOf(HasSubstr("later.h5mu: uns/grids/format: the study is of format 4"),
                    HasSubstr("grids " GRIDS_VERSION " knows formats up to 3"),
                    HasSubstr("use the grids that prepared it"), HasSubstr("grids prepare")));
  EXPECT_THAT(reading([](const auto& grids) { write_integer_element(grids, "format", 0); }),
              HasSubstr("uns/grids/format: must be one whole number from 1"));
}

TEST(KeptStudy, WithoutAFormatIsReadAsOfTheFirst) {
  EXPECT_THAT(reading([](const auto&) {}),
              HasSubstr("mod/rna/X: the study lacks it; prepare the study again (grids prepare)"));
}

TEST(KeptStudy, WhatItLacksIsNamedWithTheCommandThatMakesIt) {
  GRIDS_NEEDS_ANNDATA();  // whose h5py takes the part away
  for (const char* name : {"obs/split", "obs/cell_type", "mod/atac/var/chrom", "mod/rna/X",
                           "mod/atac/var", "uns/grids/scale", "uns/grids/provenance"}) {
    SCOPED_TRACE(name);
    const TempFolder folder;
    std::filesystem::copy_file(kKept, folder / "study.h5mu");
    ASSERT_TRUE(test::run_python(fmt::format("{}/study/take_away.py {} {}", GRIDS_TEST_DIR,
                                             (folder / "study.h5mu").string(), name)));
    const std::string last = std::filesystem::path(name).filename();
    EXPECT_THAT(test::input_message([&] { read_study(folder / "study.h5mu"); }),
                AllOf(HasSubstr("study.h5mu"), HasSubstr(last), HasSubstr("(grids prepare)")));
  }
}

TEST(KeptStudy, BothFormatsAreMuDataWithABooleanThatAnnDataReads) {
  GRIDS_NEEDS_ANNDATA();
  const TempFolder folder;
  write_study(folder / "study.h5mu", read_study(kKept));
  for (const auto& [path, uns] :
       {std::pair{kKept, "format=1"}, {folder / "study.h5mu", "format=3 paired=True"}}) {
    const auto script = std::string(GRIDS_TEST_DIR) + "/io/check_anndata.py";
    EXPECT_TRUE(test::run_python(fmt::format("{} {} --mudata", script, path.string())));
    ASSERT_TRUE(test::run_python(
        fmt::format("{} {} --uns uns/grids {}", script, path.string(), (folder / "uns").string())));
    EXPECT_THAT(test::slurp(folder / "uns"), HasSubstr(uns));
  }
}

}  // namespace
}  // namespace grids::core
