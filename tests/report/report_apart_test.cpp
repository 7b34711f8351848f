// The page of cells of which some have chromatin and others RNA.
#include <gtest/gtest.h>

#include "report/full_report.hpp"
#include "report/html_checker.hpp"
#include "study/chromatin.hpp"

namespace grids::core {
namespace {

using testing::fill;
using testing::holds;
using testing::kContrastColumns;
using Folder = testing::ReportFolder;

TEST(Report, SaysHowTheModalitiesAreAlignedAndWhatCannotBeJudgedWithoutPairs) {
  const Folder folder;
  fill(folder);
  auto html = folder.report();
  EXPECT_TRUE(holds(html, "0.125 ± 0.01"));
  EXPECT_TRUE(holds(html, "0.375 ± 0.02"));
  EXPECT_FALSE(holds(html, "0.111"));  // of a type: in the table
  EXPECT_FALSE(holds(html, "measured in different cells"));
  folder.write(
      "alignment.tsv",
      {"space", "measure", "of", "cell_type", "cells", "value", "standard_error", "chance"},
      {{"rna", "mixing", "atac", "all", "50", "0.25", "NA", "0.4"},
       {"atac", "mixing", "atac", "all", "50", "0.3", "NA", "0.4"}});
  html = folder.report();
  EXPECT_TRUE(holds(html, "measured in different cells"));
  EXPECT_TRUE(holds(html, "RNA among the neighbours of chromatin"));
}

TEST(Report, OfCellsMeasuredApartSaysSoAtTheTopAndBesideEachSet) {
  const Folder folder;
  fill(folder);
  const auto contrasts = read_table(folder.path / "contrasts.tsv");
  Table without(kContrastColumns);
  for (size_t row = 0; row < contrasts.rows(); ++row) {
    if (contrasts.text(row, "set") != "found") continue;
    std::vector<std::string> cells;
    for (const auto& column : kContrastColumns) {
      const bool kept = column == "cell_type" || column == "gene" || column == "method" ||
                        column == "L" || column == "set" || column == "cells" ||
                        column == "changed_cells" || column == "predicted";
      cells.push_back(kept ? contrasts.text(row, column) : "NA");
    }
    cells.back() = kNeedsPairs;
    without.add(cells);
  }
  ASSERT_GT(without.rows(), 0u);
  write_table(folder.path / "contrasts.tsv", without);
  const auto html = folder.report();
  EXPECT_EQ(html_fault(html), "");
  const std::string words = "chromatin and RNA were measured in different cells";
  const auto banner = html.substr(0, html.find("Before you trust this"));
  EXPECT_TRUE(holds(banner, "not judged: " + words));
  size_t cards = 0, said = 0;
  for (size_t at = html.find("<article class=\"card\">"); at != std::string::npos;
       at = html.find("<article class=\"card\">", at + 1)) {
    ++cards;
    said += holds(html.substr(at, html.find("</article>", at) - at), words) ? 1 : 0;
  }
  EXPECT_EQ(cards, without.rows());
  EXPECT_EQ(said, cards);
  EXPECT_TRUE(holds(html, "predicted change when masked in the surrogate"));
  EXPECT_TRUE(holds(html, "None stands as a finding"));
  EXPECT_TRUE(holds(html, "Nothing was held against measured expression"));
  EXPECT_TRUE(holds(html, "Peaks that mark the state, not elements"));
  for (const char* never : {"are borne out", "is borne out", "Borne out: none",
                            "fewer than 50 test cells, or no slope: <i>"}) {
    EXPECT_FALSE(holds(html, never)) << never;
  }
}

}  // namespace
}  // namespace grids::core
