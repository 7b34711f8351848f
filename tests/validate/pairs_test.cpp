#include "validate/pairs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "io/atomic_file.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

using test::TempFolder;
using testing::HasSubstr;

class PairsTest : public testing::Test {
 protected:
  Pairs read(const std::string& table, PairSources sources = {}) const {
    replace_file(folder_.path() / "pairs.tsv", table);
    sources.links = folder_.path() / "pairs.tsv";
    return read_pairs(sources, nullptr);
  }

  std::filesystem::path write(const std::string& name, const std::string& content) const {
    replace_file(folder_.path() / name, content);
    return folder_.path() / name;
  }

  std::string refused(const std::string& table, const PairSources& sources = {}) const {
    try {
      read(table, sources);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "";
  }

  TempFolder folder_;
};

constexpr const char* kTool =
    "chrom\tstart\tend\tTargetGene\tTargetGeneTSS\tABC.Score\n"
    "chr2\t100\t200\tA\t5000\t0.5\n"
    "chr1\t100\t200\tB\t150\t0.25\n"
    "chr1\t900\t1000\tB\t150\tNA\n"
    "chr1\t900\t1000\tB\t150\t0.125\n";

TEST_F(PairsTest, ReadsTheTableOfAnotherTool) {
  PairSources sources;
  sources.score = "ABC.Score";
  const Pairs pairs = read(kTool, sources);
  ASSERT_EQ(pairs.sets.size(), 2U);
  ASSERT_EQ(pairs.peaks.size(), 3U);  // sorted: 1:100, 1:900, 2:100
  EXPECT_EQ(pairs.score, "ABC.Score");
  EXPECT_FALSE(pairs.whole);
  EXPECT_EQ(pairs.genes[0].chromosome, "2");
  EXPECT_EQ(pairs.sets[0].members[0].peak, 2);
  EXPECT_EQ(pairs.sets[0].set_size, std::nullopt);
  ASSERT_EQ(pairs.sets[1].members.size(), 2U);  // a pair that is listed twice is one
  EXPECT_EQ(pairs.sets[1].members[1].score, 0.125);
  EXPECT_EQ(pair_distance(pairs.genes[1], pairs.peaks[0]), 0);
  EXPECT_EQ(pair_distance(pairs.genes[1], pairs.peaks[1]), 750);
  EXPECT_EQ(pair_distance(pairs.genes[1], pairs.peaks[2]), std::nullopt);
}

TEST_F(PairsTest, PartnersAreOutsideAndAlternativesPassedOver) {
  const Pairs pairs = read(
      "cell_type\tgene\tset\tpeak\trank\tmethod\tL\n"
      "B\tX\tfound\tchr1:10-20\t1\tgrids\t2\n"
      "B\tX\tfound\tchr1:30-40\t2\tgrids\t2\n"
      "B\tX\tfound\tchr1:50-60\tNA\tgrids\t2\n"
      "B\tX\talternative 1\tchr1:70-80\t1\tgrids\t2\n");
  ASSERT_EQ(pairs.sets.size(), 1U);
  const auto& members = pairs.sets[0].members;
  ASSERT_EQ(members.size(), 3U);
  EXPECT_EQ(members[1].score, 0.5);
  EXPECT_FALSE(members[1].outside);
  EXPECT_TRUE(members[2].outside);
  EXPECT_EQ(members[2].score, 0);
  EXPECT_EQ(pairs.peaks.size(), 3U);
}

TEST_F(PairsTest, ReadsTheSetsOfCompare) {
  const Pairs pairs = read(
      "cell_type\tgene\tmethod\tL\tseed\tallowance\tpeaks\n"
      "B\tX\tgrids\t2\t1\tequal\tchr1:10-20,chr1:30-40\n"
      "B\tX\tlasso\t2\t1\tequal\tchr1:10-20\n"
      "B\tX\tlasso\t2\t1\tunlimited\tchr1:30-40\n"
      "B\tX\tlasso\t2\t2\tequal\t\n");
  ASSERT_EQ(pairs.sets.size(), 4U);
  EXPECT_EQ(pairs.sets[0].members.size(), 2U);
  EXPECT_EQ(pairs.sets[2].method, "lasso (unlimited)");
  EXPECT_TRUE(pairs.sets[3].members.empty());
}

// The L of links.tsv is the size that came out: a gene with fewer peaks is of no other method.
TEST_F(PairsTest, SetsOfOneMethodAreTogetherWhateverSizeCameOut) {
  const std::string begin =
      "cell_type\tgene\tset\tpeak\trank\tmethod\tL\n"
      "B\tX\tfound\tchr1:10-20\t1\tgrids\t2\n"
      "B\tX\tfound\tchr1:30-40\t2\tgrids\t2\n"
      "B\tY\tfound\tchr1:50-60\t1\tgrids\t1\n"
      "B\tY\tfound\tchr1:50-60\t1\tlasso\t1\n";
  const auto one = read(begin).sets;
  ASSERT_EQ(one.size(), 3U);
  EXPECT_EQ(one[0].set_size, 2);
  EXPECT_EQ(one[1].set_size, 2);
  EXPECT_EQ(one[2].set_size, 1);
  // Several of one gene, and the sizes are what was asked.
  const auto several = read(begin + "B\tX\tfound\tchr1:10-20\t1\tgrids\t1\n").sets;
  ASSERT_EQ(several.size(), 4U);
  EXPECT_EQ(several[1].set_size, 1);
  EXPECT_EQ(several[3].set_size, 1);
  // compare.tsv tells the L that was asked.
  const auto compared = read(
      "cell_type\tgene\tmethod\tL\tseed\tallowance\tpeaks\n"
      "B\tX\tgrids\t2\t1\tequal\tchr1:10-20,chr1:30-40\n"
      "B\tY\tgrids\t1\t1\tequal\tchr1:10-20\n");
  EXPECT_EQ(compared.sets[1].set_size, 1);
}

TEST_F(PairsTest, ARunWithoutSetsHasItsReasonsBesideIt) {
  write("skipped.tsv", "cell_type\tgene\treason\n");
  EXPECT_THAT(refused("gene\tpeak\n"), HasSubstr("found no sets"));
  try {
    PairSources sources;
    std::filesystem::remove(folder_.path() / "pairs.tsv");
    sources.links = folder_.path();
    read_pairs(sources, nullptr);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("skipped.tsv"));
  }
}

TEST_F(PairsTest, GenesArePlacedByAnAnnotationAndPeaksByAList) {
  PairSources sources;
  sources.genes = write("genes.bed", "chr1\t1000\t2000\tB\t0\t-\tENSG7.3\n");
  sources.peaks = write("peaks.bed", "chr1\t10\t20\nchr1\t100\t200\nchr2\t5\t6\n");
  const Pairs pairs = read("gene_id\tpeak\nENSG7\t1:100-200\n", sources);
  EXPECT_TRUE(pairs.whole);
  EXPECT_EQ(pairs.peaks.size(), 3U);
  EXPECT_EQ(pairs.genes[0].sites, std::vector<int64_t>{1999});
  EXPECT_EQ(pairs.genes[0].body, std::pair(int64_t{1000}, int64_t{2000}));
  EXPECT_EQ(pair_distance(pairs.genes[0], pairs.peaks[pairs.sets[0].members[0].peak]), 1800);
}

TEST_F(PairsTest, WhatIsWrongIsNamed) {
  PairSources listed;
  listed.peaks = write("peaks.bed", "chr1\t10\t20\n");
  EXPECT_THAT(refused("gene\tpeak\nX\tchr1:30-40\n", listed), HasSubstr("line 2: the peak"));
  EXPECT_THAT(refused("gene\tpeak\nX\tenhancer7\n"), HasSubstr("has no place"));
  EXPECT_THAT(refused("gene\tscore\nX\t1\n"), HasSubstr("which peak"));
  EXPECT_THAT(refused("peak\tscore\nX\t1\n"), HasSubstr("which gene"));
  EXPECT_THAT(refused("gene\tchrom\tstart\tend\nX\tchr1\t20\t20\n"), HasSubstr("line 2"));
  EXPECT_THAT(refused("gene\tpeak\tscore\nX\tchr1:1-2\thigh\n"), HasSubstr("column 'score'"));
  EXPECT_THAT(refused("gene\tpeak\n"), HasSubstr("no pairs"));
  EXPECT_THAT(refused("gene\tpeak\nX\tchr1:1-9223372036854775807\n"),
              HasSubstr("no chromosome reaches"));
  PairSources none;
  none.peaks = write("none.bed", "");
  EXPECT_THAT(refused("gene\tpeak\nX\tchr1:30-40\n", none), HasSubstr("none.bed: no peaks"));
  PairSources other;
  other.score = "abc";
  EXPECT_THAT(refused("gene\tpeak\nX\tchr1:1-2\n", other), HasSubstr("no column 'abc'"));
}

}  // namespace
}  // namespace grids::core
