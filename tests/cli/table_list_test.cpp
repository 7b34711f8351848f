#include "cli/table_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/error.hpp"
#include "io/atomic_file.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string page_named(const char* name) {
  return read_file(std::filesystem::path(GRIDS_TEST_DIR).parent_path() / "docs" / name);
}

/// A template of the whole list, in its order.
std::string whole_template() {
  std::string text;
  for (const auto& [command, tables] : all_tables()) {
    for (const auto& table : tables) {
      text += fmt::format("<!-- table {}/{} -->\n", command, table.file);
    }
  }
  return text;
}

std::string fault_of(const std::string& page_template) {
  try {
    fill_in_tables(page_template);
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

TEST(TableList, ThePageOfResultsIsCurrent) {
  // As a plain bool: a failure must not print the whole page.
  EXPECT_TRUE(page_named("results.md") == fill_in_tables(page_named("templates/results.md")))
      << "run scripts/make_docs.sh";
}

TEST(TableList, EveryTableAndColumnIsExplained) {
  for (const auto& [command, tables] : all_tables()) {
    std::set<std::string> files;
    for (const auto& table : tables) {
      EXPECT_TRUE(files.insert(table.file).second) << command << "/" << table.file;
      EXPECT_FALSE(table.rows.empty()) << table.file;
      std::set<std::string> names;
      for (const auto& column : table.columns) {
        EXPECT_TRUE(names.insert(column.name).second) << table.file << ": " << column.name;
        EXPECT_FALSE(column.what.empty()) << table.file << ": " << column.name;
        // It stands in a cell of a Markdown table.
        EXPECT_EQ(column.what.find_first_of("|\n"), std::string::npos) << column.what;
      }
    }
  }
}

TEST(TableList, ATemplateShowsEveryTableOnce) {
  const auto whole = whole_template();
  EXPECT_EQ(fault_of(whole), "none");
  EXPECT_THAT(fault_of(whole + "<!-- table explain/subsets.tsv -->\n"),
              HasSubstr("no table explain/subsets.tsv, or it was shown before"));
  EXPECT_THAT(fault_of(whole + "<!-- table explain/other.tsv -->"),
              HasSubstr("no table explain/other.tsv"));
  EXPECT_THAT(fault_of(whole.substr(whole.find('\n') + 1)),
              HasSubstr("it does not show simulate/truth.tsv"));
}

TEST(TableList, ProseStaysAndColumnsComeFromTheDeclarations) {
  const auto page = fill_in_tables("# Title\n\n" + whole_template() + "the end");
  EXPECT_THAT(page, HasSubstr("-->\n# Title\n\n`truth.tsv`, a row for each gene:\n\n| column |"));
  EXPECT_THAT(page, HasSubstr("| `rank` | from 1, the most important first |\n"));
  EXPECT_THAT(page, HasSubstr("\nthe end\n"));
  EXPECT_THAT(page, Not(HasSubstr("<!-- table")));
  // What is said of several columns is said once.
  EXPECT_THAT(page, HasSubstr("| `score_low`, `score_high` | "));
  EXPECT_THAT(page, HasSubstr("`truth_all.tsv`, a row for each method, target, L and seed; columns "
                              "as of `compare.tsv`.\n"));
}

}  // namespace
}  // namespace grids::core
