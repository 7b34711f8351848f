#include "prepare/peaks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prepare/fixture.hpp"

namespace grids::core {
namespace {

using test::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

RawModality named(std::vector<std::string> names) {
  RawModality result;
  result.source = "p.h5ad";
  result.var.index = std::move(names);
  return result;
}

TEST(Peaks, PeaksWithoutPlaceOrGivenTwiceAreNamed) {
  EXPECT_EQ(checked_peaks(named({"chr1:1-2", "chr1-5-9"}))[1].start, 5);
  EXPECT_THAT(message_of([] {
                checked_peaks(named({"chr1:1-2", "peak7"}));
              }),
              HasSubstr("'peak7'"));
  EXPECT_THAT(message_of([] { checked_peaks(named({"chr1:20-10"})); }), HasSubstr("'chr1:20-10'"));
  EXPECT_THAT(message_of([] {
                checked_peaks(named({"chr1:1-5", "chr2:1-5", "chr1-1-5"}));
              }),
              HasSubstr("two peaks are the same interval chr1:1-5: 'chr1:1-5' and 'chr1-1-5'"));
  auto atac = named({"p", "p"});
  atac.var.columns.push_back({"chrom", std::vector<std::string>{"chr3", "chr4"}});
  atac.var.columns.push_back({"start", std::vector<double>{5, 7}});
  atac.var.columns.push_back({"end", std::vector<double>{6, 9}});
  EXPECT_THAT(message_of([&] { checked_peaks(atac); }), HasSubstr("two peaks are called 'p'"));
}

TEST(Peaks, ScaffoldsAndMitochondriaAreTold) {
  for (const char* name :
       {"chrUn_KI270442v1", "chr1_KI270706v1_random", "chr6_GL000256v2_alt", "GL000194.1",
        "KI270713.1", "JH584304.1", "chr4_gl000194_random", "NW_003571036.1", "scaffold_17",
        "chr6_apd_hap1", "AABR07024031.1", "chrEBV", "chrU", "2LHet"}) {
    EXPECT_TRUE(is_scaffold(name)) << name;
  }
  for (const char* name : {"chr1", "1", "X", "chrY", "2L", "chr2R", "IV", "NC_000001.11", "chr_1",
                           "LG_12", "Chr01", "CM000663.2", "Z", "GRCh38_chr1", "chrM"}) {
    EXPECT_FALSE(is_scaffold(name)) << name;
  }
  for (const char* name : {"chrM", "MT", "chrMT", "M", "MtDNA"}) {
    EXPECT_TRUE(is_mitochondrial_chromosome(name)) << name;
  }
  EXPECT_FALSE(is_mitochondrial_chromosome("chr1"));
}

TEST(Peaks, OrderIsChromosomeAsTextThenStart) {
  const std::vector<Interval> peaks = {{"chr2", 1, 5},   {"chr10", 9, 11}, {"chrX", 1, 2},
                                       {"chr10", 2, 4},  {"chr1", 7, 8},   {"chrM", 1, 2},
                                       {"chrUn_1", 1, 2}};
  const std::vector<std::string> names = {"a", "b", "c", "d", "e", "f", "g"};
  const std::vector<int64_t> open_in(7, 100);
  const auto chosen = select_peaks(peaks, open_in, 100, {}, false);
  EXPECT_THAT(chosen.columns, ElementsAre(4, 3, 1, 0, 2));
  EXPECT_EQ(chosen.mitochondrial, 1);
  EXPECT_EQ(chosen.scaffold, 1);
  EXPECT_THAT(chosen.scaffolds, ElementsAre("chrUn_1"));
  const auto table = peak_table(peaks, names, chosen.columns);
  EXPECT_THAT(table.chromosomes, ElementsAre("chr1", "chr10", "chr2", "chrX"));
  EXPECT_THAT(table.chromosome_offsets, ElementsAre(0, 1, 3, 4, 5));
  EXPECT_THAT(table.names, ElementsAre("e", "d", "b", "a", "c"));
  EXPECT_EQ(select_peaks(peaks, open_in, 100, {}, true).columns.size(), 7u);
}

TEST(Peaks, RarePeaksGoByNumberAndByShare) {
  const std::vector<Interval> peaks = {{"1", 1, 2}, {"1", 2, 3}, {"1", 3, 4}};
  const std::vector<int64_t> open_in = {4, 5, 10};
  EXPECT_THAT(select_peaks(peaks, open_in, 100, {}, false).columns, ElementsAre(1, 2));
  const PeakOptions share{.min_peak_share = 0.1, .min_peak_cells = 1};
  const auto chosen = select_peaks(peaks, open_in, 100, share, false);
  EXPECT_THAT(chosen.columns, ElementsAre(2));
  EXPECT_EQ(chosen.required_cells, 10);
  EXPECT_THAT(message_of([&] {
                select_peaks(peaks, open_in, 100, {0.5, 1}, false);
              }),
              HasSubstr("3 open in fewer than 50 of the 100 training cells (the most in 10)"));
}

}  // namespace
}  // namespace grids::core
