#include "io/columns.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr ColumnText kName{"name", "as the map spells it"};

struct Hill {
  std::string name;
  int64_t metres = 0;
  double slope = 0;
  bool wooded = false;
  std::vector<std::string> paths;
  uint64_t id = 0;
};

Columns<Hill> hill_columns() {
  return {"hills.tsv",
          "a row for each hill",
          {{kName, &Hill::name},
           {"metres", "above the sea", &Hill::metres},
           {"kilometres", "the same", [](const Hill& hill) { return hill.metres / 1000.0; }},
           {"slope", "steepest", &Hill::slope},
           {"wooded", "", &Hill::wooded},
           {"paths", "with commas", &Hill::paths},
           {"id", "", &Hill::id}}};
}

const std::vector<Hill> kHills = {
    {"Knüll", 634, 0.1, true, {"north", "south"}, 18446744073709551615u},
    {"bare", -3, NAN, false, {}, 0}};

std::string error_about(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "no error";
}

TEST(Columns, HeaderAndRowsComeFromTheDeclaration) {
  const auto table = hill_columns().table(kHills);
  EXPECT_EQ(table.source, "hills.tsv");
  EXPECT_THAT(table.columns(),
              ElementsAre("name", "metres", "kilometres", "slope", "wooded", "paths", "id"));
  EXPECT_THAT(table.row(0), ElementsAre("Knüll", "634", "0.634", "0.1", "yes", "north,south",
                                        "18446744073709551615"));
  EXPECT_THAT(table.row(1), ElementsAre("bare", "-3", "-0.003", "NA", "no", "", "0"));
  EXPECT_EQ(table.text(0, kName), "Knüll");
}

TEST(Columns, SayWhatTheyHold) {
  const auto text = hill_columns().describe();
  EXPECT_EQ(text.file, "hills.tsv");
  EXPECT_EQ(text.rows, "a row for each hill");
  ASSERT_EQ(text.columns.size(), 7u);
  EXPECT_EQ(text.columns[0], (TableText::Entry{"name", "as the map spells it"}));
  EXPECT_EQ(kName.saying("otherwise").name, kName.name);
  EXPECT_EQ(kName.saying("otherwise").what, "otherwise");
}

TEST(Columns, RowsOfMembersAreReadBackAsTheyWereWritten) {
  const auto columns = hill_columns();
  const auto table = columns.table(kHills);
  const auto back = columns.read(table);
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(back[0].id, kHills[0].id);
  EXPECT_EQ(back[0].paths, kHills[0].paths);
  EXPECT_TRUE(back[0].wooded);
  EXPECT_TRUE(std::isnan(back[1].slope));
  const auto again = columns.table(back);
  for (size_t row = 0; row < table.rows(); ++row) EXPECT_EQ(again.row(row), table.row(row));
}

TEST(Columns, ReadingTakesOtherColumnsInAnyOrderAndNamesWhatIsWrong) {
  Table table({"id", "more", "name", "metres", "slope", "wooded", "paths"});
  table.source = "hills.tsv";
  table.add({"7", "x", "a", "12", "0.5", "yes", "p"});
  const auto hills = hill_columns().read(table);
  EXPECT_EQ(hills[0].metres, 12);
  EXPECT_EQ(hills[0].id, 7u);
  const auto with = [&](size_t column, const std::string& text) {
    Table changed(table.columns());
    changed.source = table.source;
    auto row = table.row(0);
    row[column] = text;
    changed.add(row);
    return error_about([&] { hill_columns().read(changed); });
  };
  EXPECT_THAT(with(3, "12.5"),
              HasSubstr("hills.tsv: line 2, column 'metres': '12.5' is not a whole number"));
  EXPECT_THAT(with(0, "-7"), HasSubstr("column 'id': '-7' is not a whole number"));
  EXPECT_THAT(with(5, "perhaps"), HasSubstr("column 'wooded': 'perhaps' is not yes or no"));
  EXPECT_THAT(with(4, "steep"), HasSubstr("column 'slope': 'steep' is not a number"));
  Table without({"name"});
  without.add({"a"});
  EXPECT_THAT(error_about([&] { hill_columns().read(without); }), HasSubstr("no column 'metres'"));
}

TEST(Columns, WhatIsGotByAFunctionIsReadBackByAnother) {
  struct Row {
    int64_t doubled = 0;
  };
  const Columns<Row> columns = {"t.tsv",
                                "",
                                {{"half", "", [](const Row& row) { return row.doubled / 2; },
                                  [](Row& row, const Cell& cell) {
                                    cell.into(row.doubled);
                                    row.doubled *= 2;
                                  }},
                                 {"shown", "never read", [](const Row&) { return "no number"; }}}};
  const std::vector<Row> rows = {{8}};
  EXPECT_THAT(columns.table(rows).row(0), ElementsAre("4", "no number"));
  EXPECT_EQ(columns.read(columns.table(rows)).at(0).doubled, 8);
}

TEST(Columns, ATableThatIsNeverWholeIsWrittenAlike) {
  const test::TempFolder folder;
  hill_columns().write(folder / "streamed.tsv", [](const auto& add) {
    for (const auto& hill : kHills) add(hill);
  });
  EXPECT_EQ(write_into(folder.path(), hill_columns().table(kHills)), "hills.tsv");
  const auto whole = read_table(folder / "hills.tsv");
  const auto streamed = read_table(folder / "streamed.tsv");
  EXPECT_EQ(streamed.columns(), whole.columns());
  ASSERT_EQ(streamed.rows(), 2u);
  for (size_t row = 0; row < 2; ++row) EXPECT_EQ(streamed.row(row), whole.row(row));
}

TEST(Columns, CellsSpellWhatIsMissingAndWhatIsSmall) {
  EXPECT_EQ(cell_text(std::optional<int64_t>()), "NA");
  EXPECT_EQ(cell_text(std::optional<bool>(false)), "no");
  EXPECT_EQ(cell_text(Probability{1e-60}), "1e-60");  // as a float it would be 0
  EXPECT_EQ(cell_text(Probability{0.123456}), "0.1235");
  EXPECT_EQ(cell_text(Probability{NAN}), "NA");
  EXPECT_EQ(cell_text(0.1f), "0.1");
}

}  // namespace
}  // namespace grids::core
