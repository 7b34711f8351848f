// The section on validation: every figure beside its chance level.
#include <gtest/gtest.h>

#include "report/html_checker.hpp"
#include "report/report_folder.hpp"

namespace grids::core {
namespace {

using testing::holds;
using testing::ReportFolder;

const std::vector<std::string> kValidationColumns = {
    "what", "method", "L", "class",     "value",          "low",
    "high", "chance", "n", "cell_type", "chance_matched", "note"};

std::string page_with(const std::vector<std::vector<std::string>>& rows) {
  const ReportFolder folder;
  folder.write("subsets.tsv", {"cell_type", "gene"}, {});
  folder.write("validation.tsv", kValidationColumns, rows);
  return folder.report();
}

TEST(ValidationSection, ShowsFiguresBesideChance) {
  const auto page = page_with({{"soft_hit_ratio", "grids", "10", "1 Mb", "0.75", "0.5", "0.875",
                                "0.125", "40", "every", "0.25", ""},
                               {"loops", "grids", "10", "odds_ratio", "2.5", "NA", "NA", "1", "20",
                                "every", "NA", "too few hits <for> an interval"},
                               {"soft_hit_ratio", "grids", "10", "1 Mb", "0.5", "NA", "NA", "0.125",
                                "4", "B <cells>", "NA", ""}});
  EXPECT_EQ(html_fault(page), "");
  EXPECT_TRUE(holds(page, "Beside other experiments, and beside chance"));
  EXPECT_TRUE(holds(page, "grids, L = 10: 1 Mb"));
  EXPECT_TRUE(holds(page, "0.5 to 0.875"));
  EXPECT_TRUE(holds(page, "too few hits &lt;for&gt; an interval"));
  EXPECT_TRUE(holds(page, "B &lt;cells&gt;"));
  EXPECT_TRUE(holds(page, "what peaks that are open as often give"));
  EXPECT_FALSE(holds(page, "n/a to n/a"));
}

TEST(ValidationSection, NamesMeasuresInWords) {
  const auto page = page_with({{"combinations_coverage", "grids", "10", "all found", "0.75", "NA",
                                "NA", "NA", "4", "every", "NA", ""}});
  EXPECT_TRUE(holds(page, "Share of the perturbed combinations that lie in a set"));
}

TEST(ValidationSection, IsLeftOutWhereNothingWasValidated) {
  const ReportFolder folder;
  folder.write("subsets.tsv", {"cell_type", "gene"}, {});
  EXPECT_FALSE(holds(folder.report(), "Beside other experiments"));
}

}  // namespace
}  // namespace grids::core
