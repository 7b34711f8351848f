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
  EXPECT_EQ(cells.without_suffix, 0);
}

TEST(MatchCells, FirstAsTheyStandThenWithoutATrailingNumberWhereThatIsClear) {
  const auto cells = match_cells(named("rna", {"AA-1", "CC-1"}), named("atac", {"CC", "AA"}));
  EXPECT_EQ(cells.without_suffix, 2);
  EXPECT_THAT(cells.barcodes, ElementsAre("AA-1", "CC-1"));
  EXPECT_THAT(cells.atac_row, ElementsAre(1, 0));
  const auto half = match_cells(named("rna", {"AA-1", "CC"}), named("atac", {"CC", "AA"}));
  EXPECT_EQ(half.size(), 2);
  EXPECT_EQ(half.without_suffix, 1);
  // AA of sample 1 or of sample 2? Not ours to guess.
  EXPECT_THAT(message_of([] {
                match_cells(named("rna", {"AA-1", "AA-2"}), named("atac", {"AA", "CC"}));
              }),
              HasSubstr("no cell is in both modalities"));
  // The sample whose number the ATAC has is matched; what the other has of its stems is doubtful.
  const auto two = match_cells(named("rna", {"AA-1", "CC-1", "GG-1", "AA-2", "TT-2"}),
                               named("atac", {"AA-1", "CC-1", "GG-1"}));
  EXPECT_THAT(two.barcodes, ElementsAre("AA-1", "CC-1", "GG-1"));
  EXPECT_EQ(two.without_suffix, 0);
}

TEST(MatchCells, NumbersOfWhichHardlyAnyFitAreOtherSamples) {
  std::vector<std::string> rna, atac;
  for (int i = 0; i < 20; ++i) {
    rna.push_back(fmt::format("BOTH{}-1", i));
    atac.push_back(fmt::format("BOTH{}-1", i));
    rna.push_back(fmt::format("R{}-2", i));
    atac.push_back(fmt::format("{}{}-3", i == 0 ? "R" : "A", i));  // one coincides
  }
  const auto cells = match_cells(named("rna", rna), named("atac", atac));
  EXPECT_EQ(cells.size(), 20);
  EXPECT_EQ(cells.doubtful, 1);
}

/// A barcode of 16 bases for each number below 4^10, ten of them those of the number.
std::string tenx(int number, const std::string& end = "-1") {
  std::string name = "ACGTTG";
  for (int i = 0; i < 10; ++i) name += "ACGT"[(number >> (2 * i)) & 3];
  return name + end;
}

std::vector<std::string> many(int first, int last, const std::string& end = "-1") {
  std::vector<std::string> names;
  for (int i = first; i < last; ++i) names.push_back(tenx(i, end));
  return names;
}

TEST(JudgeOverlap, HalfIsGoodATenthIsFewLessIsAnotherSample) {
  using Verdict = Overlap::Verdict;
  const auto judged = [](int first, int last) {
    const auto a = many(0, 1000), b = many(first, last);
    return judge_overlap({"r", a}, {"p", b}, find_barcodes(a, b).found);
  };
  EXPECT_EQ(judged(500, 1500).verdict, Verdict::kGood);
  EXPECT_EQ(judged(501, 1501).verdict, Verdict::kFew);
  EXPECT_EQ(judged(900, 1900).verdict, Verdict::kFew);
  EXPECT_EQ(judged(901, 1901).verdict, Verdict::kHardlyAny);
  EXPECT_EQ(judged(0, 30).verdict, Verdict::kGood);  // a part of the cells
  EXPECT_THAT(judged(950, 1950).message, HasSubstr("only 50 cells (5.0 % of the fewer)"));
  EXPECT_THAT(judged(950, 1950).message, HasSubstr("have about 1 barcodes in common"));
}

TEST(FindBarcodes, AListOfAllBarcodesFitsEveryNumberByChance) {
  const auto barcodes = many(0, 1000, "-2");
  EXPECT_EQ(find_barcodes(barcodes, many(0, 300000, "-3")).found, 1000);
  // Of 736,320 barcodes of 10x, half and more are there: so are half and more of any others.
  EXPECT_EQ(find_barcodes(barcodes, many(0, 400000, "-3")).found, 0);
  EXPECT_EQ(find_barcodes(barcodes, many(0, 400000, "-3")).doubtful, 1000);
}

TEST(SpellingHint, NamesWhoSpellsSoAndWhatToDo) {
  const auto plain = many(0, 10);
  const auto hint = [&](const std::string& before, const std::string& end) {
    auto other = many(0, 10, end);
    for (auto& name : other) name = before + name;
    return spelling_hint({"r", plain}, {"p", other});
  };
  EXPECT_THAT(hint("S1#", "-1"), HasSubstr("SAMPLE# in front, as ArchR does"));
  EXPECT_THAT(hint("", "-1___s1"), HasSubstr("___SAMPLE behind, as pycisTopic does"));
  EXPECT_THAT(hint("", "-1_atac"), HasSubstr("r'_atac$'"));
  EXPECT_THAT(hint("", "-1-0"), HasSubstr("as AnnData's concat does"));
  EXPECT_THAT(hint("liver.", "-1"), HasSubstr(R"(r'^liver\.')"));
  EXPECT_EQ(spelling_hint({"r", plain}, {"p", many(20, 30)}), "");
  EXPECT_THAT(spelling_hint({"r", std::vector<std::string>{"R1.1,R2.1,P1.04"}},
                            {"p", std::vector<std::string>{"R1.1,R2.1,P1.12"}}),
              HasSubstr("SHARE-seq"));
  EXPECT_THAT(spelling_hint({"r", std::vector<std::string>{"AAAACCCCGG-1"}},
                            {"p", std::vector<std::string>{"CCGGGGTTTT-1"}}),
              HasSubstr("reverse complement"));
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
