// Loops, variants and places: what is read, what a pair hits, and builds that do not fit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>

#include "base/error.hpp"
#include "base/recording_reporter.hpp"
#include "base/thread_pool.hpp"
#include "io/atomic_file.hpp"
#include "planted_pairs.hpp"
#include "support/temp_folder.hpp"
#include "validate/hits.hpp"
#include "validate/loops.hpp"
#include "validate/same_build.hpp"
#include "validate/variants.hpp"

namespace grids::core {
namespace {

using test::add_member;
using test::made_up_genome;
using test::TempFolder;
using testing::HasSubstr;

std::string what_is_thrown(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "nothing";
}

class Experiments : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& content) const {
    replace_file(folder_.path() / name, content);
    return folder_.path() / name;
  }

  /// The i-th peak of the first chromosome.
  const PairPeak& peak(size_t i) const { return pairs_.peaks[i]; }

  /// Every gene with the two peaks that `chosen` says of it, counted from the gene's own place.
  void give(const std::vector<int32_t>& offsets) {
    for (size_t g = 0; g < pairs_.genes.size(); ++g) {
      PairSet set;
      set.method = "m";
      set.cell_type = "all";
      set.gene = static_cast<int32_t>(g);
      for (const int32_t offset : offsets) add_member(set, own_peak(g) + offset);
      pairs_.sets.push_back(set);
    }
  }

  /// made_up_genome places a gene 2 kb beyond the start of each 26th of 50 peaks.
  static int32_t own_peak(size_t gene) { return static_cast<int32_t>(50 * gene + 25); }

  static std::string bed_line(const PairPeak& peak) {
    return fmt::format("chr{}\t{}\t{}\n", peak.chromosome, peak.start, peak.end);
  }

  TempFolder folder_;
  Pairs pairs_ = made_up_genome(2, 1000, 21);
  ThreadPool pool_{1};
  Reporter silent_;
  Context context_{1, pool_, silent_, nullptr};
};

TEST_F(Experiments, ReadsBedpeWithAndWithoutAHeader) {
  const std::string lines = "chr1\t10\t20\tchr1\t100\t120\t.\t5\n.\t-1\t-1\tchr1\t5\t6\n";
  for (const auto& text : {lines, "#chr1\tx1\tx2\tchr2\ty1\ty2\n" + lines,
                           "chrom1\tstart1\tend1\tchrom2\tstart2\tend2\n" + lines}) {
    const auto loops = read_loops(write("loops.bedpe", text));
    ASSERT_EQ(loops.size(), 1U);
    EXPECT_EQ(loops[0].second, (Interval{"1", 100, 120}));
  }
}

TEST_F(Experiments, WrongBedpeIsNamedByLine) {
  const auto refused = [&](const std::string& text) {
    return what_is_thrown([&] { read_loops(write("loops.bedpe", text)); });
  };
  EXPECT_THAT(refused("chr1\t1\t2\tchr1\t3\t4\nchr1\t1\t2\n"), HasSubstr("line 2: 3 fields"));
  EXPECT_THAT(refused("chr1\t1\t2\tchr1\t9\t4\n"), HasSubstr("line 1: 'chr1', '9', '4'"));
  EXPECT_THAT(refused("chr1\t1\t9223372036854775807\tchr1\t3\t4\n"), HasSubstr("is no anchor"));
  EXPECT_THAT(refused("# nothing\n"), HasSubstr("no loops"));
}

TEST_F(Experiments, PeaksOfOneAnchorCountOnce) {
  const auto here = peak(0), there = peak(3);
  const std::vector<Loop> loops = {{{"1", here.start, there.end}, {"2", 0, 10}},
                                   {{"1", here.start, here.end}, {"2", 0, 10}}};
  const auto weights = anchor_weights(pairs_, loops, 0);
  EXPECT_EQ(weights[0] + weights[1] + weights[2] + weights[3], 1);
  EXPECT_EQ(weights[4], 1);
}

TEST_F(Experiments, ALoopJoinsEitherAnchorToTheGene) {
  give({10, -7});
  std::string bedpe;
  for (size_t g = 0; g < pairs_.genes.size(); ++g) {
    const auto& linked = peak(static_cast<size_t>(own_peak(g)) + 10);
    const auto site = pairs_.genes[g].sites[0];
    const auto gene = fmt::format("chr{}\t{}\t{}", linked.chromosome, site - 10, site - 5);
    const auto other = fmt::format("chr{}\t{}\t{}", linked.chromosome, linked.start, linked.end);
    bedpe += g % 2 == 0 ? gene + "\t" + other + "\n" : other + "\t" + gene + "\n";
  }
  const auto path = write("loops.bedpe", bedpe);
  const auto with_slack = loop_rows(pairs_, path, 20, context_);
  EXPECT_DOUBLE_EQ(with_slack[0].value, 0.5);
  EXPECT_EQ(with_slack[0].n, 80);
  EXPECT_EQ(with_slack[0].chance, 0);
  EXPECT_EQ(loop_rows(pairs_, path, 0, context_)[0].value, 0);  // the anchor ends before the gene
}

TEST_F(Experiments, AVariantCountsForItsOwnGene) {
  give({10, -7});
  std::string table = "chrom\tpos\tgene\tpip\n";
  for (size_t g = 0; g < pairs_.genes.size(); ++g) {
    const auto& linked = peak(static_cast<size_t>(own_peak(g)) + 10);
    const auto& gene = pairs_.genes[g % 4 == 3 ? g - 1 : g];  // every fourth of another gene
    table += fmt::format("{}\t{}\t{}\t{}\n", linked.chromosome, linked.end, gene.name,
                         g % 4 == 2 ? 0.05 : 0.5);  // and every fourth too unsure
  }
  const auto rows = eqtl_rows(pairs_, write("eqtl.tsv", table), 0.1, 0, context_);
  EXPECT_EQ(rows[0].what, "eqtl");
  EXPECT_DOUBLE_EQ(rows[0].value, 0.25);
  // The base behind the peak's last one is not in it.
  EXPECT_EQ(read_variants(folder_.path() / "eqtl.tsv", 0.1).begin()->second[0].end, peak(35).end);
}

TEST_F(Experiments, WrongVariantsAreNamed) {
  const auto refused = [&](const std::string& text) {
    return what_is_thrown([&] { read_variants(write("eqtl.tsv", text), 0.1); });
  };
  EXPECT_THAT(refused("chrom\tpos\tgene\n1\t5\tA\n"), HasSubstr("no column pip"));
  EXPECT_THAT(refused("chrom\tpos\tgene\tpip\n1\t5\tA\t2\n"), HasSubstr("line 2: a PIP"));
  EXPECT_THAT(refused("chrom\tpos\tgene\tpip\n1\t0\tA\t1\n"), HasSubstr("no position"));
  EXPECT_THAT(refused("chrom\tpos\tgene\tpip\n1\t5\tA\t0.01\n"), HasSubstr("no variant with"));
}

TEST_F(Experiments, PlacesOfABedHitAnyGene) {
  give({10, -7});
  std::string bed;
  for (size_t g = 0; g < pairs_.genes.size(); ++g) {
    bed += bed_line(peak(static_cast<size_t>(own_peak(g)) + 10));
  }
  const auto rows = bed_rows(pairs_, write("places.bed", bed), 0, context_);
  EXPECT_DOUBLE_EQ(rows[0].value, 0.5);
  EXPECT_THAT(rows[0].note, HasSubstr("LD not accounted for"));
}

// A share of 0 of genes that the table does not have would look like a finding.
TEST_F(Experiments, GenesThatTheVariantsLackHaveNoShare) {
  give({10, -7});
  const auto table = [&](const std::string& gene) {
    return write("eqtl.tsv", fmt::format("chrom\tpos\tgene\tpip\n{}\t{}\t{}\t0.9\n",
                                         peak(35).chromosome, peak(35).end, gene));
  };
  EXPECT_THAT(what_is_thrown([&] { eqtl_rows(pairs_, table("ENSG1.2"), 0.1, 0, context_); }),
              HasSubstr("none of the 40 genes of made up (gene0, …) has a variant"));
  pairs_.sets[0].cell_type = "B";
  const auto rows = eqtl_rows(pairs_, table("gene0"), 0.1, 0, context_);
  for (const auto& row : rows) {
    const bool unknown = row.cell_type == "all";
    EXPECT_EQ(row.note.find("none of these genes is in the table") != std::string::npos, unknown);
    if (row.subset != "share") continue;
    EXPECT_EQ(std::isnan(row.value), unknown) << row.cell_type;
  }
}

TEST_F(Experiments, PlacesAtNoPeakAreRefused) {
  give({10, -7});
  EXPECT_THAT(
      what_is_thrown([&] { bed_rows(pairs_, write("none.bed", "chr1\t5\t6\n"), 0, context_); }),
      HasSubstr("none of its 1 places overlaps any of the 2000 peaks"));
}

/// Peaks that keep to chr20 of both builds, and places beyond the longer of the two.
TEST_F(Experiments, PlacesBeyondTheEndsOfChromosomesAreRefused) {
  constexpr int64_t kEnd = 64'444'167;  // of chr20 in hg38; in hg19 it is shorter
  Pairs pairs;
  pairs.whole = true;
  std::vector<Interval> within, beyond;
  for (int64_t i = 100; i >= 1; --i) {
    const int64_t start = 63'000'000 - 5000 * i;
    pairs.peaks.push_back({"", "20", start, start + 500});
    within.push_back({"chr20", start, start + 500});
    beyond.push_back({"chr20", kEnd + 10 * i, kEnd + 10 * i + 5});
  }
  const auto check = [&](const std::vector<Interval>& places) {
    return what_is_thrown(
        [&] { require_same_build(pairs, places, "x.bed", PlacesAre::kMostlyAtPeaks, context_); });
  };
  EXPECT_EQ(check(within), "nothing");
  EXPECT_THAT(check(beyond), HasSubstr("beyond the ends of chromosomes"));
  EXPECT_THAT(check({{"21", 5, 6}}), HasSubstr("no chromosome in common"));
  // One alone is a slip, which no place of the genome is either; of variants a warning.
  auto slip = within;
  slip.push_back({"chr20", 100, 900'000'000'000});
  EXPECT_THAT(check(slip), HasSubstr("1 of 101 places beyond the ends of chromosomes"));
  RecordingReporter told(silent_);
  const Context context{1, pool_, told, nullptr};
  require_same_build(pairs, slip, "x.tsv", PlacesAre::kOftenAtPeaks, context);
  ASSERT_EQ(told.warnings().size(), 1U);
  EXPECT_THAT(told.warnings()[0], HasSubstr("1 of 101 places beyond"));
}

TEST_F(Experiments, PlacesThatShouldLieAtPeaksAndDoNotAreRefused) {
  std::vector<Interval> at_peaks, beside;
  for (const auto& one : pairs_.peaks) {
    at_peaks.push_back({one.chromosome, one.start, one.end});
    beside.push_back({one.chromosome, one.start + 60'000, one.end + 60'000});
  }
  const auto check = [&](const std::vector<Interval>& places) {
    return what_is_thrown(
        [&] { require_same_build(pairs_, places, "x.bed", PlacesAre::kMostlyAtPeaks, context_); });
  };
  EXPECT_EQ(check(at_peaks), "nothing");
  EXPECT_THAT(check(beside), HasSubstr("another genome build"));
  EXPECT_THAT(check(beside), HasSubstr("take one of cells like those"));
}

/// Real loops of GM12878 (hg19) do not lie at peaks of hg38; the promoters of hg19 stand in for
/// peaks of hg19.
TEST_F(Experiments, RealLoopsFitTheirOwnBuildAlone) {
  const std::filesystem::path data = std::filesystem::path(GRIDS_SHARED_DIR) / "data";
  const auto path = data / "loops/gm12878.hg19.bedpe.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  EXPECT_EQ(read_loops(path).size(), 9448U);
  for (const std::string build : {"hg19", "hg38"}) {
    Pairs pairs;
    pairs.whole = true;
    for (const auto& gene : read_gene_positions(data / ("genes/" + build + ".genes.bed"))) {
      const auto site = gene.first_site();
      pairs.peaks.push_back({gene.name, bare_chromosome(gene.chromosome),
                             std::max<int64_t>(0, site - 500), site + 500});
    }
    std::vector<Interval> anchors;
    for (const auto& loop : read_loops(path)) anchors.push_back(loop.first);
    const auto told = what_is_thrown(
        [&] { require_same_build(pairs, anchors, path, PlacesAre::kMostlyAtPeaks, context_); });
    EXPECT_THAT(told, HasSubstr(build == "hg19" ? "nothing" : "gm12878"));
  }
}

TEST_F(Experiments, HitsNameThePeaksThatCountAndWhatTheyLieAt) {
  give({0, 3});
  const auto& gene = pairs_.genes[2];
  const auto& own = peak(static_cast<size_t>(own_peak(2)));
  const auto& other = peak(static_cast<size_t>(own_peak(2)) + 3);
  // A loop from a start of transcription to the second peak; one that leads elsewhere.
  const auto site = gene.sites.front();
  const auto loops =
      write("loops.bedpe",
            fmt::format("chr{0}\t{1}\t{2}\tchr{0}\t{3}\t{4}\nchr{0}\t{1}\t{2}\tchr{0}\t1\t2\n",
                        gene.chromosome, site, site + 10, other.start, other.end));
  auto hits = loop_hits(pairs_, loops, 0);
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].what, "loops");
  EXPECT_EQ(hits[0].gene, gene.name);
  EXPECT_EQ(hits[0].peak, other.name);
  EXPECT_EQ(hits[0].place, (Interval{gene.chromosome, other.start, other.end}));
  EXPECT_EQ(hits[0].other, (Interval{gene.chromosome, site, site + 10}));
  // A variant of the gene in its own peak; that of another gene there is none of its.
  const auto variants = write(
      "eqtl.tsv", fmt::format("chrom\tpos\tgene\tpip\nchr{0}\t{1}\t{2}\t0.9\nchr{0}\t{1}\tG\t0.9\n",
                              own.chromosome, own.start + 1, gene.name));
  hits = eqtl_hits(pairs_, variants, 0.5, 0);
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].peak, own.name);
  EXPECT_EQ(hits[0].place, (Interval{own.chromosome, own.start, own.start + 1}));
  EXPECT_FALSE(hits[0].other);
  // A place beside a peak is at it within the slack alone.
  const auto places =
      write("places.bed", fmt::format("chr{}\t{}\t{}\n", own.chromosome, own.end + 4, own.end + 5));
  EXPECT_TRUE(bed_hits(pairs_, places, 0).empty());
  hits = bed_hits(pairs_, places, 5);
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].peak, own.name);
  const auto table = hits_table(hits);
  EXPECT_EQ(table.text(0, "other_start"), "NA");
  EXPECT_EQ(table.text(0, "chrom"), own.chromosome);
}

}  // namespace
}  // namespace grids::core
