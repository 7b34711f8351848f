#include "redundancy/elements.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace grids::core {
namespace {

using ::testing::ElementsAre;

/// Peaks on chr1 at the starts given, 400 bp each, then one on chr2; a gene from 50,000 to 60,000.
Study study_with(const std::vector<int64_t>& starts) {
  Study study;
  for (const int64_t start : starts) {
    study.peaks.names.push_back("chr1:" + std::to_string(start));
    study.peaks.start.push_back(start);
    study.peaks.end.push_back(start + 400);
  }
  study.peaks.names.emplace_back("chr2:0");
  study.peaks.start.push_back(0);
  study.peaks.end.push_back(400);
  study.peaks.chromosomes = {"chr1", "chr2"};
  const auto peaks = static_cast<int64_t>(starts.size());
  study.peaks.chromosome_offsets = {0, peaks, peaks + 1};
  study.genes.names = {"G"};
  study.genes.ids = {""};
  study.genes.chromosome = {"chr1"};
  study.genes.start = {50'000};
  study.genes.end = {60'000};
  study.genes.strand = {Strand::kPlus};
  return study;
}

std::vector<std::vector<int32_t>> peaks_of(const std::vector<Element>& elements) {
  std::vector<std::vector<int32_t>> result;
  for (const auto& element : elements) result.push_back(element.peaks);
  return result;
}

TEST(Elements, PeaksLessThanAKilobaseApartAreOne) {
  // Gaps: 999 (joins), 999 more (joins by the chain), 1,000 (does not).
  const auto study = study_with({1000, 2399, 3798, 5198});
  const std::vector<int32_t> peaks = {3, 0, 2, 1};
  EXPECT_THAT(peaks_of(elements_of(study, 0, peaks)),
              ElementsAre(ElementsAre(0, 1, 2), ElementsAre(3)));
}

TEST(Elements, ALongPeakReachesOverAShortOne) {
  auto study = study_with({1000, 2000, 6000});
  study.peaks.end[0] = 5500;
  EXPECT_THAT(peaks_of(elements_of(study, 0, std::vector<int32_t>{0, 1, 2})),
              ElementsAre(ElementsAre(0, 1, 2)));
}

TEST(Elements, OtherChromosomesAreOtherElements) {
  const auto study = study_with({100});
  EXPECT_EQ(elements_of(study, 0, std::vector<int32_t>{0, 1}).size(), 2u);
}

TEST(Elements, ClassesFollowTheGene) {
  const auto study = study_with({20'000, 48'700, 55'000, 70'000});
  const auto elements = elements_of(study, 0, std::vector<int32_t>{0, 1, 2, 3});
  ASSERT_EQ(elements.size(), 4u);
  EXPECT_EQ(elements[0].kind, ElementClass::kDistal);
  EXPECT_EQ(elements[1].kind, ElementClass::kPromoter);  // ends 900 bp before the start
  EXPECT_EQ(elements[2].kind, ElementClass::kIntronic);
  EXPECT_EQ(elements[3].kind, ElementClass::kDistal);
}

TEST(Elements, PlacesSpanTheirPeaks) {
  const auto study = study_with({1000, 2000});
  EXPECT_EQ(place_of(study, elements_of(study, 0, std::vector<int32_t>{0, 1})[0]),
            "chr1:1000-2400");
}

TEST(Elements, ASetHoldsThoseThatHaveANeighbourInIt) {
  const auto study = study_with({1000, 2000, 9000, 20'000});
  const auto a = elements_of(study, 0, std::vector<int32_t>{0, 3});
  EXPECT_TRUE(holds_elements(study, elements_of(study, 0, std::vector<int32_t>{1, 3}), a));
  EXPECT_TRUE(holds_elements(study, elements_of(study, 0, std::vector<int32_t>{1, 2, 3}), a));
  EXPECT_FALSE(holds_elements(study, elements_of(study, 0, std::vector<int32_t>{2, 3}), a));
  EXPECT_FALSE(holds_elements(study, elements_of(study, 0, std::vector<int32_t>{0}), a));
}

TEST(Elements, MembersAreTheMinimalSubsetAndThePartnersOnce) {
  SetPartners found;
  found.minimal = {7, 3};
  found.partners = {{5, 0, 0}, {3, 0, 0}};
  EXPECT_THAT(members_of(found), ElementsAre(3, 5, 7));
}

}  // namespace
}  // namespace grids::core
