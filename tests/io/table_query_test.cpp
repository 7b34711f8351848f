#include "io/table_query.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.hpp"
#include "io/atomic_file.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

using test::TempFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A small table of links, with missing cells, a text that begins as a formula and one with a tab.
struct QueriedTable {
  QueriedTable() : path(folder / "links.tsv") {
    std::ofstream(path) << "gene\tq\tverdict\tstrand\n"
                           "A\t0.5\tborne_out\t+\n"
                           "B\tNA\tcontradicted\t-\n"
                           "C\t0.01\tborne_out\t+\n"
                           "D\t1e-3\t\"not\tseen\"\t-\n"
                           "E\t0.01\tborne_out\t-\n"
                           "F\t-inf\t'=x\t+\n";
  }

  std::vector<std::string> genes(const TableQuery& query) const {
    const auto table = query_table(path, query).table;
    std::vector<std::string> names;
    for (size_t row = 0; row < table.rows(); ++row) names.push_back(table.text(row, "gene"));
    return names;
  }
  std::vector<std::string> where(std::initializer_list<const char*> conditions) const {
    TableQuery query;
    for (const char* text : conditions) query.conditions.push_back(parse_condition(text));
    return genes(query);
  }

  TempFolder folder;
  std::filesystem::path path;
};

TEST(TableQuery, KeepsTheRowsThatMeetAllConditions) {
  const QueriedTable table;
  EXPECT_THAT(table.where({}), ElementsAre("A", "B", "C", "D", "E", "F"));
  EXPECT_THAT(table.where({"q<0.01"}), ElementsAre("D", "F"));
  EXPECT_THAT(table.where({"q <= 0.01"}), ElementsAre("C", "D", "E", "F"));
  EXPECT_THAT(table.where({"q>0.01"}), ElementsAre("A"));
  EXPECT_THAT(table.where({"q>=0.010"}), ElementsAre("A", "C", "E"));
  EXPECT_THAT(table.where({"q=0.0100"}), ElementsAre("C", "E"));  // as numbers
  EXPECT_THAT(table.where({"verdict==borne_out", "strand=-"}), ElementsAre("E"));
  EXPECT_THAT(table.where({"verdict!=borne_out"}), ElementsAre("B", "D", "F"));
  EXPECT_THAT(table.where({"verdict~o"}), ElementsAre("A", "B", "C", "D", "E"));
  EXPECT_THAT(table.where({"verdict==x"}), ElementsAre());
  EXPECT_THAT(table.where({"verdict==x", "q<1"}), ElementsAre());
}

TEST(TableQuery, MissingCellsMeetNothingButNotEqualAndNA) {
  const QueriedTable table;
  EXPECT_THAT(table.where({"q=NA"}), ElementsAre("B"));
  EXPECT_THAT(table.where({"q!=NA"}), ElementsAre("A", "C", "D", "E", "F"));
  EXPECT_THAT(table.where({"q!=0.01", "gene=B"}), ElementsAre("B"));
  EXPECT_THAT(table.where({"q~N"}), ElementsAre());
}

TEST(TableQuery, OrdersByNumbersWithEqualOnesInTheOrderOfTheFile) {
  const QueriedTable table;
  TableQuery query;
  query.order_by = "q";
  EXPECT_THAT(table.genes(query), ElementsAre("F", "D", "C", "E", "A", "B"));
  query.most_rows = 3;
  EXPECT_THAT(table.genes(query), ElementsAre("F", "D", "C"));
  query.descending = true;  // what is missing still comes last
  query.most_rows = 6;
  EXPECT_THAT(table.genes(query), ElementsAre("A", "C", "E", "D", "F", "B"));
  query.order_by = "verdict";
  query.descending = false;
  EXPECT_THAT(table.genes(query), ElementsAre("F", "A", "C", "E", "B", "D"));
}

/// More rows than wait to be cut: those that are dropped on the way are none of the first.
TEST(TableQuery, FindsTheFirstRowsOfALongTable) {
  const TempFolder folder;
  constexpr int kRows = 200'000;
  {
    std::ofstream out(folder / "long.tsv");
    out << "gene\tvalue\n";
    for (int i = 0; i < kRows; ++i) out << i << '\t' << (i * 7919L) % kRows << '\n';
  }
  TableQuery query;
  query.order_by = "value";
  query.most_rows = 5;
  query.columns = {"value"};
  const auto result = query_table(folder / "long.tsv", query);
  EXPECT_EQ(result.rows, static_cast<size_t>(kRows));
  ASSERT_EQ(result.table.rows(), 5u);
  for (size_t row = 0; row < 5; ++row) {
    EXPECT_EQ(result.table.text(row, "value"), std::to_string(row));
  }
}

TEST(TableQuery, ShowsColumnsAndCountsWhatIsKept) {
  const QueriedTable table;
  TableQuery query;
  query.conditions = {parse_condition("q<1")};
  query.columns = {"verdict", "gene"};
  query.counted = {"call", "verdict"};
  query.most_rows = 1;
  const auto result = query_table(table.path, query);
  EXPECT_THAT(result.table.columns(), ElementsAre("verdict", "gene"));
  EXPECT_EQ(result.table.rows(), 1u);
  EXPECT_EQ(result.rows, 6u);
  EXPECT_EQ(result.kept, 5u);
  ASSERT_EQ(result.counts.size(), 1u);  // there is no column of calls
  EXPECT_EQ(result.counts[0].first, "verdict");
  EXPECT_EQ(result.counts[0].second.at("borne_out"), 3u);
  EXPECT_EQ(result.counts[0].second.at("not\tseen"), 1u);
  EXPECT_EQ(result.counts[0].second.count("contradicted"), 0u);
}

/// What is written and read again is what was asked for, cell by cell.
TEST(TableQuery, TheAnswerSurvivesAFile) {
  const QueriedTable table;
  const auto result = query_table(table.path, {});
  write_table(table.folder / "again.tsv", result.table);
  EXPECT_EQ(read_file(table.folder / "again.tsv"), read_file(table.path));
}

TEST(TableQuery, UnknownColumnsAreToldWithThoseThatWereMeant) {
  const QueriedTable table;
  for (const bool condition : {false, true}) {
    TableQuery query;
    if (condition) {
      query.conditions = {parse_condition("verdct=x")};
    } else {
      query.order_by = "verdct";
    }
    try {
      query_table(table.path, query);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      EXPECT_THAT(error.what(), HasSubstr("no column 'verdct' (did you mean 'verdict'?)"));
      EXPECT_THAT(error.what(), HasSubstr("gene, q, verdict, strand"));
    }
  }
  TableQuery taste;
  taste.order_by = "rank";
  taste.order_if_there = true;
  taste.columns = {"gene", "rank"};
  taste.columns_if_there = true;
  const auto result = query_table(table.path, taste);
  EXPECT_EQ(result.ordered_by, "");
  EXPECT_THAT(result.table.columns(), ElementsAre("gene"));
}

TEST(TableQuery, ConditionsThatAreNoneAreErrorsOfUse) {
  for (const char* text : {"", "q", "<0.1", "q<", "q<small", "q>=x", "q!0.1"}) {
    try {
      parse_condition(text);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage) << text;
      EXPECT_THAT(error.what(), HasSubstr("--where")) << text;
    }
  }
  const auto condition = parse_condition(" peak ~ chr6:1-2=3 ");
  EXPECT_EQ(condition.column, "peak");
  EXPECT_EQ(condition.comparison, CellTest::kContains);
  EXPECT_EQ(condition.value, "chr6:1-2=3");
}

}  // namespace
}  // namespace grids::core
