#include <gmock/gmock.h>
#include <zlib.h>

#include <cstdlib>

#include "io/feature_kind.hpp"
#include "io/matrix_files.hpp"
#include "io/store.hpp"
#include "io/support.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;
using test::TempFolder;
using ::testing::HasSubstr;

/// TMPDIR for as long as it lives.
class TemporaryFilesIn {
 public:
  explicit TemporaryFilesIn(const fs::path& folder) {
    if (const char* before = std::getenv("TMPDIR")) before_ = before;
    ::setenv("TMPDIR", folder.c_str(), 1);
  }
  ~TemporaryFilesIn() {
    before_.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", before_.c_str(), 1);
  }
  TemporaryFilesIn(const TemporaryFilesIn&) = delete;
  TemporaryFilesIn& operator=(const TemporaryFilesIn&) = delete;

 private:
  std::string before_;
};

void pack_file(const fs::path& from, const fs::path& to) {
  const auto content = test::slurp(from);
  gzFile file = gzopen(to.c_str(), "wb");
  gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
  gzclose(file);
}

class PackedStore : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override {
    store::create(folder_ / "a.h5", GetParam()).write<int32_t>("x", std::vector<int32_t>{1, 2, 3});
    pack_file(folder_ / "a.h5", folder_ / "a.h5.gz");
    fs::create_directory(folder_ / "tmp");
  }
  TempFolder folder_;
};

TEST_P(PackedStore, LeavesNothingInTheFolderForTemporaryFiles) {
  const TemporaryFilesIn here(folder_ / "tmp");
  ASSERT_TRUE(store::is_store(folder_ / "a.h5.gz"));
  const auto root = store::open(folder_ / "a.h5.gz");
  EXPECT_TRUE(fs::is_empty(folder_ / "tmp"));  // while it is open
  EXPECT_EQ(root.array("x").read<int32_t>(), (std::vector<int32_t>{1, 2, 3}));
  EXPECT_EQ(root.file(), (folder_ / "a.h5.gz").string());
}

TEST_P(PackedStore, SaysWhereItCannotUnpack) {
  const TemporaryFilesIn nowhere(folder_ / "none");
  EXPECT_THAT(test::input_message([&] { store::open(folder_ / "a.h5.gz"); }), HasSubstr("TMPDIR"));
}

TEST_P(PackedStore, CutOffIsNamed) {
  const auto packed = test::slurp(folder_ / "a.h5.gz");
  test::put(folder_ / "a.h5.gz", packed.substr(0, packed.size() - 9));
  EXPECT_THAT(test::input_message([&] { store::open(folder_ / "a.h5.gz"); }),
              HasSubstr("a.h5.gz: damaged, or not copied to its end"));
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutUserBlock, PackedStore, ::testing::Values(0, 512, 2048));

TEST(PackedText, IsNoStore) {
  const TempFolder folder;
  test::put(folder / "a.txt", "text");
  pack_file(folder / "a.txt", folder / "a.txt.gz");
  EXPECT_FALSE(store::is_store(folder / "a.txt.gz"));
}

TEST(FeatureKind, AnyNameInAnyCase) {
  for (const auto* name :
       {"Gene Expression", "GEX", "gex", "RNA", "gene_expression", "Gene-Expression"}) {
    EXPECT_EQ(feature_kind(name), FeatureKind::kGene) << name;
  }
  for (const auto* name :
       {"Peaks", "ATAC", "peak", "Chromatin Accessibility", "chromatin_accessibility"}) {
    EXPECT_EQ(feature_kind(name), FeatureKind::kPeak) << name;
  }
  for (const auto* name : {"", "Antibody Capture", "CRISPR Guide Capture", "Custom", "protein"}) {
    EXPECT_EQ(feature_kind(name), FeatureKind::kOther) << name;
  }
}

TEST(FeatureKind, TheColumnThatKnowsBothComesFirst) {
  using Texts = std::vector<std::string>;
  Frame var{{"a", "b"}, {{"feature_types", Texts{"x", "y"}}}};
  EXPECT_EQ(feature_types(var)->name, "feature_types");
  var.columns.push_back({"MODALITY", Texts{"RNA", "ATAC"}});
  EXPECT_EQ(feature_types(var)->name, "MODALITY");
  EXPECT_EQ(feature_types(Frame{{"a"}, {{"n", std::vector<double>{1}}}}), nullptr);
}

TEST(MatrixFiles, ThePlainMatrixGoesBeforeOnesWithASamplesName) {
  const TempFolder folder;
  for (const auto* name : {"matrix.mtx", "barcodes.tsv", "genes.tsv", "S1_matrix.mtx.gz"}) {
    test::put(folder / name, "x");
  }
  EXPECT_EQ(matrix_files(folder.path()).matrix, folder / "matrix.mtx");
  EXPECT_EQ(matrix_files(folder.path()).features, folder / "genes.tsv");
  EXPECT_THAT(test::input_message([&] { matrix_files(folder / "S1_matrix.mtx.gz"); }),
              HasSubstr("there is neither S1_barcodes.tsv nor S1_barcodes.tsv.gz"));
}

TEST(MatrixFiles, ResultsOfCellRangerAreEnteredAndOtherFoldersAreNot) {
  const TempFolder folder;
  fs::create_directories(folder / "run/outs/filtered_feature_bc_matrix");
  EXPECT_EQ(inside_results(folder / "run"), folder / "run/outs/filtered_feature_bc_matrix");
  test::put(folder / "run/outs/filtered_feature_bc_matrix.h5", "x");
  EXPECT_EQ(inside_results(folder / "run/outs"), folder / "run/outs/filtered_feature_bc_matrix.h5");
  EXPECT_EQ(inside_results(folder.path()), folder.path());
  EXPECT_EQ(inside_results(folder / "none.h5"), folder / "none.h5");
}

}  // namespace
}  // namespace grids::core
