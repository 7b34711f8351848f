#include "prepare/gene_places.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prepare/fixture.hpp"

namespace grids::core {
namespace {

using test::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Texts = std::vector<std::string>;

Frame frame(Texts names, Texts ids = {}) {
  Frame result;
  result.index = std::move(names);
  if (!ids.empty()) result.columns.push_back({"gene_ids", std::move(ids)});
  return result;
}

GenePosition gene(std::string name, std::string id, int64_t start, std::string chromosome = "chr1",
                  char strand = '+') {
  return {std::move(name), std::move(id), std::move(chromosome), start, start + 10, strand};
}

GenePlaces places_of(const Frame& var, const std::vector<GenePosition>& given) {
  return gene_places(gene_names(var), var, {given, "genes.bed"});
}

TEST(GenePlaces, AnIdGoesBeforeASymbol) {
  const auto var =
      frame({"A", "B", "C", "D"}, {"ENSG00000000001", "ENSG00000000002.7", "ENSG00000000003", ""});
  const auto places = places_of(var, {gene("A", "ENSG00000000009", 10),  // the symbol of another
                                      gene("A", "ENSG00000000001.2", 30, "chr2", '-'),
                                      gene("Bold", "ENSG00000000002.1", 50)});
  EXPECT_EQ(places.of_gene[0].chromosome, "chr2");
  EXPECT_EQ(places.of_gene[1].start, 50);
  EXPECT_EQ(places.matched, 2);
  EXPECT_EQ(places.by_id_without_version, 2);
  EXPECT_THAT(places.unmatched, ElementsAre("C", "D"));
  EXPECT_DOUBLE_EQ(places.share(), 0.5);
  EXPECT_THAT(places.several, IsEmpty());
  const std::vector<int32_t> columns = {0, 3};
  const auto table = gene_table(gene_names(var), places, columns);
  EXPECT_EQ(table.strand[0], Strand::kMinus);
  EXPECT_EQ(table.tss(0), 39);
  EXPECT_FALSE(table.has_position(1));
}

// Every way in which two files can call the same gene, and how it is counted.
TEST(GenePlaces, IdsSymbolsAndVersionsMatchEitherWayRound) {
  struct Way {
    Frame var;
    GenePosition given;
    int64_t by_symbol, by_id, without_version;
  };
  const std::string id = "ENSG00000000001";
  const std::vector<Way> ways = {
      {frame({"A"}), gene("A", "", 1), 1, 0, 0},
      {frame({"A"}), gene("A", id + ".3", 1), 1, 0, 0},
      {frame({"A"}, {id}), gene("A", id, 1), 0, 1, 0},
      {frame({"A"}, {id + ".3"}), gene("A", id + ".3", 1), 0, 1, 0},
      {frame({"A"}, {id + ".3"}), gene("A", id, 1), 0, 0, 1},
      {frame({"A"}, {id}), gene("A", id + ".4", 1), 0, 0, 1},
      {frame({id}), gene("A", id, 1), 0, 1, 0},               // the cells' genes are ids
      {frame({id + ".3"}), gene("A", id, 1), 0, 0, 1},        //
      {frame({"A"}, {id}), gene(id + ".3", "", 1), 0, 0, 1},  // ids where names are expected
      {frame({id}), gene(id, "", 1), 0, 1, 0},
      {frame({"A", "B", id}), gene("X", id, 1), 0, 1, 0},              // an id among symbols
      {frame({"A"}, {"ENSG00000000002"}), gene("A", id, 1), 1, 0, 0},  // a retired id
  };
  for (size_t i = 0; i < ways.size(); ++i) {
    const auto& way = ways[i];
    const auto places = places_of(way.var, {gene("other", "ENSG00000000099", 5), way.given});
    EXPECT_EQ(places.matched, 1) << i;
    EXPECT_EQ(places.of_gene.back().start, 1) << i;
    EXPECT_EQ(places.by_symbol, way.by_symbol) << i;
    EXPECT_EQ(places.by_id, way.by_id) << i;
    EXPECT_EQ(places.by_id_without_version, way.without_version) << i;
  }
}

TEST(GenePlaces, TheVersionOfAnIdSaysMoreThanTheSymbol) {
  const auto places =
      places_of(frame({"A"}, {"ENSG00000000001.3"}),
                {gene("A", "ENSG00000000001.2", 10), gene("Anew", "ENSG00000000001.3", 20)});
  EXPECT_EQ(places.of_gene[0].start, 20);
  EXPECT_EQ(places.by_id, 1);
  EXPECT_THAT(places.several, IsEmpty());
}

TEST(GenePlaces, LetterCaseAndDotsOfSymbolsCount) {
  const auto places =
      places_of(frame({"a", "RP11-34P13.7", "AL627309.1"}),
                {gene("A", "", 1), gene("RP11-34P13.8", "", 2), gene("AL627309.1", "", 3)});
  EXPECT_EQ(places.matched, 1);
  EXPECT_EQ(places.of_gene[2].start, 3);
}

TEST(GenePlaces, TwoGenesOfOneSymbolAreNotGuessedUnlessTheIdTells) {
  const std::vector<GenePosition> given = {
      gene("A", "ENSG00000000001", 1),
      gene("A", "ENSG00000000002", 2),  // two genes of one symbol
      gene("ST7", "ENSG00000000003", 3),
      gene("ST7-OT", "ENSG00000000003", 4),  // one id, two names
      gene("C", "", 5),
      gene("C", "", 5),  // the same twice
      gene("D", "", 6),
      gene("D", "", 6, "chr2"),
      gene("E", "", 7),
      gene("E", "", 7, "chr1", '-'),
      gene("F", "", 8),
      gene("F", "", 3'000'000)};
  const auto by_symbol = places_of(frame({"A", "ST7-OT", "C", "D", "E", "F"}), given);
  EXPECT_THAT(by_symbol.unclear, ElementsAre("A", "D", "E", "F"));
  EXPECT_THAT(by_symbol.unmatched, ElementsAre("A", "D", "E", "F"));
  EXPECT_EQ(by_symbol.of_gene[2].start, 5);
  const auto with_ids =
      places_of(frame({"A", "ST7-OT", "C"}, {"ENSG00000000002", "ENSG00000000003", ""}), given);
  EXPECT_THAT(with_ids.unclear, IsEmpty());
  EXPECT_EQ(with_ids.of_gene[0].start, 2);
  EXPECT_EQ(with_ids.of_gene[1].start, 4);
}

TEST(GenePlaces, TwoGenesOfTheCellsWithOneSymbolHaveItsPlaceByIdOnly) {
  const std::vector<GenePosition> given = {gene("A", "ENSG00000000001", 10), gene("B", "", 20),
                                           gene("C", "ENSG00000000004", 30)};
  // AnnData calls the second A-1. Without ids, neither is the A of the positions.
  const auto without = places_of(frame({"A", "A", "B"}), given);
  EXPECT_THAT(without.unclear, ElementsAre("A", "A-1"));
  EXPECT_EQ(without.matched, 1);
  const auto with_ids =
      places_of(frame({"A", "A", "B"}, {"ENSG00000000002", "ENSG00000000001", ""}), given);
  EXPECT_THAT(with_ids.unclear, ElementsAre("A"));
  EXPECT_EQ(with_ids.of_gene[1].start, 10);
  // A symbol that became another gene's: the place is that of the gene with the id.
  const auto renamed =
      places_of(frame({"C", "Cnew"}, {"ENSG00000000009", "ENSG00000000004"}), given);
  EXPECT_THAT(renamed.unclear, ElementsAre("C"));
  EXPECT_EQ(renamed.of_gene[1].start, 30);
}

TEST(GenePlaces, RowsOfOneGeneAreItsTranscripts) {
  const std::vector<GenePosition> given = {
      gene("A", "ENSG00000000001", 500),      gene("A", "ENSG00000000001", 100),
      gene("A", "ENSG00000000001", 100),      gene("B", "", 70, "chr2", '-'),
      gene("B", "", 40, "chr2", '-'),         gene("P", "ENSG00000000002", 5, "chrX"),
      gene("P", "ENSG00000000002", 8, "chrY")};
  const auto var = frame({"A", "B", "P"}, {"ENSG00000000001", "", "ENSG00000000002"});
  const auto places = places_of(var, given);
  EXPECT_THAT(places.several, ElementsAre("P"));
  const std::vector<int32_t> columns = {0, 1, 2};
  const auto table = gene_table(gene_names(var), places, columns);
  EXPECT_EQ(table.start[0], 100);
  EXPECT_EQ(table.end[0], 510);
  EXPECT_EQ(table.tss(0), 100);
  EXPECT_THAT(table.further_sites, ElementsAre(ElementsAre(500), ElementsAre(49), IsEmpty()));
  EXPECT_EQ(table.tss(1), 79);
  EXPECT_EQ(table.chromosome[2], "chrX");
  // With one site each, there is nothing to keep.
  EXPECT_THAT(gene_table(gene_names(var), places, std::vector<int32_t>{2}).further_sites,
              IsEmpty());
}

TEST(GenePlaces, PositionsFromTheColumnsOf10x) {
  auto var = frame({"A", "B"});
  var.columns.push_back({"interval", Texts{"chr1:5-9", ""}});
  const auto places = places_of(var, {});
  EXPECT_EQ(places.source, "columns of the file");
  EXPECT_EQ(places.of_gene[0].start, 5);
  EXPECT_EQ(places.matched, 1);
}

TEST(GenePlaces, AGeneThatEndsWhereItStartsHasNoPlace) {
  auto var = frame({"A", "B"});
  var.columns.push_back({"chrom", Texts{"chr1", "chr1"}});
  var.columns.push_back({"start", std::vector<double>{5, 5}});
  var.columns.push_back({"end", std::vector<double>{6, 5}});
  EXPECT_THAT(places_of(var, {}).unmatched, ElementsAre("B"));
}

TEST(GenePlaces, PositionsThatFitNoGeneAreAnErrorThatShowsBothSides) {
  EXPECT_THAT(
      message_of([&] { places_of(frame({"Gapdh"}), {gene("GAPDH", "ENSG00000111640", 1)}); }),
      ::testing::AllOf(HasSubstr("not one of the 1 genes have a position in genes.bed, which "
                                 "has 1: the cells' genes are called Gapdh, those of the "
                                 "positions GAPDH (ENSG00000111640)"),
                       HasSubstr("1 would match if letter case did not count")));
}

TEST(GenePlaces, HardlyMatchedIsJudgedByTheShorterList) {
  Texts names;
  std::vector<GenePosition> given;
  for (int i = 0; i < 100; ++i) {
    names.push_back(fmt::format("G{}", i));
    given.push_back(gene(fmt::format("H{}", i), "", i));
  }
  const auto hardly = [&] { return hardly_matched(places_of(frame(names), given), {given, ""}); };
  for (size_t i = 0; i < 19; ++i) given[i].name = names[i];
  EXPECT_TRUE(hardly());
  given[19].name = names[19];
  EXPECT_FALSE(hardly());
  given.resize(10);  // all ten are genes of the cells: a short list is no wrong list
  EXPECT_FALSE(hardly());
}

TEST(GenePlaces, ChromosomesAreSpeltAsThePeaksDo) {
  const auto respelt = [](const Texts& genes, const Texts& peaks) {
    GenePlaces places;
    for (const auto& name : genes) places.of_gene.push_back(gene("A", "", 1, name));
    const int64_t changed = respell_chromosomes(places, peaks);
    Texts result = {std::to_string(changed)};
    for (const auto& position : places.of_gene) result.push_back(position.chromosome);
    return result;
  };
  EXPECT_THAT(respelt({"1", "X", "MT", "Y", "GL000194.1", ""}, {"chr1", "chrX", "chr2"}),
              ElementsAre("4", "chr1", "chrX", "chrM", "chrY", "GL000194.1", ""));
  EXPECT_THAT(respelt({"chr1", "chrM", "chr2"}, {"1", "2"}), ElementsAre("3", "1", "MT", "2"));
  EXPECT_THAT(respelt({"chr1", "1"}, {"chr1", "1"}), ElementsAre("0", "chr1", "1"));
}

TEST(GenePlaces, NoCommonChromosomeIsAnError) {
  GenePlaces places;
  places.source = "genes.bed";
  places.of_gene = {gene("A", "", 1, "NC_000001.11")};
  const Texts of_peaks = {"chr1", "chr2"};
  EXPECT_THAT(message_of([&] { require_common_chromosomes(places, of_peaks); }),
              HasSubstr("genes lie on NC_000001.11 (genes.bed), peaks on chr1, chr2"));
  places.of_gene[0].chromosome = "chr2";
  require_common_chromosomes(places, of_peaks);
}

}  // namespace
}  // namespace grids::core
