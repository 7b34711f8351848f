#include "io/readers.hpp"

#include <gmock/gmock.h>
#include <zlib.h>

#include <algorithm>
#include <numeric>

#include "io/anndata.hpp"
#include "io/mudata.hpp"
#include "io/peak_name.hpp"
#include "io/support.hpp"
#include "support/fixtures.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;
using test::TempFolder;
using ::testing::HasSubstr;

struct Told : Reporter {
  void info(std::string_view text) override { all += fmt::format("{}\n", text); }
  std::string all;
};

RawMultiome read(const MultiomeInput& input, Told* told = nullptr) {
  ThreadPool pool(1);
  Told quiet;
  const Context context{0, pool, told != nullptr ? *told : quiet};
  return read_multiome(input, context);
}

MultiomeInput one(const fs::path& path) {
  MultiomeInput input;
  input.path = path;
  return input;
}

double total(const CsrMatrix& matrix) {
  return std::accumulate(matrix.values.begin(), matrix.values.end(), 0.0);
}

void put_gz(const fs::path& path, const std::string& text) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
}

// ---- small files made here ----

RawMultiome small() {
  RawMultiome multiome;
  multiome.rna.obs.index = {"c1", "c2"};
  multiome.rna.var = {{"G1", "G2", "G3"}, {}};
  multiome.rna.values = {{2, 3, {0, 2, 3}, {0, 2, 1}}, {1, 2, 3}};
  multiome.atac.obs.index = {"c3", "c2"};
  multiome.atac.var = {{"chr1:1-2", "chr2:3-4"}, {}};
  multiome.atac.values = {{2, 2, {0, 1, 2}, {1, 0}}, {1, 1}};
  return multiome;
}

TEST(Readers, AMultiomeReadsBackAndIsMuData) {
  const TempFolder folder;
  auto multiome = small();
  write_multiome(folder / "a.h5mu", multiome);
  const auto back = read(one(folder / "a.h5mu"));
  EXPECT_EQ(test::describe(back.rna), test::describe(multiome.rna));
  EXPECT_EQ(test::describe(back.atac), test::describe(multiome.atac));
  EXPECT_EQ(back.obs.index, (std::vector<std::string>{"c1", "c2", "c3"}));
  multiome.obs = {{"c3", "c1", "c2"}, {{"type", std::vector<std::string>{"x", "y", "x"}}}};
  write_multiome(folder / "b.h5mu", multiome);
  const auto labelled = read(one(folder / "b.h5mu"));
  EXPECT_EQ(labelled.obs.index, multiome.obs.index);
  EXPECT_EQ(labelled.obs.find("type")->text(), multiome.obs.columns[0].text());
  multiome.obs.index[0] = "c4";
  EXPECT_THAT(test::input_message([&] { write_multiome(folder / "c.h5mu", multiome); }),
              HasSubstr("modality 'atac' has 1 cells that obs does not name"));
  EXPECT_FALSE(fs::exists(folder / "c.h5mu"));
  GRIDS_NEEDS_ANNDATA();
  for (const auto* name : {"a.h5mu", "b.h5mu"}) {
    EXPECT_TRUE(test::run_python(fmt::format("{}/io/check_anndata.py {} --mudata", GRIDS_TEST_DIR,
                                             (folder / name).string())));
  }
}

TEST(Readers, AnnDataOfBothTypesAndContainersByAnyName) {
  GRIDS_NEEDS_ANNDATA();
  const TempFolder folder;
  ASSERT_TRUE(test::run_python(
      fmt::format("{}/io/make_fixtures.py {}", GRIDS_TEST_DIR, folder.path().string())));
  const auto single = test::describe(read_anndata(store::open(folder / "csr.h5ad")));
  for (const auto* name : {"usual.h5mu", "tenx_names.h5mu"}) {
    const auto multiome = read(one(folder / name));
    EXPECT_EQ(test::describe(multiome.rna), single);
    EXPECT_EQ(test::describe(multiome.atac), single);
    EXPECT_EQ(multiome.obs.find("cell_type")->text()[1], "B/α");
  }
  auto input = one(folder / "odd_names.h5mu");
  EXPECT_THAT(test::input_message([&] { read(input); }),
              HasSubstr("mod: no modality that looks like RNA; there are: scATAC, scRNA; name it"));
  input.rna_modality = "scRNA";
  input.atac_modality = "atac";
  EXPECT_THAT(test::input_message([&] { read(input); }),
              HasSubstr("mod: no modality 'atac' for ATAC; there are: scATAC, scRNA"));
  input.atac_modality = "scATAC";
  EXPECT_EQ(test::describe(read(input).rna), single);
  Told told;
  const auto mixed = read(one(folder / "mixed.h5ad"), &told);
  EXPECT_EQ(mixed.rna.var.index, std::vector<std::string>{"chr1:10-20"});
  EXPECT_EQ(mixed.rna.var.find("gene_ids")->text(), std::vector<std::string>{"ENSG1"});
  EXPECT_EQ(mixed.atac.var.index, std::vector<std::string>{"chr1:30-40"});
  EXPECT_EQ(mixed.atac.values.values, std::vector<float>{3});
  EXPECT_THAT(told.all, HasSubstr("left out 1 features of type Antibody Capture"));
  EXPECT_THAT(test::input_message([&] { read(one(folder / "csr.h5ad")); }),
              HasSubstr("csr.h5ad: var/feature_types: the column that tells genes"));
}

class TenxFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    test::put(folder_ / "barcodes.tsv", "AA-1\nCC-1\r\nGG-1\n");
    put_gz(folder_ / "features.tsv.gz",
           "ENSG1\tTP53\tGene Expression\tchr17\t100\t200\n"
           "ENSG2\tTP53\tGene Expression\t\t\t\n"
           "chr1:5-9\tchr1:5-9\tPeaks\tchr1\t5\t9\n"
           "CD3\tCD3\tAntibody Capture\t\t\t");
    put_matrix(
        "%%MatrixMarket matrix coordinate integer general\n%{}\n4 3 5\n"
        "3 1 1\n1 1 7\n2 3 1\n4 2 9\n3 3 2\n");
  }
  void put_matrix(const std::string& text) { test::put(folder_ / "matrix.mtx", text); }
  std::string message() {
    return test::input_message([&] { read(one(folder_.path())); });
  }
  TempFolder folder_;
};

TEST_F(TenxFolder, SplitsGenesFromPeaks) {
  const auto multiome = read(one(folder_.path()));
  EXPECT_EQ(test::describe(multiome.rna),
            "shape 3 2\nobs AA-1\nobs CC-1\nobs GG-1\nvar TP53\nvar TP53\n"
            "var.gene_ids\tENSG1\tENSG2\nvar.chrom\tchr17\t\nvar.start\t100\t\nvar.end\t200\t\n"
            "0 0 7\n2 1 1\n");
  EXPECT_EQ(test::describe(multiome.atac),
            "shape 3 1\nobs AA-1\nobs CC-1\nobs GG-1\nvar chr1:5-9\nvar.gene_ids\tchr1:5-9\n"
            "var.chrom\tchr1\nvar.start\t5\nvar.end\t9\n0 0 1\n2 0 2\n");
  EXPECT_EQ(one(folder_.path()).files().size(), 3u);
}

TEST_F(TenxFolder, DamageIsNamedWithTheLine) {
  const std::string head = "%%MatrixMarket matrix coordinate integer general\n";
  const std::pair<std::string, const char*> kCases[] = {
      {"", "matrix.mtx, line 0: is not a Matrix Market file"},
      {"%%MatrixMarket matrix array real general\n", "line 1: 'matrix array real general'"},
      {head, "line 1: ends before its numbers"},
      {head + "4 3\n", "line 2: expected the numbers of rows, columns and entries"},
      {head + "5 3 1\n1 1 1\n", "line 2: the matrix is 5 × 3, but there are names of 4 features"},
      {head + "4 3 2\n1 1 1\n", "line 3: the file ends after 1 of 2 entries"},
      {head + "4 3 1\n5 1 1\n", "line 3: entry (5, 1) lies outside of 4 × 3"},
      {head + "4 3 1\n0 1 1\n", "line 3: entry (0, 1) lies outside of 4 × 3"},
      {head + "4 3 1\n1 x 1\n", "line 3: expected a row, a column and a value"},
      {head + "4 3 1\n1 1 one\n", "line 3: 'one' is not a number"},
      {head + "4 3 1\n1 1\n", "line 3: '' is not a number"},
      {head + "4 3 2\n1 1 1\n1 1 2\n", "an entry of cell 1 appears twice"},
      {head + "4 3 1\n1 1 -2\n", "cell 'AA-1', feature 'TP53': the value is -2"},
      {head + "4 3 1\n1 1 nan\n", "cell 'AA-1', feature 'TP53': the value is nan"},
  };
  for (const auto& [text, expected] : kCases) {
    SCOPED_TRACE(expected);
    put_matrix(text);
    EXPECT_THAT(message(), HasSubstr(expected));
  }
  put_gz(folder_ / "matrix.mtx.gz", head + "4 3 1\n1 1 1\n");
  const auto packed = test::slurp(folder_ / "matrix.mtx.gz");
  fs::remove(folder_ / "matrix.mtx");
  test::put(folder_ / "matrix.mtx.gz", packed.substr(0, packed.size() - 12));
  EXPECT_THAT(message(), HasSubstr("is the file complete?"));
  put_gz(folder_ / "matrix.mtx.gz", head + "4 3 1\n1 1 1\n");
  EXPECT_EQ(total(read(one(folder_.path())).rna.values), 1);
  fs::remove(folder_ / "barcodes.tsv");
  EXPECT_THAT(message(), HasSubstr("there is neither barcodes.tsv nor barcodes.tsv.gz"));
}

TEST_F(TenxFolder, NeedsBothTypes) {
  put_gz(folder_ / "features.tsv.gz",
         "a\ta\tGene Expression\nb\tb\tGene Expression\nc\tc\tCustom\nd\td\tCustom\n");
  EXPECT_THAT(message(),
              HasSubstr("2 features of type 'Gene Expression' (or GEX, RNA) and 0 of type "
                        "'Peaks' (or ATAC); others are of type Custom"));
  put_gz(folder_ / "features.tsv.gz", "a\ta\n");
  EXPECT_THAT(message(),
              HasSubstr("features.tsv.gz, line 1: expected id, name and type, found fewer"));
}

TEST(Readers, MatrixMarketInEitherOrientationWithLists) {
  const TempFolder folder;
  const std::string head = "%%MatrixMarket matrix coordinate pattern general\n";
  put_gz(folder / "rna.mtx.gz", head + "2 3 2\n1 1\n2 3\n");
  test::put(folder / "atac.mtx", head + "3 1 2\n3 1\n1 1\n");
  test::put(folder / "cells.txt", "a\nb\nc\n");
  test::put(folder / "genes.txt", "ENSG1\tG1\nENSG2\tG2\n");
  test::put(folder / "peaks.bed", "#chrom\tstart\tend\nchr1\t5\t9\textra\n");
  MultiomeInput input;
  input.rna = folder / "rna.mtx.gz";
  input.atac = folder / "atac.mtx";
  EXPECT_THROW(read(input), Error);
  input.cells = folder / "cells.txt";
  input.genes = folder / "genes.txt";
  input.peaks = folder / "peaks.bed";
  const auto multiome = read(input);
  EXPECT_EQ(test::describe(multiome.rna),
            "shape 3 2\nobs a\nobs b\nobs c\nvar G1\nvar G2\nvar.gene_ids\tENSG1\tENSG2\n"
            "0 0 1\n2 1 1\n");
  EXPECT_EQ(test::describe(multiome.atac),
            "shape 3 1\nobs a\nobs b\nobs c\nvar chr1:5-9\n"
            "var.chrom\tchr1\nvar.start\t5\nvar.end\t9\n0 0 1\n2 0 1\n");
  test::put(folder / "peaks.bed", "chr1\t5\n");
  EXPECT_THAT(test::input_message([&] { read(input); }),
              HasSubstr("peaks.bed, line 1: expected chrom, start and end"));
}

TEST(Readers, UnknownFormatsListWhatIsUnderstood) {
  const TempFolder folder;
  test::put(folder / "cells.txt", "hello");
  const auto unknown = test::input_message([&] { read(one(folder / "cells.txt")); });
  EXPECT_THAT(unknown, HasSubstr("the format is not recognised; known formats are:"));
  EXPECT_THAT(unknown, HasSubstr("FILE.h5mu"));
  EXPECT_THAT(unknown, HasSubstr("--rna RNA.mtx --atac ATAC.mtx"));
  MultiomeInput input;
  input.rna = folder / "none.h5ad";
  input.atac = folder / "neither.h5ad";
  const auto message = test::input_message([&] { read(input); });
  EXPECT_THAT(message, HasSubstr("none.h5ad: there is no such file"));
  EXPECT_THAT(message, HasSubstr("neither.h5ad: there is no such file"));
  const auto kind_of = [](const MultiomeInput& bad) {
    try {
      validate(bad, "the input");
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::kInternal;
  };
  EXPECT_EQ(kind_of({}), ErrorKind::kUsage);
  input.path = "both";
  EXPECT_EQ(kind_of(input), ErrorKind::kUsage);
  MultiomeInput half;
  half.rna = "rna.h5ad";
  EXPECT_EQ(kind_of(half), ErrorKind::kUsage);
  MultiomeInput lists = one("a.h5mu");
  lists.cells = "cells.txt";
  EXPECT_EQ(kind_of(lists), ErrorKind::kUsage);
}

// ---- real files: parts of some in the repository, the rest where they are at hand ----

TEST(RealFiles, PartOfPbmcIsTheSameInBothLayoutsOf10x) {
  const auto file = read(one(test::fixture("pbmc_10x/filtered_feature_bc_matrix.h5")));
  const auto folder = read(one(test::fixture("pbmc_10x/filtered_feature_bc_matrix")));
  EXPECT_EQ(file.rna.values.rows(), 60);
  EXPECT_EQ(file.rna.values.columns(), 45);
  EXPECT_EQ(file.atac.values.columns(), 174);
  EXPECT_EQ(test::describe(file.rna), test::describe(folder.rna));
  EXPECT_EQ(test::describe(file.atac), test::describe(folder.atac));
}

TEST(RealFiles, PartOfPbmcHoldsCounts) {
  const auto multiome = read(one(test::fixture("pbmc/cells.h5mu")));
  EXPECT_EQ(multiome.rna.values.rows(), 500);
  EXPECT_EQ(multiome.rna.values.columns(), 45);
  EXPECT_EQ(multiome.atac.values.columns(), 174);
  EXPECT_EQ(multiome.rna.values.pattern.nonzeros(), 7239);
  EXPECT_EQ(multiome.atac.values.pattern.nonzeros(), 7634);
  EXPECT_TRUE(PackedRows(multiome.rna.values).all_whole());
  EXPECT_THAT(multiome.rna.var.find("gene_ids")->text()[0], HasSubstr("ENSG"));
  EXPECT_EQ(peak_intervals(multiome.atac.var, "pbmc").size(), 174u);
}

TEST(RealFiles, ACutTenxFileIsAnError) {
  const TempFolder folder;
  const auto bytes = test::slurp(test::fixture("pbmc_10x/filtered_feature_bc_matrix.h5"));
  for (const double part : {0.0, 0.01, 0.3, 0.9, 0.999}) {
    const auto length = static_cast<size_t>(part * static_cast<double>(bytes.size()));
    test::put(folder / "cut.h5", bytes.substr(0, length));
    EXPECT_THAT(test::input_message([&] { read(one(folder / "cut.h5")); }), HasSubstr("cut.h5"));
  }
}

TEST(RealFiles, A549) {
  GRIDS_NEEDS(test::shared("data/a549/a549.h5mu"));
  const auto multiome = read(one(test::shared("data/a549/a549.h5mu")));
  EXPECT_EQ(multiome.rna.values.rows(), 2641);
  EXPECT_EQ(multiome.rna.values.columns(), 1185);
  EXPECT_EQ(multiome.atac.values.columns(), 52761);
  EXPECT_EQ(multiome.atac.values.pattern.nonzeros(), 1122541);
  EXPECT_FALSE(PackedRows(multiome.rna.values).all_whole());
  const auto& types = multiome.obs.find("cell_type")->text();
  EXPECT_EQ(std::count(types.begin(), types.end(), "dex_1h"), 983);
  EXPECT_EQ(peak_intervals(multiome.atac.var, "a549").size(), 52761u);
}

TEST(RealFiles, BoneMarrowPair) {
  MultiomeInput input;
  input.rna = test::shared("data/bmmc/rna.h5ad");
  input.atac = test::shared("data/bmmc/atac.h5ad");
  GRIDS_NEEDS(input.rna);
  const auto multiome = read(input);
  EXPECT_THAT(multiome.rna.source, HasSubstr("layers/counts"));
  EXPECT_EQ(multiome.rna.values.rows(), 500);
  EXPECT_EQ(multiome.rna.values.pattern.nonzeros(), 81281);
  EXPECT_EQ(multiome.atac.values.pattern.nonzeros(), 42448);
  EXPECT_TRUE(PackedRows(multiome.rna.values).all_whole());
  EXPECT_EQ(multiome.rna.obs.find("cell_type")->text().size(), 500u);
  EXPECT_THAT(multiome.rna.var.find("gene_ids")->text()[0], HasSubstr("ENSG"));
  EXPECT_EQ(peak_intervals(multiome.atac.var, "bmmc")[0].chromosome, "chr1");
}

TEST(RealFiles, PbmcIsTheSameInBothLayouts) {
  const auto data = test::shared("data/pbmc40");
  GRIDS_NEEDS(data);
  const auto file = read(one(data / "filtered_feature_bc_matrix.h5"));
  const auto folder = read(one(data / "filtered_feature_bc_matrix"));
  EXPECT_EQ(file.rna.values.columns(), 36601);
  EXPECT_EQ(file.atac.values.columns(), 108377);
  EXPECT_EQ(file.rna.values.pattern.nonzeros() + file.atac.values.pattern.nonzeros(), 419005);
  EXPECT_EQ(test::describe(file.rna), test::describe(folder.rna));
  EXPECT_EQ(test::describe(file.atac), test::describe(folder.atac));
}

TEST(RealFiles, SnareWithLists) {
  const auto data = test::shared("data/snare_h1");
  GRIDS_NEEDS(data);
  MultiomeInput input;
  input.rna = data / "rna_genes_x_cells.mtx.gz";
  input.atac = data / "atac_peaks_x_cells.mtx.gz";
  input.cells = data / "cells.txt";
  input.genes = data / "genes.txt";
  input.peaks = data / "peaks.bed";
  const auto multiome = read(input);
  EXPECT_EQ(multiome.rna.values.rows(), 385);
  EXPECT_EQ(multiome.rna.values.pattern.nonzeros(), 178721);
  EXPECT_EQ(multiome.atac.values.pattern.nonzeros(), 341298);
  EXPECT_EQ(multiome.atac.var.index[0], "chr2:148881654-148881927");
}

}  // namespace
}  // namespace grids::core
