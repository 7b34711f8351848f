// What the page holds for its script.
#include "report/page_data.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/report_folder.hpp"

namespace grids::core {
namespace {

using Folder = testing::ReportFolder;
using Json = nlohmann::json;

/// Cells of a column of one of the page's tables.
std::vector<std::string> column_of(const Json& data, const std::string& table,
                                   const std::string& column) {
  const auto& columns = data["tables"][table]["columns"];
  size_t at = 0;
  while (columns.at(at) != column) ++at;
  std::vector<std::string> cells;
  for (const auto& row : data["tables"][table]["rows"]) cells.push_back(row.at(at));
  return cells;
}

/// Two sets far from one another, with what is drawn of them.
void write_two_sets(const Folder& folder) {
  std::vector<std::vector<std::string>> subsets, links;
  for (const auto& [gene, start] : std::vector<std::pair<std::string, std::string>>{
           {testing::kGene, "1000000"}, {"FAR", "9000000"}}) {
    subsets.push_back({testing::kType, gene, "grids", "1", "1", "p" + start, "chr1", start,
                       std::to_string(std::stoll(start) + 500), "NA", "-1", "-0.5", "-7", "0.4",
                       "12", "1", "yes"});
    links.push_back({testing::kType, gene, "p" + start, "chr1", start,
                     std::to_string(std::stoll(start) + 500)});
  }
  folder.write("subsets.tsv",
               {"cell_type", "gene", "method", "L", "rank", "peak", "chrom", "start", "end",
                "distance_to_tss", "average_change", "relative_change", "change_cp100k",
                "objective", "evaluations", "seed", "in_minimal"},
               subsets);
  folder.write("links.tsv", {"cell_type", "gene", "peak", "chrom", "start", "end"}, links);
  folder.write("loci.tsv", {"peak", "chrom", "start", "end", testing::kType},
               {{"beside", "chr1", "1200000", "1200100", "0.25"},
                {"elsewhere", "chr1", "5000000", "5000100", "0.5"},
                {"beside far", "chr1", "8900000", "8900100", "0.75"}});
  folder.write("locus_genes.tsv", {"gene", "gene_id", "chrom", "start", "end", "strand", "build"},
               {{testing::kGene, "", "chr1", "990000", "995000", "+", "hg38"}});
  folder.write(
      "redundancy.tsv",
      {"cell_type", "gene", "set", "call", "reason", "hidden_share", "hidden_low", "hidden_high"},
      {{testing::kType, "FAR", "found", "redundant", "", "0.8", "0.5", "1"}});
}

Json data_of(const Folder& folder, int64_t detailed) {
  ReportOptions options;
  options.report_sets = detailed;
  const auto text = page_data(read_results(folder.path), options);
  EXPECT_EQ(text.find('<'), std::string::npos);
  return Json::parse(text);
}

TEST(PageData, HoldsEverySetAndTheTablesOfTheFirst) {
  const Folder folder;
  write_two_sets(folder);
  const auto data = data_of(folder, 1);
  EXPECT_EQ(data["types"], Json::array({testing::kType}));
  EXPECT_EQ(data["genome"], "hg38");
  const auto genes = column_of(data, "sets", "gene");
  ASSERT_EQ(genes.size(), 2U);
  EXPECT_EQ(column_of(data, "sets", "detailed"), (std::vector<std::string>{"yes", "no"}));
  EXPECT_EQ(column_of(data, "links", "gene"), std::vector{genes[0]});
  const bool near_first = genes[0] == testing::kGene;
  EXPECT_EQ(column_of(data, "loci", "peak"),
            std::vector<std::string>{near_first ? "beside" : "beside far"});
}

TEST(PageData, CallsAreThoseOfTheSet) {
  const Folder folder;
  write_two_sets(folder);
  const auto data = data_of(folder, 2);
  const auto genes = column_of(data, "sets", "gene");
  const auto calls = column_of(data, "sets", "call");
  const auto shares = column_of(data, "sets", "hidden_share");
  for (size_t i = 0; i < genes.size(); ++i) {
    EXPECT_EQ(calls[i], genes[i] == "FAR" ? "redundant" : "");
    EXPECT_EQ(shares[i], genes[i] == "FAR" ? "0.8" : "NA");
  }
  EXPECT_EQ(column_of(data, "loci", "peak"), (std::vector<std::string>{"beside", "beside far"}));
}

}  // namespace
}  // namespace grids::core
