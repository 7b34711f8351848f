// What is refused, what is doubted and what --force passes of genes and peaks that may not belong
// together.
#include "prepare/place_features.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prepare/fixture.hpp"

namespace grids::core {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

/// 40 genes along chr1; those from `placed` on have no position in the list, those below `beyond`
/// lie beyond the end of chr1 in every known build.
std::vector<GenePosition> positions(int placed, int beyond) {
  std::vector<GenePosition> genes;
  for (int j = 0; j < 40; ++j) {
    const int64_t start = j < beyond ? 300'000'000 : 1000 * j;
    const auto name = fmt::format("{}{}", j < placed ? 'G' : 'X', j);
    genes.push_back({name, "", "chr1", start, start + 100, '+'});
  }
  return genes;
}

std::vector<std::string> warnings(std::vector<GenePosition> genes, bool force) {
  PackedMultiome raw = test::two_types(20);
  PrepareInputs inputs;
  inputs.gene_positions = std::move(genes);
  inputs.gene_source = "genes.bed";
  PrepareOptions options;
  options.force = force;
  PrepareSummary summary;
  Reporter reporter;
  Diary diary(summary, reporter);
  place_features(raw, inputs, options, summary, diary);
  return summary.warnings;
}

TEST(PlaceFeatures, FewGenesBeyondTheEndsAreAWarningManyAnErrorThatForcePasses) {
  const auto beyond = HasSubstr("of 40 genes lie beyond the end of their chromosome in hg38");
  EXPECT_THAT(warnings(positions(40, 0), false), Not(Contains(beyond)));
  EXPECT_THAT(warnings(positions(40, 2), false), Contains(AllOf(HasSubstr("2 of 40"), beyond)));
  EXPECT_THAT(test::message_of([&] { warnings(positions(40, 3), false); }),
              AllOf(HasSubstr("3 of 40"), beyond, HasSubstr("--force")));
  EXPECT_THAT(warnings(positions(40, 3), true), Contains(AllOf(HasSubstr("3 of 40"), beyond)));
}

TEST(PlaceFeatures, HardlyAnyPositionIsAnErrorThatForcePasses) {
  const auto hardly = HasSubstr("only 7 of the 40 genes have a position in genes.bed");
  EXPECT_THAT(test::message_of([&] { warnings(positions(7, 0), false); }),
              AllOf(hardly, HasSubstr("--force")));
  EXPECT_THAT(warnings(positions(7, 0), true), Contains(hardly));
  EXPECT_THAT(warnings(positions(8, 0), false), Not(Contains(HasSubstr("have a position in"))));
}

TEST(PlaceFeatures, PromotersThatDoNotStandOutAreDoubted) {
  // Peaks of two_types lie every 3 kb of the first 60 kb: in reach of a third of all places there.
  const auto doubt = HasSubstr("promoters do not stand out");
  EXPECT_THAT(warnings(positions(40, 0), false), Not(Contains(doubt)));
  std::vector<GenePosition> genes;
  for (int j = 0; j < 40; ++j) {  // each 50 kb beside a peak, none at one
    genes.push_back({fmt::format("G{}", j), "", "chr1", 100'000 + 100 * j, 100'050 + 100 * j, '+'});
  }
  EXPECT_THAT(warnings(genes, false), Contains(doubt));
}

}  // namespace
}  // namespace grids::core
