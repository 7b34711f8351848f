#include "pipeline/near_genes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Three peaks on one chromosome, a gene at each end.
Study two_genes() {
  Study study;
  study.peaks.names = {"left", "middle", "right"};
  study.peaks.chromosomes = {"chr1"};
  study.peaks.chromosome_offsets = {0, 3};
  study.peaks.start = {100, 1000, 5000};
  study.peaks.end = {200, 1100, 5100};
  study.genes.names = {"elsewhere", "A", "B"};
  study.genes.ids = {"", "", ""};
  study.genes.chromosome = {"", "chr1", "chr1"};
  study.genes.start = {0, 150, 5050};
  study.genes.end = {0, 400, 6000};
  study.genes.strand.assign(3, Strand::kPlus);
  return study;
}

TEST(NearGenes, APeakIsNearAnyOfTheGenesThatItIsNear) {
  const Study study = two_genes();
  const std::vector<int32_t> genes = {2, 1};  // B, A: places, not numbers, are told
  const std::vector<int32_t> peaks = {0, 1, 2};
  const std::vector<size_t> of_b = {0}, of_a = {1}, both = {0, 1};
  const NearGenes near(study, genes, 900);
  EXPECT_THAT(near.near(peaks), ElementsAre(0, 1));
  EXPECT_THAT(near.near(std::span(peaks).first(2)), ElementsAre(1));
  EXPECT_THAT(near.near_any(of_b, peaks), ElementsAre(2));
  EXPECT_THAT(near.near_any(of_a, peaks), ElementsAre(0, 1));
  EXPECT_THAT(near.near_any(both, peaks), ElementsAre(0, 1, 2));
  EXPECT_THAT(near.near_any({}, peaks), IsEmpty());
  EXPECT_THAT(near.at_places(both), ElementsAre(2, 1));
}

}  // namespace
}  // namespace grids::core
