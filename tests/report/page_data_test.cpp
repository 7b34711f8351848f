// What the page holds for its script.
#include "report/page_data.hpp"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "redundancy/redundancy_tables.hpp"
#include "report/redundancy_view.hpp"
#include "report/report_folder.hpp"
#include "report/results.hpp"

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

/// Values of a column of the sets, which are held by column.
Json sets_column(const Json& data, const std::string& column) {
  const auto& table = data["tables"]["sets"];
  size_t at = 0;
  while (table["columns"].at(at) != column) ++at;
  const auto& held = table["values"].at(at);
  if (held.is_array()) return held;
  Json values = Json::array();
  for (const size_t place : held["at"]) values.push_back(held["of"].at(place));
  return values;
}

/// A row of redundancy.tsv, as the program names its columns, of that call and hidden share.
void write_call(const Folder& folder, const std::string& gene, const std::string& call,
                const std::string& hidden, const std::string& low) {
  const std::map<std::string, std::string> cells = {{"cell_type", testing::kType},
                                                    {"gene", gene},
                                                    {"set", "found"},
                                                    {"elements", "2"},
                                                    {"call", call},
                                                    {"reason", ""},
                                                    {"hidden_share", hidden},
                                                    {"hidden_low", low},
                                                    {"hidden_high", low},
                                                    {"capture_source", ""},
                                                    {"cells_from", "test"},
                                                    {"note", ""}};
  std::vector<std::string> names, row;
  for (const auto& column : describe_redundancy().columns) {
    names.push_back(column.name);
    const auto found = cells.find(column.name);
    row.push_back(found == cells.end() ? "NA" : found->second);
  }
  folder.write("redundancy.tsv", names, {row});
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
               {{"beside", "chr1", "1050000", "1050100", "0.25432"},
                {"elsewhere", "chr1", "5000000", "5000100", "0.5"},
                {"beside far", "chr1", "8950000", "8950100", "0.75"}});
  folder.write("locus_genes.tsv", {"gene", "gene_id", "chrom", "start", "end", "strand", "build"},
               {{testing::kGene, "", "chr1", "990000", "995000", "+", "hg38"}});
  write_call(folder, "FAR", "redundant", "0.8", "0.5");
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
  const auto genes = sets_column(data, "gene");
  ASSERT_EQ(genes.size(), 2U);
  EXPECT_EQ(data["tables"]["sets"]["detailed"], 1);
  EXPECT_EQ(sets_column(data, "change"), (Json{-0.5, -0.5}));
  EXPECT_EQ(sets_column(data, "slope"), (Json{nullptr, nullptr}));  // not known
  EXPECT_EQ(column_of(data, "links", "gene"), std::vector<std::string>{genes[0]});
  const bool near_first = genes[0] == testing::kGene;
  EXPECT_EQ(column_of(data, "loci", "peak"),
            std::vector<std::string>{near_first ? "beside" : "beside far"});
}

TEST(PageData, CallsAreThoseOfTheSet) {
  const Folder folder;
  write_two_sets(folder);
  const auto data = data_of(folder, 2);
  const auto genes = sets_column(data, "gene");
  const auto calls = sets_column(data, "call");
  const auto shares = sets_column(data, "hidden_share");
  for (size_t i = 0; i < genes.size(); ++i) {
    const bool far = genes[i] == "FAR";
    EXPECT_EQ(calls[i], far ? "redundant" : "");
    EXPECT_EQ(shares[i], far ? Json(0.8) : Json(nullptr));
  }
  EXPECT_EQ(column_of(data, "loci", "peak"), (std::vector<std::string>{"beside", "beside far"}));
}

/// One set, one share: where the joint change is too uncertain for a share of it, every table of
/// the page shows none.
TEST(PageData, AShareOfAnUncertainChangeIsShownNowhere) {
  const Folder folder;
  write_two_sets(folder);
  write_call(folder, "FAR", "not_called", "1.7", "NA");
  const auto view = redundancy_views(read_results(folder.path)).at(0);
  EXPECT_FALSE(view.has_shares());
  const auto data = data_of(folder, 2);
  for (const auto& share : sets_column(data, "hidden_share")) EXPECT_TRUE(share.is_null());
  write_call(folder, "FAR", "not_called", "0.2", "-0.1");
  EXPECT_TRUE(redundancy_views(read_results(folder.path)).at(0).has_shares());
  const auto again = data_of(folder, 2);
  const auto genes = sets_column(again, "gene");
  const auto shares = sets_column(again, "hidden_share");
  EXPECT_EQ(shares[genes[0] == "FAR" ? 0 : 1], Json(0.2));
}

}  // namespace
}  // namespace grids::core
