#include "prepare/match_cells.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prepare/fixture.hpp"

namespace grids::core {
namespace {

using test::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

RawModality named(std::string source, std::vector<std::string> cells) {
  RawModality result;
  result.source = std::move(source);
  result.obs.index = std::move(cells);
  return result;
}

TEST(MatchCells, ByNameNotByOrderAndCountsTheRest) {
  const auto cells =
      match_cells(named("rna", {"a", "b", "c", "d"}), named("atac", {"x", "d", "b", "a"}));
  EXPECT_THAT(cells.barcodes, ElementsAre("a", "b", "d"));
  EXPECT_THAT(cells.rna_row, ElementsAre(0, 1, 3));
  EXPECT_THAT(cells.atac_row, ElementsAre(3, 2, 1));
  EXPECT_EQ(cells.only_rna, 1);
  EXPECT_EQ(cells.only_atac, 1);
  EXPECT_FALSE(cells.ignored_suffix);
}

TEST(MatchCells, IgnoresATrailingNumberOnlyWhenNothingElseFitsAndNamesStayDifferent) {
  const auto cells = match_cells(named("rna", {"AA-1", "CC-1"}), named("atac", {"CC", "AA"}));
  EXPECT_TRUE(cells.ignored_suffix);
  EXPECT_THAT(cells.barcodes, ElementsAre("AA-1", "CC-1"));
  EXPECT_THAT(cells.atac_row, ElementsAre(1, 0));
  // One exact match: the others are other cells, not the same with another suffix.
  EXPECT_EQ(match_cells(named("rna", {"AA-1", "CC"}), named("atac", {"CC", "AA"})).size(), 1);
  // AA of sample 1 or of sample 2? Not ours to guess.
  EXPECT_THAT(message_of([] {
                match_cells(named("rna", {"AA-1", "AA-2"}), named("atac", {"AA", "CC"}));
              }),
              HasSubstr("no cell is in both modalities"));
}

TEST(MatchCells, NamesThreeExamplesOfEachSideWhenNoneIsCommon) {
  const auto message = message_of([] {
    match_cells(named("r.h5ad", {"a", "b", "c", "d"}), named("p.h5ad", {"w", "x", "y", "z"}));
  });
  EXPECT_THAT(message, HasSubstr("r.h5ad has 4 barcodes (a, b, c, …)"));
  EXPECT_THAT(message, HasSubstr("p.h5ad has 4 (w, x, y, …)"));
}

TEST(MatchCells, RepeatedBarcodesAreAnError) {
  EXPECT_THAT(message_of([] {
                match_cells(named("r.h5ad", {"a"}), named("p.h5ad", {"a", "a"}));
              }),
              HasSubstr("p.h5ad: 1 barcodes occur more than once, the first is 'a'"));
}

}  // namespace
}  // namespace grids::core
