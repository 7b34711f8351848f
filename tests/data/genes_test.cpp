#include "data/genes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/fixture.hpp"

namespace grids {
namespace {

using test::message_of;
using testing::ElementsAre;
using testing::HasSubstr;

Frame frame(std::vector<std::string> names) {
  Frame result;
  result.index = std::move(names);
  return result;
}

TEST(Genes, RepeatedSymbolsAreNumberedAsAnnDataDoes) {
  const auto names = gene_names(frame({"A", "B", "A", "A-1", "A"}));
  // A-1 is taken by a gene of that name, so the second A becomes A-2.
  EXPECT_THAT(names.unique, ElementsAre("A", "B", "A-2", "A-1", "A-3"));
  EXPECT_EQ(names.repeated, 2);
}

TEST(Genes, EnsemblIndexAndSymbolColumnChangePlaces) {
  auto var = frame({"ENSG00000187634.12", "ENSG00000188976.11"});
  var.columns.push_back({"gene_symbols", std::vector<std::string>{"SAMD11", ""}});
  const auto names = gene_names(var);
  EXPECT_THAT(names.unique, ElementsAre("SAMD11", "ENSG00000188976.11"));
  EXPECT_THAT(names.ids, ElementsAre("ENSG00000187634.12", "ENSG00000188976.11"));
  auto usual = frame({"SAMD11"});
  usual.columns.push_back({"gene_ids", std::vector<std::string>{"ENSG00000187634"}});
  EXPECT_THAT(gene_names(usual).ids, ElementsAre("ENSG00000187634"));
}

TEST(Genes, EnsemblIdsAreRecognised) {
  for (const char* id : {"ENSG00000187634", "ENSMUSG00000051951.6", "ENSGALG00000000003"}) {
    EXPECT_TRUE(is_ensembl_gene(id)) << id;
  }
  for (const char* id : {"ENSA", "GAPDH", "ENSG", "ENSP00000123456"}) {
    EXPECT_FALSE(is_ensembl_gene(id)) << id;
  }
  EXPECT_EQ(without_version("ENSG00000187634.12"), "ENSG00000187634");
  EXPECT_EQ(without_version("RP11-34P13.7"), "RP11-34P13.7");
}

TEST(Genes, TheUsersGenesAreFoundBySymbolAndId) {
  auto var = frame({"A", "B", "C"});
  var.columns.push_back(
      {"gene_ids", std::vector<std::string>{"ENSG00000000001.4", "ENSG00000000002", ""}});
  const std::vector<std::string> wanted = {"C", "ENSG00000000001", "ENSG00000000002.9", "nope",
                                           "C"};
  const auto found = find_genes(gene_names(var), wanted);
  EXPECT_THAT(found.columns, ElementsAre(0, 1, 2));
  EXPECT_THAT(found.missing, ElementsAre("nope"));
}

TEST(Genes, PositionsBySymbolThenById) {
  auto var = frame({"A", "B", "C", "D"});
  var.columns.push_back(
      {"gene_ids",
       std::vector<std::string>{"ENSG00000000001", "ENSG00000000002.7", "ENSG00000000003", ""}});
  const std::vector<GenePosition> given = {
      {"A", "ENSG00000000009", "chr1", 10, 20, '+'},  // same symbol, another gene
      {"A", "ENSG00000000001.2", "chr2", 30, 40, '-'},
      {"Bold", "ENSG00000000002.1", "chr3", 50, 60, '+'}};
  const auto names = gene_names(var);
  const auto places = gene_places(names, var, given);
  EXPECT_EQ(places.of_gene[0].chromosome, "chr2");
  EXPECT_EQ(places.of_gene[1].chromosome, "chr3");
  EXPECT_EQ(places.matched, 2);
  EXPECT_THAT(places.unmatched, ElementsAre("C", "D"));
  EXPECT_DOUBLE_EQ(places.share(), 0.5);
  const std::vector<int32_t> columns = {0, 3};
  const auto table = gene_table(names, places, columns);
  EXPECT_EQ(table.strand[0], Strand::kMinus);
  EXPECT_EQ(table.tss(0), 39);
  EXPECT_FALSE(table.has_position(1));
}

TEST(Genes, PositionsFromTheColumnsOf10x) {
  auto var = frame({"A", "B"});
  var.columns.push_back({"interval", std::vector<std::string>{"chr1:5-9", ""}});
  const auto places = gene_places(gene_names(var), var, {});
  EXPECT_EQ(places.source, "columns of the file");
  EXPECT_EQ(places.of_gene[0].start, 5);
  EXPECT_EQ(places.matched, 1);
}

TEST(Genes, PositionsThatFitNoGeneAreAnError) {
  const auto var = frame({"Gapdh"});
  const std::vector<GenePosition> given = {{"GAPDH", "ENSG00000111640", "chr12", 1, 2, '+'}};
  EXPECT_THAT(message_of([&] { gene_places(gene_names(var), var, given); }),
              HasSubstr("not one of the 1 genes (Gapdh) is among the 1 gene positions given (GAPDH "
                        "(ENSG00000111640))"));
}

TEST(Genes, ChromosomesMustBeSpeltAlike) {
  GenePlaces places;
  places.of_gene = {{"A", "", "1", 1, 2, '+'}};
  const std::vector<std::string> chromosomes = {"chr1", "chr2"};
  EXPECT_THAT(
      message_of([&] { require_common_chromosomes(places, chromosomes); }),
      HasSubstr("genes lie on 1 (), peaks on chr1, chr2; one of them has names with 'chr'"));
  places.of_gene[0].chromosome = "chr2";
  require_common_chromosomes(places, chromosomes);
}

}  // namespace
}  // namespace grids
