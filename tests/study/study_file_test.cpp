#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>

#include "io/anndata.hpp"
#include "io/mudata.hpp"
#include "io/support.hpp"
#include "study/study.hpp"
#include "study/study_check.hpp"

namespace grids::core {
namespace {

using test::TempFolder;
using ::testing::HasSubstr;

CsrMatrix random_matrix(int64_t rows, int64_t columns, bool ones) {
  CsrMatrix matrix;
  matrix.pattern.rows = rows;
  matrix.pattern.columns = columns;
  for (int64_t i = 0; i < rows; ++i) {
    for (int32_t j = 0; j < columns; ++j) {
      if (!*rc::gen::weightedElement<bool>({{2, false}, {1, true}})) continue;
      matrix.pattern.indices.push_back(j);
      matrix.values.push_back(ones ? 1.0f : static_cast<float>(*rc::gen::inRange(1, 900)) / 7.0f);
    }
    matrix.pattern.offsets.push_back(matrix.pattern.nonzeros());
  }
  return matrix;
}

/// A column of each kind with and without missing values, embeddings in each place.
void add_kept(CellTable& cells) {
  const auto size = static_cast<size_t>(cells.size());
  const double none = std::numeric_limits<double>::quiet_NaN();
  const auto add = [&](const std::string& name, ColumnKind kind, bool missing) {
    std::vector<double> numbers;
    for (size_t i = 0; i < size; ++i) {
      const auto number = *rc::gen::inRange(0, 2);
      numbers.push_back(missing && number == 0 ? none : number);
    }
    if (kind == ColumnKind::kPlain && !missing) numbers.back() = 0.25;
    cells.columns.push_back({{name, kind, false, std::move(numbers)}});
  };
  for (const bool missing : {false, true}) {
    const std::string end = missing ? " with gaps" : "";
    add("whole" + end, ColumnKind::kInteger, missing);
    add("yes/no" + end, ColumnKind::kBoolean, missing);
    add("number" + end, ColumnKind::kPlain, missing);
    CategoricalColumn stage{{"z never", "b", "a"}, {}};
    for (size_t i = 0; i < size; ++i) stage.codes.push_back(*rc::gen::inRange(missing ? -1 : 1, 3));
    cells.columns.push_back({{"stage" + end, ColumnKind::kCategory, !missing, std::move(stage)}});
  }
  cells.columns[0].in_rna = "whole";
  cells.columns[0].in_atac = "whole";
  cells.columns[1].name = "atac:yes/no";
  cells.columns[1].in_atac = "yes/no";
  cells.columns[2].name = "rna:batch";  // the study has one of its own
  cells.columns[2].in_rna = "batch";
  const std::vector<float> umap(size * 2, 0.5f), pca(size * 3, -1.0f), other(size * 2, 7.0f);
  cells.embeddings.push_back({{"X_umap", 2, umap}, true, true, true});
  cells.embeddings.push_back({{"X_pca", 3, pca}, false, true, false});
  cells.embeddings.push_back({{"X_pca", 2, other}, false, false, true});
}

bool same_kept(const CellTable& a, const CellTable& b) {
  const auto same_column = [](const KeptColumn& x, const KeptColumn& y) {
    return x.name == y.name && x.in_rna == y.in_rna && x.in_atac == y.in_atac && same_values(x, y);
  };
  const auto same_embedding = [](const KeptEmbedding& x, const KeptEmbedding& y) {
    return x.name == y.name && x.columns == y.columns && x.values == y.values &&
           x.in_whole == y.in_whole && x.in_rna == y.in_rna && x.in_atac == y.in_atac;
  };
  return std::ranges::equal(a.columns, b.columns, same_column) &&
         std::ranges::equal(a.embeddings, b.embeddings, same_embedding);
}

Study random_study() {
  const int64_t cells = *rc::gen::inRange(1, 12);
  const int64_t peaks = *rc::gen::inRange(1, 20);
  const int64_t genes = *rc::gen::inRange(1, 9);
  Study study;
  study.cells.type.names = {"B/plasma cell", "NK \xCE\xB1", "absent", "zz"};
  const bool donors = *rc::gen::arbitrary<bool>();
  if (donors) study.cells.donor.names = {"d1", "d2"};
  const bool batches = *rc::gen::arbitrary<bool>();
  if (batches) study.cells.batch.names = {"z", "a", "never"};
  for (int64_t i = 0; i < cells; ++i) {
    study.cells.barcodes.push_back(fmt::format("CELL-{}", i));
    study.cells.type.codes.push_back(i % 2 == 0 ? 3 : *rc::gen::inRange(0, 2));
    if (donors) study.cells.donor.codes.push_back(*rc::gen::inRange(0, 2));
    if (batches) study.cells.batch.codes.push_back(*rc::gen::inRange(0, 3));
    study.cells.split.push_back(*rc::gen::element(Split::kTrain, Split::kValidation, Split::kTest));
    study.cells.total_rna.push_back(1000.25 * static_cast<double>(i + 1));
    study.cells.open_peaks.push_back(static_cast<double>(i));
  }
  // Chromosomes in an order that is not alphabetic: it must be kept.
  const std::vector<std::string> chromosomes = {"chr2", "chr10", "chr1", "chrX"};
  study.peaks.chromosome_offsets = {};
  for (int64_t j = 0; j < peaks; ++j) {
    if (j < 4) {
      study.peaks.chromosomes.push_back(chromosomes[static_cast<size_t>(j)]);
      study.peaks.chromosome_offsets.push_back(j);
    }
    study.peaks.start.push_back(j * 100);
    study.peaks.end.push_back(j * 100 + 50);
    study.peaks.names.push_back(fmt::format("peak_{}", peaks - j));
  }
  study.peaks.chromosome_offsets.push_back(peaks);
  for (int64_t g = 0; g < genes; ++g) {
    study.genes.names.push_back(fmt::format("GENE{}", genes - g));
    const bool placed = *rc::gen::arbitrary<bool>();
    study.genes.ids.push_back(placed ? fmt::format("ENSG{}", g) : "");
    study.genes.chromosome.push_back(placed ? "chr1" : "");
    study.genes.start.push_back(placed ? g : 0);
    study.genes.end.push_back(placed ? g + 5 : 0);
    study.genes.strand.push_back(
        *rc::gen::element(Strand::kPlus, Strand::kMinus, Strand::kUnknown));
  }
  if (*rc::gen::arbitrary<bool>()) {
    for (int64_t g = 0; g < genes; ++g) {
      study.genes.further_sites.emplace_back();
      for (int64_t k = *rc::gen::inRange(0, 3); k > 0; --k) {
        study.genes.further_sites.back().push_back(g + 100 - k);
      }
    }
  }
  add_kept(study.cells);
  study.open = random_matrix(cells, peaks, true).pattern;
  study.expression = random_matrix(cells, genes, false);
  if (*rc::gen::arbitrary<bool>()) {
    study.counts = random_matrix(cells, genes, true);
  } else {
    study.scale = ExpressionScale::kAsGiven;
  }
  study.provenance = R"({"command": "prepare", "note": "α β"})";
  return study;
}

template <typename Matrix>
bool same_pattern(const Matrix& a, const Matrix& b) {
  return a.rows == b.rows && a.columns == b.columns && a.offsets == b.offsets &&
         a.indices == b.indices;
}

RC_GTEST_PROP(StudyFile, ReadsBackEverythingInOrder, ()) {
  const TempFolder folder;
  const Study study = random_study();
  write_study(folder / "study.h5mu", study);
  const Study back = read_study(folder / "study.h5mu");
  RC_ASSERT(back.cells.barcodes == study.cells.barcodes);
  RC_ASSERT(back.cells.type.names == study.cells.type.names);
  RC_ASSERT(back.cells.type.codes == study.cells.type.codes);
  RC_ASSERT(back.cells.donor.names == study.cells.donor.names);
  RC_ASSERT(back.cells.donor.codes == study.cells.donor.codes);
  RC_ASSERT(back.cells.batch.names == study.cells.batch.names);
  RC_ASSERT(back.cells.batch.codes == study.cells.batch.codes);
  RC_ASSERT(back.cells.split == study.cells.split);
  RC_ASSERT(back.cells.total_rna == study.cells.total_rna);
  RC_ASSERT(back.cells.open_peaks == study.cells.open_peaks);
  RC_ASSERT(same_kept(back.cells, study.cells));
  RC_ASSERT(back.peaks.names == study.peaks.names);
  RC_ASSERT(back.peaks.chromosomes == study.peaks.chromosomes);
  RC_ASSERT(back.peaks.chromosome_offsets == study.peaks.chromosome_offsets);
  RC_ASSERT(back.peaks.start == study.peaks.start);
  RC_ASSERT(back.peaks.end == study.peaks.end);
  RC_ASSERT(back.genes.names == study.genes.names);
  RC_ASSERT(back.genes.ids == study.genes.ids);
  RC_ASSERT(back.genes.chromosome == study.genes.chromosome);
  RC_ASSERT(back.genes.start == study.genes.start);
  RC_ASSERT(back.genes.end == study.genes.end);
  RC_ASSERT(back.genes.strand == study.genes.strand);
  RC_ASSERT(back.genes.further_sites == study.genes.further_sites);
  RC_ASSERT(same_pattern(back.open, study.open));
  RC_ASSERT(same_pattern(back.expression.pattern, study.expression.pattern));
  RC_ASSERT(back.expression.values == study.expression.values);
  RC_ASSERT(same_pattern(back.counts.pattern, study.counts.pattern));
  RC_ASSERT(back.counts.values == study.counts.values);
  RC_ASSERT(back.scale == study.scale);
  RC_ASSERT(back.provenance == study.provenance);
}

/// Keeps what it is told.
class Listener : public Reporter {
 public:
  void info(std::string_view message) override { told += message; }
  std::string told;
};

RC_GTEST_PROP(StudyFile, LittleMemoryReadsTheSameIntoAFile, ()) {
  const TempFolder folder;
  write_study(folder / "study.h5mu", random_study());
  const Study plain = read_study(folder / "study.h5mu");
  ThreadPool pool(2);
  Listener listener;
  const Study back =
      read_study(folder / "study.h5mu", Context{1, pool, listener, nullptr, /*memory=*/2});
  const bool any = plain.open.nonzeros() + plain.expression.pattern.nonzeros() +
                       plain.counts.pattern.nonzeros() >
                   0;
  RC_ASSERT((back.open.indices.room() != nullptr) == any);
  RC_ASSERT((listener.told.find("lie in a file in") != std::string::npos) == any);
  RC_ASSERT(same_pattern(back.open, plain.open));
  RC_ASSERT(same_pattern(back.expression.pattern, plain.expression.pattern));
  RC_ASSERT(back.expression.values == plain.expression.values);
  RC_ASSERT(same_pattern(back.counts.pattern, plain.counts.pattern));
  RC_ASSERT(back.counts.values == plain.counts.values);
}

Study fixed_study() {
  Study study;
  study.cells.barcodes = {"c1", "c2", "c3", "c4"};
  study.cells.type = {{"A", "B"}, {1, 0, 1, 1}};
  study.cells.split = {Split::kTrain, Split::kTest, Split::kTrain, Split::kValidation};
  study.cells.total_rna = {10, 20.5, 30, 40};
  study.cells.open_peaks = {1, 2, 1, 0};
  study.peaks = {{"p1", "p2", "p3"}, {"chr1", "chr2"}, {0, 2, 3}, {5, 90, 7}, {9, 95, 11}};
  study.genes = {{"G1", "G2"}, {"ENSG1", ""}, {"chr2", ""},
                 {100, 0},     {200, 0},      {Strand::kMinus, Strand::kUnknown}};
  study.open = {4, 3, {0, 1, 3, 4, 4}, {2, 0, 1, 1}};
  study.expression = {{4, 2, {0, 2, 2, 3, 4}, {0, 1, 1, 0}}, {0.5f, 1.25f, 2, 3}};
  study.counts = {study.expression.pattern, {1, 2, 3, 4}};
  return study;
}

TEST(StudyFile, CountsShareThePlacesOfExpression) {
  const TempFolder folder;
  write_study(folder / "study.h5mu", fixed_study());
  const Study back = read_study(folder / "study.h5mu");
  EXPECT_EQ(back.counts.pattern.indices.data(), back.expression.pattern.indices.data());
  Study changed = back;
  changed.counts.pattern.indices[0] = 7;
  EXPECT_EQ(back.expression.pattern.indices[0], 0);
}

TEST(StudyFile, CountsElsewhereHaveTheirOwnPlaces) {
  const TempFolder folder;
  Study study = fixed_study();
  study.counts = {{4, 2, {0, 2, 2, 3, 4}, {0, 1, 0, 1}}, {1, 2, 3, 4}};
  write_study(folder / "study.h5mu", study);
  const Study back = read_study(folder / "study.h5mu");
  EXPECT_EQ(back.counts.values, study.counts.values);
  EXPECT_EQ(back.counts.pattern.indices, study.counts.pattern.indices);
  EXPECT_EQ(back.expression.pattern.indices, study.expression.pattern.indices);
}

TEST(StudyFile, IsMuDataThatAnnDataReads) {
  GRIDS_NEEDS_ANNDATA();
  const TempFolder folder;
  const auto path = folder / "study.h5mu";
  const auto study = fixed_study();
  write_study(path, study);
  const auto script = std::string(GRIDS_TEST_DIR) + "/io/check_anndata.py";
  EXPECT_TRUE(test::run_python(fmt::format("{} {} --mudata", script, path.string())));
  ASSERT_TRUE(test::run_python(
      fmt::format("{} {} mod/rna {} counts", script, path.string(), (folder / "rna").string())));
  EXPECT_EQ(test::slurp(folder / "rna"),
            "shape 4 2\nobs c1\nobs c2\nobs c3\nobs c4\n"
            "obs.cell_type\tB\tA\tB\tB\nobs.split\ttrain\ttest\ttrain\tvalidation\n"
            "var G1\nvar G2\n"
            "var.gene_id\tENSG1\t\nvar.chrom\tchr2\t\nvar.start\t100\t0\nvar.end\t200\t0\n"
            "var.strand\t-\t.\nvar.gene_ids\tENSG1\t\n"
            "var.feature_types\tGene Expression\tGene Expression\nvar.interval\tchr2:100-200\t\n"
            "0 0 1\n0 1 2\n2 1 3\n3 0 4\n");
  ASSERT_TRUE(test::run_python(
      fmt::format("{} {} mod/atac {}", script, path.string(), (folder / "atac").string())));
  EXPECT_EQ(test::slurp(folder / "atac"),
            "shape 4 3\nobs c1\nobs c2\nobs c3\nobs c4\n"
            "obs.cell_type\tB\tA\tB\tB\nobs.split\ttrain\ttest\ttrain\tvalidation\n"
            "var p1\nvar p2\nvar p3\n"
            "var.chrom\tchr1\tchr1\tchr2\nvar.start\t5\t90\t7\nvar.end\t9\t95\t11\n"
            "var.gene_ids\tp1\tp2\tp3\nvar.feature_types\tPeaks\tPeaks\tPeaks\n"
            "var.interval\tchr1:5-9\tchr1:90-95\tchr2:7-11\n"
            "0 2 1\n1 0 1\n1 1 1\n2 1 1\n");
}

TEST(StudyFile, SaysWhatToDoWithAFileThatIsNoStudy) {
  const TempFolder folder;
  RawMultiome multiome;
  multiome.rna.obs.index = multiome.atac.obs.index = {"c1"};
  multiome.rna.var.index = {"G"};
  multiome.atac.var.index = {"chr1:1-2"};
  multiome.rna.values.pattern = multiome.atac.values.pattern = {1, 1, {0, 0}, {}};
  write_multiome(folder / "raw.h5mu", multiome);
  EXPECT_THAT(test::input_message([&] { read_study(folder / "raw.h5mu"); }),
              HasSubstr("raw.h5mu: is not a prepared study; prepare it first: grids prepare"));
  EXPECT_THAT(test::input_message([&] { read_study(folder / "none.h5mu"); }),
              HasSubstr("there is no such file"));
}

TEST(StudyFile, NamesWhatDoesNotFit) {
  const TempFolder folder;
  const auto path = folder / "study.h5mu";
  const auto wrong = [&](const std::function<void(Study&)>& change) {
    auto study = fixed_study();
    change(study);
    EXPECT_THROW(write_study(path, study), Error);
    EXPECT_FALSE(std::filesystem::exists(path));
    const auto problems = problems_of(study);
    return problems.empty() ? "none" : problems.list().front();
  };
  EXPECT_TRUE(problems_of(fixed_study()).empty());
  EXPECT_THAT(wrong([](Study& s) {
                s.peaks.chromosomes = {"chr1", "chr1"};
              }),
              HasSubstr("mod/atac/var/chrom: 'chr1' appears twice"));
  EXPECT_THAT(wrong([](Study& s) { std::swap(s.peaks.start[0], s.peaks.start[1]); }),
              HasSubstr("mod/atac/var: peak 'p1' lies from 90 to 9"));
  EXPECT_THAT(wrong([](Study& s) {
                std::swap(s.peaks.start[0], s.peaks.start[1]);
                std::swap(s.peaks.end[0], s.peaks.end[1]);
              }),
              HasSubstr("mod/atac/var/start: the peaks are not sorted: 'p2' begins before 'p1'"));
  EXPECT_THAT(wrong([](Study& s) { s.expression.values[1] = std::nanf(""); }),
              HasSubstr("mod/rna/X: holds a value that is not finite"));
  EXPECT_THAT(wrong([](Study& s) { s.expression.values[1] = -1; }),
              HasSubstr("mod/rna/X: holds -1"));
  EXPECT_THAT(wrong([](Study& s) { s.counts.values[1] = 1.5f; }),
              HasSubstr("mod/rna/layers/counts: holds 1.5, which is no count"));
  EXPECT_THAT(wrong([](Study& s) { s.counts.values[1] = 4e9f; }), HasSubstr("which is no count"));
  EXPECT_THAT(wrong([](Study& s) { s.cells.barcodes[1] = "c1"; }),
              HasSubstr("obs: 'c1' appears twice"));
  EXPECT_THAT(wrong([](Study& s) { s.cells.total_rna[1] = -100; }),
              HasSubstr("obs/total_rna: cell 'c2' has -100"));
  EXPECT_THAT(wrong([](Study& s) { s.cells.open_peaks[1] = std::nan(""); }),
              HasSubstr("obs/open_peaks: cell 'c2' has nan"));
  EXPECT_THAT(wrong([](Study& s) { s.cells.total_rna[2] = 0; }),
              HasSubstr("obs/total_rna: cell 'c3' has 0, but genes are seen in it"));
  EXPECT_THAT(wrong([](Study& s) { s.cells.type.codes[2] = 2; }),
              HasSubstr("obs/cell_type: cell 2 has code 2 of 2 names"));
  EXPECT_THAT(wrong([](Study& s) { s.genes.end[0] = 100; }),
              HasSubstr("mod/rna/var: gene 'G1' lies from 100 to 100"));
  EXPECT_THAT(wrong([](Study& s) { s.open.indices[1] = 3; }),
              HasSubstr("mod/atac/X: the columns of row 1"));
  EXPECT_THAT(wrong([](Study& s) { s.genes.ids.pop_back(); }),
              HasSubstr("mod/rna/var/gene_id has 1 entries instead of 2"));
}

TEST(StudyFile, ACutFileIsAnErrorAtAnyLength) {
  const TempFolder folder;
  write_study(folder / "whole.h5mu", fixed_study());
  const auto bytes = test::slurp(folder / "whole.h5mu");
  for (size_t length = 0; length < bytes.size(); length += bytes.size() / 60) {
    test::put(folder / "cut.h5mu", bytes.substr(0, length));
    EXPECT_THAT(test::input_message([&] { read_study(folder / "cut.h5mu"); }),
                HasSubstr("cut.h5mu"));
  }
}

}  // namespace
}  // namespace grids::core
