// Cells that were not measured together: written and read, by others too; what is refused.
#include "study/unpaired_study.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/anndata.hpp"
#include "io/store.hpp"
#include "io/support.hpp"
#include "study/study.hpp"
#include "study/study_check.hpp"
#include "support/fixtures.hpp"
#include "support/same_study.hpp"
#include "support/unpaired.hpp"

namespace grids::core {
namespace {

using test::halves_of;
using test::TempFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// Of format 1, with donors; real enough: 472 cells, 150 peaks, 45 genes.
Study kept_study() {
  Study study = read_study(test::fixture("version_1/run/study.h5mu"));
  for (int64_t cell = 0; cell < study.cells.size(); ++cell) study.cells.place.push_back(2 * cell);
  return study;
}

/// The same with columns and embeddings of the user's file.
Study annotated_study() {
  Study study = kept_study();
  const auto cells = static_cast<size_t>(study.cells.size());
  std::vector<double> age(cells, 31.5);
  age.front() = std::numeric_limits<double>::quiet_NaN();
  study.cells.columns.push_back({{"age", ColumnKind::kPlain, false, std::move(age)}});
  CategoricalColumn stage{{"late", "early", "never"}, std::vector<int32_t>(cells, 1)};
  study.cells.columns.push_back({{"rna:split", ColumnKind::kCategory, true, std::move(stage)}});
  study.cells.embeddings.push_back({{"X_umap", 2, std::vector<float>(cells * 2, 0.5f)}});
  return study;
}

UnpairedStudy read_back(const std::filesystem::path& path) {
  ThreadPool pool(1);
  Reporter silent;
  return read_unpaired_study(path, Context{1, pool, silent});
}

void expect_same_columns(const CellTable& found, const CellTable& expected) {
  ASSERT_EQ(found.columns.size(), expected.columns.size());
  for (size_t i = 0; i < found.columns.size(); ++i) {
    EXPECT_EQ(found.columns[i].name, expected.columns[i].name);
    EXPECT_EQ(found.columns[i].in_rna, expected.columns[i].in_rna);
    EXPECT_EQ(found.columns[i].in_atac, expected.columns[i].in_atac);
    EXPECT_TRUE(same_values(found.columns[i], expected.columns[i])) << found.columns[i].name;
  }
  ASSERT_EQ(found.embeddings.size(), expected.embeddings.size());
  for (size_t i = 0; i < found.embeddings.size(); ++i) {
    EXPECT_EQ(found.embeddings[i].values, expected.embeddings[i].values);
    EXPECT_EQ(found.embeddings[i].in_rna, expected.embeddings[i].in_rna);
    EXPECT_EQ(found.embeddings[i].in_atac, expected.embeddings[i].in_atac);
  }
}

TEST(UnpairedStudy, ReadsBackBothHalvesWhereverTheLabelsAre) {
  const Study whole = annotated_study();
  for (const auto labels : {LabelsIn::kBoth, LabelsIn::kAtac, LabelsIn::kRna, LabelsIn::kNone}) {
    SCOPED_TRACE(labels_in_name(labels));
    const TempFolder folder;
    const UnpairedStudy study = halves_of(whole, labels);
    write_unpaired_study(folder / "study.h5mu", study);
    const UnpairedStudy back = read_back(folder / "study.h5mu");
    EXPECT_EQ(back.labels_in, labels);
    test::expect_same_study(back.atac, study.atac);
    test::expect_same_study(back.rna, study.rna);
    EXPECT_EQ(back.atac.cells.place, study.atac.cells.place);
    EXPECT_EQ(back.rna.cells.place, study.rna.cells.place);
    EXPECT_EQ(back.atac.provenance, study.rna.provenance);
    EXPECT_EQ(back.rna.provenance, study.rna.provenance);
    expect_same_columns(back.atac.cells, study.atac.cells);
    expect_same_columns(back.rna.cells, study.rna.cells);
  }
}

TEST(UnpairedStudy, HalvesOfDifferentSizesAndWithoutCountsReadBackToo) {
  Study whole = kept_study();
  whole.counts = {};
  whole.scale = ExpressionScale::kAsGiven;
  const auto study = test::halves_at(whole, {5, 0, 3}, {1, 3, 7, 8, 200});
  EXPECT_EQ(study.atac.cells.barcodes[2], whole.cells.barcodes[3] + "-atac");
  EXPECT_EQ(study.rna.cells.barcodes[1], whole.cells.barcodes[3] + "-rna");
  const TempFolder folder;
  write_unpaired_study(folder / "study.h5mu", study);
  const auto back = read_back(folder / "study.h5mu");
  test::expect_same_study(back.atac, study.atac);
  test::expect_same_study(back.rna, study.rna);
  EXPECT_FALSE(back.rna.has_counts());
}

TEST(UnpairedStudy, BlockByBlockTheSameIsWritten) {
  const TempFolder folder;
  const auto study = halves_of(kept_study());
  UnpairedStudy tables = study;
  tables.atac.open = {};
  tables.rna.expression = tables.rna.counts = {};
  const auto block_rows = [](int64_t first, int64_t last) {
    std::vector<int32_t> rows;
    for (int64_t row = first; row < last; ++row) rows.push_back(static_cast<int32_t>(row));
    return rows;
  };
  StudyRows rows;
  rows.rows_at_once = 37;
  rows.has_counts = true;
  rows.open = [&](int64_t first, int64_t last) {
    return select_rows(study.atac.open, block_rows(first, last));
  };
  rows.expression = [&](int64_t first, int64_t last, std::vector<float>& counts) {
    const auto chosen = block_rows(first, last);
    const auto counted = select_rows(study.rna.counts, chosen);
    counts.assign(counted.values.begin(), counted.values.end());
    return select_rows(study.rna.expression, chosen);
  };
  write_unpaired_rows(folder / "blocks.h5mu", tables, rows, nullptr);
  const auto found = read_back(folder / "blocks.h5mu");
  test::expect_same_study(found.atac, study.atac);
  test::expect_same_study(found.rna, study.rna);
}

TEST(UnpairedStudy, LittleMemoryReadsTheSameIntoAFile) {
  const TempFolder folder;
  write_unpaired_study(folder / "study.h5mu", halves_of(kept_study()));
  const auto plain = read_unpaired_study(store::open(folder / "study.h5mu"));
  ThreadPool pool(2);
  Reporter silent;
  const auto back =
      read_unpaired_study(folder / "study.h5mu", Context{1, pool, silent, nullptr, /*memory=*/2});
  EXPECT_NE(back.atac.open.indices.room(), nullptr);
  EXPECT_NE(back.rna.expression.values.room(), nullptr);
  test::expect_same_study(back.atac, plain.atac);
  test::expect_same_study(back.rna, plain.rna);
}

TEST(UnpairedStudy, IsKnownByWhatItSays) {
  const TempFolder folder;
  const Study paired = kept_study();
  write_study(folder / "paired.h5mu", paired);
  write_unpaired_study(folder / "unpaired.h5mu", halves_of(paired));
  EXPECT_TRUE(is_unpaired(folder / "unpaired.h5mu"));
  EXPECT_FALSE(is_unpaired(folder / "paired.h5mu"));
  EXPECT_FALSE(is_unpaired(test::fixture("version_1/run/study.h5mu")));  // before it was said
  EXPECT_THAT(test::input_message([&] { is_unpaired(folder / "none.h5mu"); }),
              HasSubstr("there is no such file"));
}

TEST(UnpairedStudy, IsNotReadAsIfItsCellsWerePairedNorTheOtherWayRound) {
  const TempFolder folder;
  const Study paired = kept_study();
  write_unpaired_study(folder / "unpaired.h5mu", halves_of(paired));
  EXPECT_THAT(
      test::input_message([&] { read_study(folder / "unpaired.h5mu"); }),
      AllOf(HasSubstr("unpaired.h5mu: uns/grids/paired: chromatin and RNA were measured in "
                      "different cells (grids prepare --unpaired)"),
            HasSubstr("needs chromatin and RNA of the same cells"), HasSubstr("grids train"),
            HasSubstr("prepare a multiome experiment: grids prepare")));
  write_study(folder / "paired.h5mu", paired);
  EXPECT_THAT(test::input_message([&] { read_back(folder / "paired.h5mu"); }),
              AllOf(HasSubstr("paired.h5mu: uns/grids/paired: chromatin and RNA are of the same "
                              "cells here"),
                    HasSubstr("grids prepare --unpaired")));
  EXPECT_THROW(write_study(folder / "half.h5mu", halves_of(paired).rna), Error);
  EXPECT_FALSE(std::filesystem::exists(folder / "half.h5mu"));
}

TEST(UnpairedStudy, IsMuDataThatAnnDataReads) {
  GRIDS_NEEDS_ANNDATA();
  const TempFolder folder;
  const auto path = folder / "study.h5mu";
  const auto study = test::halves_at(kept_study(), {5, 0, 3}, {1, 3, 7, 8}, LabelsIn::kRna);
  write_unpaired_study(path, study);
  const auto script = std::string(GRIDS_TEST_DIR) + "/io/check_anndata.py";
  EXPECT_TRUE(test::run_python(fmt::format("{} {} --mudata", script, path.string())));
  const auto described = [&](const std::string& group, const char* layer) {
    EXPECT_TRUE(test::run_python(fmt::format("{} {} {} {} {}", script, path.string(), group,
                                             (folder / "told").string(), layer)));
    return test::slurp(folder / "told");
  };
  const auto tabbed = [](const auto& list) {
    std::string text;
    for (const auto& entry : list) text += "\t" + fmt::format("{}", entry);
    return text;
  };
  const auto rna = described("mod/rna", "counts");
  EXPECT_THAT(rna, HasSubstr("shape 4 45\nobs " + study.rna.cells.barcodes[0] + "\n"));
  EXPECT_THAT(rna, HasSubstr("\nobs.place" + tabbed(std::vector<int>{2, 6, 14, 16}) + "\n"));
  EXPECT_THAT(rna, HasSubstr("\nobs.cell_type\t"));
  EXPECT_THAT(rna, HasSubstr("\nobs.total_rna" + tabbed(study.rna.cells.total_rna) + "\n"));
  const auto atac = described("mod/atac", "");
  EXPECT_THAT(atac, HasSubstr("shape 3 150\nobs " + study.atac.cells.barcodes[0] + "\n"));
  EXPECT_THAT(atac, HasSubstr("\nobs.open_peaks" + tabbed(study.atac.cells.open_peaks) + "\n"));
  EXPECT_THAT(atac, Not(HasSubstr("\nobs.cell_type")));
  ASSERT_TRUE(test::run_python(
      fmt::format("{} {} --uns uns/grids {}", script, path.string(), (folder / "uns").string())));
  EXPECT_THAT(test::slurp(folder / "uns"), HasSubstr("format=3 labels_in=rna paired=False"));
}

TEST(UnpairedStudy, WhatItLacksIsNamed) {
  GRIDS_NEEDS_ANNDATA();  // whose h5py takes the part away
  const TempFolder folder;
  write_unpaired_study(folder / "study.h5mu", halves_of(kept_study()));
  for (const char* name : {"mod/atac/obs/split", "mod/atac/obs/cell_type", "mod/rna/obs/cell_type",
                           "mod/rna/obs/total_rna", "mod/atac/obs/open_peaks", "mod/rna/X",
                           "mod/atac/var", "uns/grids/labels_in", "uns/grids/scale"}) {
    SCOPED_TRACE(name);
    std::filesystem::copy_file(folder / "study.h5mu", folder / "damaged.h5mu",
                               std::filesystem::copy_options::overwrite_existing);
    ASSERT_TRUE(test::run_python(fmt::format("{}/study/take_away.py {} {}", GRIDS_TEST_DIR,
                                             (folder / "damaged.h5mu").string(), name)));
    const std::string last = std::filesystem::path(name).filename();
    EXPECT_THAT(test::input_message([&] { read_back(folder / "damaged.h5mu"); }),
                AllOf(HasSubstr("damaged.h5mu"), HasSubstr(last), HasSubstr("(grids prepare)")));
  }
}

TEST(UnpairedStudy, NamesWhatDoesNotFit) {
  const TempFolder folder;
  const auto wrong = [&](const std::function<void(UnpairedStudy&)>& change) {
    auto study = halves_of(kept_study());
    change(study);
    EXPECT_THROW(write_unpaired_study(folder / "study.h5mu", study), Error);
    EXPECT_FALSE(std::filesystem::exists(folder / "study.h5mu"));
    const auto problems = problems_of(study);
    return problems.empty() ? "none" : problems.list().front();
  };
  EXPECT_TRUE(problems_of(halves_of(kept_study())).empty());
  EXPECT_THAT(wrong([](auto& s) { s.rna.cells.barcodes[4] = s.atac.cells.barcodes[2]; }),
              HasSubstr("is a cell of mod/atac/obs and of mod/rna/obs"));
  EXPECT_THAT(
      wrong([](auto& s) { std::swap(s.rna.cells.type.names[0], s.rna.cells.type.names[1]); }),
      HasSubstr("mod/atac/obs/cell_type and mod/rna/obs/cell_type have other categories"));
  EXPECT_THAT(wrong([](auto& s) { s.rna.cells.type.codes[3] = 99; }),
              HasSubstr("mod/rna/obs/cell_type: cell 3 has code 99"));
  EXPECT_THAT(wrong([](auto& s) { s.atac.cells.split.pop_back(); }),
              HasSubstr("mod/atac/obs/split has 235 entries instead of 236"));
  EXPECT_THAT(wrong([](auto& s) { s.rna.cells.total_rna[0] = 0; }),
              HasSubstr("mod/rna/obs/total_rna: cell '"));
  EXPECT_THAT(wrong([](auto& s) { s.labels_in = LabelsIn::kRna; }),
              HasSubstr("mod/atac/obs/cell_type is there, but uns/grids/labels_in is 'rna'"));
  EXPECT_THAT(wrong([](auto& s) { s.rna.cells.type = {}; }),
              HasSubstr("mod/rna/obs/cell_type is missing, but uns/grids/labels_in is 'both'"));
  EXPECT_THAT(wrong([](auto& s) { s.rna.genes.names[0] = "other"; }),
              HasSubstr("mod/rna/var: the halves have other genes"));
  EXPECT_THAT(wrong([](auto& s) { s.rna.expression.values[1] = -1; }),
              HasSubstr("mod/rna/X: holds -1"));
  EXPECT_THAT(wrong([](auto& s) { s.rna.paired = true; }), HasSubstr("uns/grids/paired is true"));
}

TEST(UnpairedStudy, NamesAreToldApartOnlyWhereSomeAreInBoth) {
  std::vector<std::string> atac = {"a", "b"}, rna = {"c", "d"};
  EXPECT_EQ(name_apart(atac, rna), 0);
  EXPECT_EQ(atac, (std::vector<std::string>{"a", "b"}));
  rna[1] = "a";
  EXPECT_EQ(name_apart(atac, rna), 1);
  EXPECT_EQ(atac, (std::vector<std::string>{"a-atac", "b-atac"}));
  EXPECT_EQ(rna, (std::vector<std::string>{"c-rna", "a-rna"}));
}

}  // namespace
}  // namespace grids::core
