#include "prepare/builds.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/random.hpp"
#include "prepare/fixture.hpp"
#include "support/fixtures.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

GenePosition gene(std::string chromosome, int64_t start, int64_t end, char strand = '+') {
  return {"G", "", std::move(chromosome), start, end, strand};
}

TEST(Builds, TheTableIsThatOfThePublishedSizes) {
  for (const auto& build : known_builds()) {
    const auto sizes = test::fixture("genome/" + build.name + ".chrom.sizes");
    std::map<std::string, int64_t> expected;
    for (const auto& size : read_chromosome_sizes(sizes)) {
      if (size.name != "chrM") expected.emplace(size.name, size.length);  // hg19 has had two
    }
    std::map<std::string, int64_t> found;
    for (const auto& size : build.chromosomes) found.emplace("chr" + size.name, size.length);
    EXPECT_EQ(found, expected) << build.name;
  }
}

TEST(Builds, TheLastBaseOfAChromosomeIsOnItAndTheNextIsNot) {
  const GenomeBuild given{"sizes", {{"chr1", 1000}}};
  const auto beyond = [&](int64_t end) {
    return check_builds(std::vector<Interval>{{"1", 10, 20}},
                        std::vector<GenePosition>{gene("1", 900, end)}, given)
        .genes.beyond;
  };
  EXPECT_EQ(beyond(1000), 0);
  EXPECT_EQ(beyond(1001), 1);
  const auto check = check_builds(std::vector<Interval>{{"chr1", 999, 1500}, {"chr1", 1000, 1500}},
                                  std::vector<GenePosition>{}, given);
  EXPECT_EQ(check.peaks.beyond, 1);  // one that was widened over the end begins on the chromosome
  EXPECT_THAT(check.peaks.examples, ElementsAre("a peak at chr1:1000-1500, which ends at 1000"));
  EXPECT_THAT(
      test::message_of([&] {
        check_builds(std::vector<Interval>{{"chr9", 1, 2}}, std::vector<GenePosition>{}, given);
      }),
      HasSubstr("sizes: no chromosome with peaks (chr9, …) is listed in it"));
}

TEST(Builds, OfTwoBuildsTheOneThatPeaksAndThenGenesKeepTo) {
  // chr1 ends at 248956422 in hg38 and 249250621 in hg19; chr17 at 83257441 and 81195210.
  const std::vector<Interval> either = {{"chr1", 100, 200}};
  const std::vector<Interval> hg38 = {{"chr1", 100, 200}, {"chr17", 82000000, 82000100}};
  const std::vector<GenePosition> of_hg19 = {gene("chr1", 249000000, 249100000)};
  EXPECT_EQ(check_builds(either, of_hg19, std::nullopt).build, "hg19");
  EXPECT_EQ(check_builds(either, of_hg19, std::nullopt).genes.beyond, 0);
  const auto check = check_builds(hg38, of_hg19, std::nullopt);
  EXPECT_EQ(check.build, "hg38");
  EXPECT_EQ(check.genes.beyond, 1);
  EXPECT_EQ(check.build_of_genes, "hg19");
  const std::vector<GenePosition> of_neither = {gene("chr1", 249300000, 249400000)};
  EXPECT_THAT(check_builds(hg38, of_neither, std::nullopt).build_of_genes, IsEmpty());
  EXPECT_EQ(check_builds(either, {}, std::nullopt).build, "hg38") << "the first of those that fit";
  // Peaks that keep to neither are of a genome that is not known: nothing is said of the genes.
  const std::vector<Interval> mouse = {{"chr19", 100, 200}, {"chr19", 61000000, 61000100}};
  const auto unknown = check_builds(mouse, of_hg19, std::nullopt);
  EXPECT_THAT(unknown.build, IsEmpty());
  EXPECT_EQ(unknown.genes.checked, 0);
}

TEST(Builds, ManyAreThreeAndMoreThanOneInAThousand) {
  EXPECT_FALSE((BeyondEnds{10, 2, {}}.many()));
  EXPECT_TRUE((BeyondEnds{10, 3, {}}.many()));
  EXPECT_FALSE((BeyondEnds{3000, 3, {}}.many()));
  EXPECT_TRUE((BeyondEnds{2999, 3, {}}.many()));
}

/// Genes at random along chr1, peaks over a share of their promoters and as many again anywhere.
PromoterPeaks promoters(int64_t genes, double share, int64_t elsewhere, int64_t moved,
                        uint64_t seed = 1) {
  RandomStream random(seed, Purpose::kBenchmark);
  std::vector<Interval> peaks;
  std::vector<GenePosition> positions;
  const auto anywhere = [&] { return 1000000 + static_cast<int64_t>(random.uniform() * 2e8); };
  for (int64_t i = 0; i < genes; ++i) {
    const int64_t tss = anywhere();
    const bool plus = random.uniform() < 0.5;
    positions.push_back(plus ? gene("chr1", tss + moved, tss + moved + 5000)
                             : gene("chr1", tss + moved - 5000, tss + moved + 1, '-'));
    if (random.uniform() < share) peaks.push_back({"chr1", tss - 200, tss + 200});
  }
  for (int64_t i = 0; i < elsewhere; ++i) {
    const int64_t start = anywhere();
    peaks.push_back({"chr1", start, start + 500});
  }
  return check_builds(peaks, positions, std::nullopt).promoters;
}

TEST(Builds, PromotersStandOutInTheRightBuildAlone) {
  const auto right = promoters(1000, 0.7, 20000, 0);
  EXPECT_GT(right.share(), 0.7);
  EXPECT_NEAR(right.share_beside, 0.22, 0.03);  // 20,000 × 2,500 bp over 2e8 bp, some overlap
  EXPECT_FALSE(right.absent());
  const auto wrong = promoters(1000, 0.7, 20000, 31000);
  EXPECT_NEAR(wrong.share(), wrong.share_beside, 0.04);  // three standard errors of 1000 promoters
  EXPECT_TRUE(wrong.absent());
}

TEST(Builds, DensePeaksDoNotHideThePromotersAndFewDoNotTell) {
  EXPECT_FALSE(promoters(1000, 0.9, 60000, 0).absent());  // half of all places are near a peak
  EXPECT_TRUE(promoters(1000, 0.9, 60000, 31000).absent());
  EXPECT_FALSE(promoters(200, 0.7, 200, 31000).absent());  // one by chance: nothing can be said
}

TEST(Builds, TheStrandDecidesWhereThePromoterIs) {
  const std::vector<Interval> peaks = {{"chr1", 100000, 100100}};
  const auto with_peak = [&](int64_t start, int64_t end, char strand) {
    return check_builds(peaks, std::vector<GenePosition>{gene("chr1", start, end, strand)},
                        std::nullopt)
        .promoters.with_peak;
  };
  EXPECT_EQ(with_peak(100000, 150000, '+'), 1);
  EXPECT_EQ(with_peak(100000, 150000, '-'), 0);
  EXPECT_EQ(with_peak(50000, 100000, '-'), 1);
  EXPECT_EQ(with_peak(101099, 150000, '+'), 1);  // the peak's last base is 1000 bp before
  EXPECT_EQ(with_peak(101100, 150000, '+'), 0);
  EXPECT_EQ(with_peak(99000, 150000, '+'), 1);
  EXPECT_EQ(with_peak(98999, 150000, '+'), 0);
}

TEST(Builds, AWidePeakIsNotHiddenByANarrowOneThatBeginsInIt) {
  const std::vector<Interval> peaks = {{"chr1", 100000, 190000}, {"chr1", 101000, 101100}};
  const std::vector<GenePosition> genes = {gene("chr1", 150000, 160000)};
  EXPECT_EQ(check_builds(peaks, genes, std::nullopt).promoters.with_peak, 1);
}

}  // namespace
}  // namespace grids::core
