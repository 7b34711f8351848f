#include "prepare/genes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prepare/fixture.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;

Frame gene_frame(std::vector<std::string> names) {
  Frame result;
  result.index = std::move(names);
  return result;
}

TEST(Genes, RepeatedSymbolsAreNumberedAsAnnDataDoes) {
  const auto names = gene_names(gene_frame({"A", "B", "A", "A-1", "A"}));
  // A-1 is taken by a gene of that name, so the second A becomes A-2.
  EXPECT_THAT(names.unique, ElementsAre("A", "B", "A-2", "A-1", "A-3"));
  EXPECT_EQ(names.repeated, 2);
}

TEST(Genes, EnsemblIndexAndSymbolColumnChangePlaces) {
  auto var = gene_frame({"ENSG00000187634.12", "ENSG00000188976.11"});
  var.columns.push_back({"gene_symbols", std::vector<std::string>{"SAMD11", ""}});
  const auto names = gene_names(var);
  EXPECT_THAT(names.unique, ElementsAre("SAMD11", "ENSG00000188976.11"));
  EXPECT_THAT(names.ids, ElementsAre("ENSG00000187634.12", "ENSG00000188976.11"));
  auto usual = gene_frame({"SAMD11"});
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
  auto var = gene_frame({"A", "B", "C"});
  var.columns.push_back(
      {"gene_ids", std::vector<std::string>{"ENSG00000000001.4", "ENSG00000000002", ""}});
  const std::vector<std::string> wanted = {"C", "ENSG00000000001", "ENSG00000000002.9", "nope",
                                           "C"};
  const auto found = find_genes(gene_names(var), wanted);
  EXPECT_THAT(found.columns, ElementsAre(0, 1, 2));
  EXPECT_THAT(found.missing, ElementsAre("nope"));
}

}  // namespace
}  // namespace grids::core
