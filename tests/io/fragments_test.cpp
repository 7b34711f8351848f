// Counts from fragment files against a plain count, which barcodes are which cells, and what is
// refused.
#include "io/fragments.hpp"

#include <gmock/gmock.h>
#include <zlib.h>

#include <map>

#include "base/random.hpp"
#include "io/fragment_cells.hpp"
#include "io/peak_list.hpp"
#include "io/readers.hpp"
#include "io/support.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;
using test::input_message;
using test::put;
using test::TempFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Names = std::vector<std::string>;

struct Heard : Reporter {
  void info(std::string_view text) override { all += fmt::format("{}\n", text); }
  void warning(std::string_view text) override { all += fmt::format("warning: {}\n", text); }
  std::string all;
};

void put_gzip(const fs::path& path, std::string_view text, size_t cut = 0) {
  const auto file = ::gzopen(path.c_str(), "wb");
  ::gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  ::gzclose(file);
  if (cut > 0) fs::resize_file(path, fs::file_size(path) - cut);
}

/// Cells × peaks, dense, with the cells' names.
struct Counted {
  Names cells;
  std::vector<std::vector<float>> counts;
};

Counted count(const Names& files, const fs::path& peaks, const Names& cells,
              Heard* heard = nullptr) {
  ThreadPool pool(2);
  Heard quiet;
  const Context context{0, pool, heard != nullptr ? *heard : quiet};
  std::vector<FragmentFile> given;
  for (const auto& file : files) given.push_back(fragment_file(file));
  const auto modality =
      count_fragments(given, read_peak_list(peaks), peaks.string(), cells, context);
  Counted result{modality.obs.index, {}};
  for (int64_t row = 0; row < modality.values.rows(); ++row) {
    auto& dense = result.counts.emplace_back(static_cast<size_t>(modality.values.columns()));
    modality.values.each(
        row, [&](int32_t column, float value) { dense[static_cast<size_t>(column)] = value; });
  }
  return result;
}

/// Two peaks far apart, and one that holds another.
fs::path four_peaks(const TempFolder& folder) {
  put(folder / "peaks.bed", "chr1\t100\t200\nchr1\t120\t150\nchr1\t900\t1000\nchr2\t100\t200\n");
  return folder / "peaks.bed";
}

TEST(Fragments, EachEndInAPeakCounts) {
  const TempFolder folder;
  const auto peaks = four_peaks(folder);
  put(folder / "f.tsv",
      "# id=sample\n"
      "chr1\t99\t200\tAAAACCCC-1\t9\n"       // both ends beside the first
      "chr1\t100\t199\tAAAACCCC-1\t9\n"      // both in the first
      "chr1\t120\t950\tAAAACCCC-1\t1\n"      // first, the one in it, third
      "chr1\t150\t1000\tGGGGTTTT-1\t1\n"     // first alone: ends are no part of a peak
      "chr3\t1\t2\tGGGGTTTT-1\t1\n"          // no peaks there
      "chr2\t10\t100\tTTTTAAAA-1\t1\n"       // no cell of the RNA
      "chr2\t10\t199\tGGGGTTTT-1\t1\t+\n");  // a strand does not matter
  const auto found =
      count({(folder / "f.tsv").string()}, peaks, {"GGGGTTTT-1", "CCCCCCCC-1", "AAAACCCC-1"});
  EXPECT_THAT(found.cells, ElementsAre("GGGGTTTT-1", "AAAACCCC-1"));
  EXPECT_THAT(found.counts[0], ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(found.counts[1], ElementsAre(3, 1, 1, 0));
}

TEST(Fragments, CountsAreThoseOfAPlainCount) {
  RandomStream random(7, Purpose::kSimulate);
  const TempFolder folder;
  std::string bed;
  std::vector<Interval> peaks;
  for (int i = 0; i < 300; ++i) {  // in no order, some of them in others
    const auto start = static_cast<int64_t>(random.below(20'000));
    peaks.push_back({random.below(2) == 0 ? "chr1" : "chrX", start,
                     start + 1 + static_cast<int64_t>(random.below(400))});
    bed += fmt::format("{}\t{}\t{}\n", peaks.back().chromosome, start, peaks.back().end);
  }
  put(folder / "peaks.bed", bed);
  Names cells;
  for (int i = 0; i < 40; ++i) cells.push_back(fmt::format("CELL{:04}-1", i));
  std::string text;
  std::map<std::pair<std::string, size_t>, float> expected;
  for (int i = 0; i < 20'000; ++i) {  // positions in no order either
    const auto chromosome = random.below(2) == 0 ? "chr1" : "chrX";
    const auto start = static_cast<int64_t>(random.below(21'000));
    const auto end = start + static_cast<int64_t>(random.below(700));
    const auto barcode = fmt::format("CELL{:04}-1", random.below(60));
    text += fmt::format("{}\t{}\t{}\t{}\t1\n", chromosome, start, end, barcode);
    for (const auto position : {start, end}) {
      for (size_t j = 0; j < peaks.size(); ++j) {
        const auto& peak = peaks[j];
        if (peak.chromosome == chromosome && peak.start <= position && position < peak.end) {
          ++expected[{barcode, j}];
        }
      }
    }
  }
  put_gzip(folder / "f.tsv.gz", text);
  const auto found = count({(folder / "f.tsv.gz").string()}, folder / "peaks.bed", cells);
  ASSERT_EQ(found.cells, cells);
  for (size_t i = 0; i < cells.size(); ++i) {
    for (size_t j = 0; j < peaks.size(); ++j) {
      ASSERT_EQ(found.counts[i][j], (expected[{cells[i], j}])) << cells[i] << ' ' << j;
    }
  }
}

TEST(Fragments, ChromosomesMayLackTheirPrefix) {
  const TempFolder folder;
  const auto peaks = four_peaks(folder);
  put(folder / "f.tsv", "1\t110\t115\tAAAACCCC-1\t1\n");
  const auto found = count({(folder / "f.tsv").string()}, peaks, {"AAAACCCC-1"});
  EXPECT_THAT(found.counts[0], ElementsAre(2, 0, 0, 0));
}

TEST(Fragments, FilesOfSeveralLibrariesHaveTheirSuffixes) {
  const TempFolder folder;
  const auto peaks = four_peaks(folder);
  put(folder / "a.tsv", "chr1\t110\t111\tAAAACCCC-1\t1\n");
  put(folder / "b.tsv", "chr1\t910\t915\tAAAACCCC-1\t1\n");
  const auto both = [&](const std::string& of_a, const std::string& of_b, const Names& cells) {
    return count({(folder / "a.tsv").string() + of_a, (folder / "b.tsv").string() + of_b}, peaks,
                 cells);
  };
  for (const auto& [of_a, of_b, cells] :
       {std::tuple(":_s1", ":_s2", Names{"AAAACCCC-1_s2", "AAAACCCC-1_s1"}),
        std::tuple(":s1_*", ":s2_*", Names{"s2_AAAACCCC-1", "s1_AAAACCCC-1"}),
        std::tuple(":-1", ":-2", Names{"AAAACCCC-2", "AAAACCCC-1"})}) {  // cellranger aggr
    const auto found = both(of_a, of_b, cells);
    EXPECT_EQ(found.cells, cells);
    EXPECT_THAT(found.counts[0], ElementsAre(0, 0, 2, 0));
    EXPECT_THAT(found.counts[1], ElementsAre(2, 0, 0, 0));
  }
  EXPECT_THAT(input_message([&] { both("", "", {"AAAACCCC-1"}); }),
              HasSubstr("cell 'AAAACCCC-1' of the RNA could be of both; say what barcodes have "
                        "around them"));
}

TEST(Fragments, ATrailingNumberMayBeMissing) {
  const TempFolder folder;
  const auto peaks = four_peaks(folder);
  put(folder / "f.tsv", "chr1\t110\t115\tAAAACCCC-1\t1\nchr1\t110\t115\tAAAAGGGG-1\t1\n");
  Heard heard;
  const auto found =
      count({(folder / "f.tsv").string()}, peaks, {"AAAACCCC", "TTTTTTTT", "AAAAGGGG"}, &heard);
  EXPECT_THAT(found.cells, ElementsAre("AAAACCCC", "AAAAGGGG"));
  EXPECT_THAT(heard.all, HasSubstr("barcodes are those of the RNA but for a trailing number"));
  // Two libraries in one file: which of them a cell is of, nothing says.
  put(folder / "f.tsv", "chr1\t110\t115\tAAAACCCC-1\t1\nchr1\t110\t115\tAAAACCCC-2\t1\n");
  EXPECT_THAT(input_message([&] { count({(folder / "f.tsv").string()}, peaks, {"AAAACCCC"}); }),
              HasSubstr("'AAAACCCC' stands there with several trailing numbers"));
  // One cell of each is found as it stands, and the other is not taken for it.
  const auto one = count({(folder / "f.tsv").string()}, peaks, {"AAAACCCC-2"});
  EXPECT_THAT(one.counts[0], ElementsAre(2, 0, 0, 0));
}

TEST(Fragments, WhatCannotBeCountedIsRefusedByLine) {
  const TempFolder folder;
  const auto peaks = four_peaks(folder);
  const auto message = [&](std::string_view text, const Names& cells = {"AAAACCCC-1"}) {
    put(folder / "f.tsv", text);
    return input_message([&] { count({(folder / "f.tsv").string()}, peaks, cells); });
  };
  const std::string good = "chr1\t110\t115\tAAAACCCC-1\t1\n";
  for (const std::string_view bad :
       {"chr1\t110\tAAAACCCC-1\n", "chr1 110 115 AAAACCCC-1\n", "chr1\t-1\t5\tAAAACCCC-1\n",
        "chr1\t20\t10\tAAAACCCC-1\n", "chr1\t1e5\t200000\tAAAACCCC-1\n", "chr1\t1\t5\t\t1\n"}) {
    EXPECT_THAT(message(good + std::string(bad)), HasSubstr("f.tsv, line 2: is no fragment"))
        << bad;
  }
  EXPECT_THAT(message(good, {"s1_AAAACCCC-1"}),
              HasSubstr("no barcode is a cell of the RNA; barcodes are AAAACCCC-1 and cells "
                        "s1_AAAACCCC-1"));
  EXPECT_THAT(message("scaffold7\t110\t115\tAAAACCCC-1\t1\n"),
              HasSubstr("fragments lie on scaffold7, peaks on chr1, chr2"));
  EXPECT_THAT(message("chr1\t300\t400\tAAAACCCC-1\t1\n"),
              HasSubstr("no fragment of a cell of the RNA ends in a peak of"));
  std::string many;
  for (int i = 0; i < 50'000; ++i) many += fmt::format("chr1\t{}\t{}\tAAAACCCC-1\t1\n", i, i + 9);
  put_gzip(folder / "cut.tsv.gz", many, 100);
  EXPECT_THAT(
      input_message([&] { count({(folder / "cut.tsv.gz").string()}, peaks, {"AAAACCCC-1"}); }),
      HasSubstr("cut.tsv.gz"));
}

TEST(Fragments, AreKnownByTheirFirstLine) {
  const TempFolder folder;
  const auto is = [&](std::string_view text) {
    put(folder / "f", text);
    return is_fragments(folder / "f");
  };
  EXPECT_TRUE(is("# a comment\nchr1\t1\t5\tAAAACCCC-1\t2\n"));
  EXPECT_FALSE(is("chr1\t1\t5\tpeak_1\n"));        // BED with names
  EXPECT_FALSE(is("chr1\t1\t5\tpeak_1\t0\t+\n"));  // with scores and strands
  EXPECT_FALSE(is("chr1\t1\t5\n"));
  EXPECT_FALSE(is("AAAACCCC-1\tB\n"));
  EXPECT_FALSE(is(""));
  EXPECT_FALSE(is_fragments(folder / "none"));
}

TEST(Fragments, PeaksLieBesideThemOrMustBeGiven) {
  const TempFolder folder;
  put(folder / "atac_fragments.tsv", "chr1\t110\t115\tAAAACCCC-1\t1\n");
  fs::create_directory(folder / "rna");
  put(folder / "rna/matrix.mtx",
      "%%MatrixMarket matrix coordinate integer general\n2 1 1\n1 1 3\n");
  put(folder / "rna/barcodes.tsv", "AAAACCCC-1\n");
  put(folder / "rna/features.tsv", "E1\tA\tGene Expression\nE2\tB\tGene Expression\n");
  MultiomeInput input;
  input.rna = folder / "rna";
  input.fragments = {(folder / "atac_fragments.tsv").string()};
  ThreadPool pool(1);
  Heard heard;
  const Context context{0, pool, heard};
  EXPECT_THAT(input_message([&] { read_multiome(input, context); }),
              HasSubstr("fragments are counted in peaks: give them as BED, --peaks"));
  fs::copy(four_peaks(folder), folder / "atac_peaks.bed");
  const auto multiome = read_multiome(input, context);
  EXPECT_THAT(heard.all, HasSubstr("atac_peaks.bed, which lies beside the fragments"));
  EXPECT_EQ(multiome.atac.values.nonzeros(), 1);
  input.atac = folder / "rna";
  EXPECT_THROW(read_multiome(input, context), Error);  // both
  input.atac = input.fragments.front();                // known for what it is
  input.fragments.clear();
  EXPECT_EQ(read_multiome(input, context).atac.values.nonzeros(), 1);
}

}  // namespace
}  // namespace grids::core
