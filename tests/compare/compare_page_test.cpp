#include "compare/compare_page.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "report/html_checker.hpp"

namespace grids::core {
namespace {

Table one_row(const std::string& text) {
  Table table({"method", "value"});
  table.add({text, "0.123456"});
  return table;
}

TEST(ComparePage, TablesAreRoundedAndEscaped) {
  EXPECT_EQ(markdown_table(one_row("a|b")),
            "| method | value |\n| --- | --- |\n| a\\|b | 0.1235 |\n");
}

TEST(ComparePage, NamesAreNothingButText) {
  const auto cell = [](const std::string& text) {
    const auto table = markdown_table(one_row(text));
    const auto begin = table.rfind("\n| ") + 3;
    return table.substr(begin, table.rfind(" | 0.1235") - begin);
  };
  EXPECT_EQ(cell("<script>alert(1)</script>"), "&lt;script&gt;alert(1)&lt;/script&gt;");
  EXPECT_EQ(cell("[click](javascript:x)"), "\\[click\\](javascript:x)");
  EXPECT_EQ(cell("`code` *a* __b__ c_d ~e~"), "\\`code\\` \\*a\\* \\_\\_b\\_\\_ c_d \\~e\\~");
  EXPECT_EQ(cell("a\n\n# b"), "a  # b");  // a line of its own would be a heading
  EXPECT_EQ(cell("# b"), "\\# b");
  EXPECT_EQ(cell("\\|"), "\\\\\\|");
}

TEST(ComparePage, HeldOutEvidenceComesBeforeTheOwnObjective) {
  ComparePage page;
  page.held_out = one_row("first");
  page.own_objective = one_row("second");
  const auto text = compare_markdown(page);
  EXPECT_LT(text.find("## Held out"), text.find("## Own objective"));
  EXPECT_LT(text.find("first"), text.find("second"));
  EXPECT_EQ(text.find("## Skipped"), std::string::npos);  // no rows
}

TEST(ComparePage, RecallHasAColumnAMethod) {
  ComparePage page;
  page.recall = Table({"objective", "L", "allowance", "kind", "planted", "method", "sets",
                       "members", "recall", "recall_with_partners", "whole_sets"});
  page.recall.add({"surrogate", "10", "equal", "either", "2", "grids", "3", "6", "0.5", "1", "0"});
  page.recall.add({"surrogate", "10", "equal", "either", "2", "sage", "3", "6", "1", "1", "1"});
  page.recall.add({"surrogate", "10", "equal", "either", "3", "sage", "1", "3", "0", "0", "0"});
  const auto text = compare_markdown(page);
  EXPECT_NE(text.find("| planted | sets | grids | sage |"), std::string::npos);
  EXPECT_NE(text.find("| 2 | 3 | 0.5 (1) | 1 |"), std::string::npos);
  EXPECT_NE(text.find("| 3 | 1 | – | 0 |"), std::string::npos);
}

TEST(ComparePage, ThePictureStandsAlone) {
  TypeMatrix matrix{{"A", "B <c>"}, {"A"}, {-0.2, NAN}, {1, NAN}, {1, 0}};
  const auto svg = draw_type_matrix(matrix);
  EXPECT_NE(svg.find("xmlns=\"http://www.w3.org/2000/svg\""), std::string::npos);
  EXPECT_EQ(html_fault(svg), "");
  EXPECT_NE(svg.find("1.00"), std::string::npos);
  // The type's own square is outlined, the other is not.
  const auto outline = svg.find("#1a1a1a");
  EXPECT_NE(outline, std::string::npos);
  EXPECT_EQ(svg.find("#1a1a1a", outline + 1), std::string::npos);
}

}  // namespace
}  // namespace grids::core
