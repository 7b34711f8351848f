// Where a peak lies beside a gene.
#include <gtest/gtest.h>

#include "study/study.hpp"

namespace grids::core {
namespace {

/// One gene from 10,000 to 20,000 on chr1, of either strand, and peaks of 200 bp.
Study one_gene(Strand strand, const std::vector<int64_t>& starts) {
  Study study;
  study.genes.names = {"G"};
  study.genes.ids = {""};
  study.genes.chromosome = {"chr1"};
  study.genes.start = {10'000};
  study.genes.end = {20'000};
  study.genes.strand = {strand};
  study.peaks.chromosomes = {"chr1", "chr2"};
  for (const int64_t start : starts) {
    study.peaks.names.push_back("chr1-" + std::to_string(start));
    study.peaks.start.push_back(start);
    study.peaks.end.push_back(start + 200);
  }
  const auto count = static_cast<int64_t>(starts.size());
  study.peaks.chromosome_offsets = {0, count, count};
  return study;
}

TEST(TranscribedPart, IsTheBodyBeyondAKilobaseFromItsStart) {
  //                          before, at the TSS, near it, in the body, its end, behind
  const std::vector<int64_t> starts = {8'000, 9'900, 10'800, 11'500, 19'900, 20'000};
  const std::vector<bool> forward = {false, false, false, true, true, false};
  const Study plus = one_gene(Strand::kPlus, starts);
  for (size_t i = 0; i < starts.size(); ++i) {
    EXPECT_EQ(in_transcribed_part(plus, 0, static_cast<int64_t>(i)), forward[i]) << starts[i];
  }
  // The start of transcription is at the other end: 19,999.
  const std::vector<bool> backward = {false, true, true, true, false, false};
  const Study minus = one_gene(Strand::kMinus, starts);
  for (size_t i = 0; i < starts.size(); ++i) {
    EXPECT_EQ(in_transcribed_part(minus, 0, static_cast<int64_t>(i)), backward[i]) << starts[i];
  }
}

TEST(TranscribedPart, IsNowhereOnAnotherChromosomeOrWithoutPosition) {
  Study study = one_gene(Strand::kPlus, {12'000});
  study.peaks.chromosomes[0] = "chr2";
  EXPECT_FALSE(in_transcribed_part(study, 0, 0));
  study.peaks.chromosomes[0] = "chr1";
  EXPECT_TRUE(in_transcribed_part(study, 0, 0));
  study.genes.chromosome = {""};
  EXPECT_FALSE(in_transcribed_part(study, 0, 0));
}

TEST(Distance, IsToTheNearestSite) {
  Study study = one_gene(Strand::kPlus, {9'000, 13'000, 14'900, 19'000});
  study.genes.further_sites = {{15'000, 18'000}};
  const std::vector<int64_t> expected = {-801, -1'801, 0, 1'000};
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(distance_to_tss(study, 0, static_cast<int64_t>(i)), expected[i]) << i;
  }
  // In the body and behind the first site, though the nearest is yet to come.
  EXPECT_TRUE(in_transcribed_part(study, 0, 1));
  EXPECT_FALSE(in_transcribed_part(study, 0, 2));
  study.genes.strand = {Strand::kMinus};  // from 19,999; the others stay
  EXPECT_EQ(distance_to_tss(study, 0, 0), 5'801);
  EXPECT_EQ(distance_to_tss(study, 0, 3), 800);
}

}  // namespace
}  // namespace grids::core
