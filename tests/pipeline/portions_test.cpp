// Many targets in portions, and what becomes of their tables.
#include "pipeline/portions.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

TEST(Portions, EachIsOfOneShardWhateverTheirNumber) {
  for (const size_t targets : {0u, 1u, 64u, 65u, 1000u}) {
    for (const int64_t count : {1, 2, 5, 40}) {
      std::multiset<size_t> seen;
      for (int64_t number = 1; number <= count; ++number) {
        for (const size_t portion : portions_of({number, count}, targets)) seen.insert(portion);
      }
      EXPECT_EQ(seen.size(), count_portions(targets));
      EXPECT_EQ(std::set<size_t>(seen.begin(), seen.end()).size(), seen.size());
    }
  }
}

TEST(Portions, HoldTheTargetsInTheirOrder) {
  std::vector<ExplainTarget> targets;
  for (int32_t gene = 0; gene < 150; ++gene) targets.push_back({std::nullopt, gene, 3});
  std::vector<ExplainTarget> joined;
  for (size_t portion = 0; portion < count_portions(targets.size()); ++portion) {
    const auto part = targets_of_portion(portion, targets);
    joined.insert(joined.end(), part.begin(), part.end());
  }
  EXPECT_EQ(joined, targets);
}

TEST(Portions, ShardsAreReadOrRefused) {
  EXPECT_EQ(shard_from("2/8").number, 2);
  EXPECT_EQ(shard_from("2/8").count, 8);
  for (const auto* text : {"", "2", "2/", "/8", "0/8", "9/8", "2/8x", "-1/8"}) {
    EXPECT_THROW(shard_from(text), Error) << text;
  }
}

/// A table is what its rows hold, whatever they hold.
TEST(Portions, TablesAreJoinedByteForByte) {
  const test::TempFolder folder;
  Table first({"name", "value"}), second({"name", "value"}), whole({"name", "value"});
  for (Table* table : {&first, &whole}) table->add({"=1+1", "a\tb"});
  for (Table* table : {&second, &whole}) table->add({"\"x\"", ""});
  first.source = second.source = "t.tsv";
  write_portion(folder.path(), "explain", 0, {first});
  write_portion(folder.path(), "explain", 7, {second});
  PortionFiles files("explain");
  files.add(7, folder.path());
  files.add(0, folder.path());
  files.write_joined(folder.path(), "t.tsv");
  EXPECT_EQ(table_text(read_table(folder.path() / "t.tsv")), table_text(whole));
  EXPECT_EQ(table_text(files.joined("t.tsv")), table_text(whole));
  files.write_joined(folder.path(), "t.tsv", [](size_t portion, Table& table) {
    TableEdit edit(table);
    edit.set(0, "value", std::to_string(portion));
    table = std::move(edit).done();
  });
  EXPECT_EQ(read_table(folder.path() / "t.tsv").text(1, "value"), "7");
}

TEST(Portions, AColumnThatIsNotThereIsToldByName) {
  const Table table({"name"});
  TableEdit edit(table);
  EXPECT_THROW(edit.set(0, "name", "x"), Error);
  EXPECT_THROW(edit.set(0, "value", "x"), Error);
}

TEST(Portions, NumbersKeepAllTheirDigits) {
  Table table({"x"});
  const std::vector<double> values = {1.0 / 3, 4.9e-324, -0.1, 1e300,
                                      std::numeric_limits<double>::infinity()};
  for (const double value : values) table.add({exact_text(value)});
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(table.number(i, "x"), values[i]);
  EXPECT_EQ(exact_text(std::nan("")), "NA");
}

TEST(Portions, TheWholeOfAShardIsReadBack) {
  const test::TempFolder folder;
  EXPECT_FALSE(read_whole_run(folder.path(), "explain"));
  write_whole_run(folder.path(), "explain", {{2, 5}, 9, "abc"});
  const auto whole = read_whole_run(folder.path(), "explain");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->shard.number, 2);
  EXPECT_EQ(whole->shard.count, 5);
  EXPECT_EQ(whole->portions, 9);
  EXPECT_EQ(whole->asked, "abc");
  EXPECT_FALSE(read_whole_run(folder.path(), "redundancy"));
}

}  // namespace
}  // namespace grids::core
