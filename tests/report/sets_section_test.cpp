// What the page says of found sets: their order, verdicts, the banner.
#include <gtest/gtest.h>

#include "report/report_folder.hpp"

namespace grids::core {
namespace {

using testing::holds;
using testing::kContrastColumns;
using Folder = testing::ReportFolder;

/// A folder of sets of one type, each with the tests of its contrast: on 100 cells, alone in its
/// folder but for the others.
struct TestedSet {
  std::string gene;
  std::string slope, low, high;
  std::string p, p_below_half;
  std::string caution = "";
  std::string gate = "";
};

void fill_sets(const Folder& folder, const std::vector<TestedSet>& sets) {
  std::vector<std::vector<std::string>> subsets, summaries, contrasts;
  for (const auto& set : sets) {
    subsets.push_back({"T", set.gene, "grids", "1", "1", "peak", "chr1", "1", "2", "NA", "-1",
                       "-0.649", "-7", "0.4", "12", "1"});
    summaries.push_back({"T", set.gene, "grids", "1", "100", "3", "100", "NA", "NA", "yes", "down",
                         set.caution, set.gate});
    contrasts.push_back({"T", set.gene, "grids", "1", "found", "100", "100", "-1", set.slope,
                         set.low, set.high, set.p, "0.5", set.p_below_half, "0.5", "undecided",
                         "0.8", "0", ""});
  }
  folder.write("subsets.tsv",
               {"cell_type", "gene", "method", "L", "rank", "peak", "chrom", "start", "end",
                "distance_to_tss", "average_change", "relative_change", "change_cp100k",
                "objective", "evaluations", "seed"},
               subsets);
  folder.write(
      "set_summary.tsv",
      {"cell_type", "gene", "method", "L", "cells", "random_sets", "percentile",
       "share_within_250kb", "chance_within_250kb", "counts", "direction", "caution", "gate"},
      summaries);
  folder.write("contrasts.tsv", kContrastColumns, contrasts);
}

TEST(Report, SetsStandByVerdictAndWhatIsContradictedIsNoFinding) {
  const Folder folder;
  fill_sets(folder, {{"OPPOSED", "-1.1", "-2", "-0.3", "0.99", "0.0001"},
                     {"LARGE", "3", "0.1", "6", "0.001", "0.9"},
                     {"SURE", "1", "0.9", "1.1", "0.001", "0.9"}});
  const auto html = folder.report();
  EXPECT_EQ(html_fault(html), "");
  const auto sets = read_results(folder.path).sets;
  EXPECT_EQ(sets[0].gene, "SURE");
  EXPECT_EQ(sets[1].gene, "LARGE");
  EXPECT_EQ(sets[2].gene, "OPPOSED");
  EXPECT_TRUE(holds(html, "<b>2 borne out, 1 contradicted</b>. First stands <i>SURE</i> in T"));
  EXPECT_TRUE(holds(html, "box bad\"><b>Before you trust this: Contradicted</b>"));
  EXPECT_TRUE(holds(html, "<b>Contradicted: 1 of 3 sets.</b>"));
  EXPECT_TRUE(holds(html, "<b>2 of 3</b>"));  // the tile
  // Its card comes after all others, closed, without a number in large letters.
  const auto folded = html.find("Contradicted by measured expression, no findings</b>: 1 set");
  ASSERT_NE(folded, std::string::npos);
  EXPECT_FALSE(holds(html.substr(folded), "class=\"big\""));
  EXPECT_TRUE(holds(html.substr(folded), "<h4><i>OPPOSED</i></h4>"));
  EXPECT_FALSE(holds(html.substr(0, folded), "<h4><i>OPPOSED</i></h4>"));
  EXPECT_TRUE(holds(html, "contradicted</span> <span class=\"remark\">opposite</span>"));
  EXPECT_FALSE(holds(html, "Percentile among random"));  // 100 in every row
}

TEST(Report, TablesPutTogetherAreJudgedAnew) {
  // p 0.04 alone is borne out; among three such as say nothing, it is not, whatever was written.
  const Folder folder;
  const TestedSet one = {"ONE", "1", "0.5", "1.5", "0.04", "0.9"};
  fill_sets(folder, {one});
  EXPECT_EQ(read_results(folder.path).sets[0].contrast.verdict, Verdict::kBorneOut);
  fill_sets(folder,
            {one, {"TWO", "0", "-2", "2", "0.5", "0.5"}, {"3", "0", "-2", "2", "0.5", "0.5"}});
  const auto sets = read_results(folder.path).sets;
  EXPECT_EQ(sets[0].contrast.verdict, Verdict::kUndecided);
  EXPECT_NEAR(sets[0].contrast.q, 0.12, 1e-12);
}

TEST(Report, TheBannerIsRedAndSaysWhy) {
  const TestedSet fine = {"FINE", "1", "0.5", "1.5", "0.001", "0.9"};
  const auto banner = [&](const TestedSet& set) {
    const Folder folder;
    fill_sets(folder, {fine, set});
    return folder.report();
  };
  auto other = fine;
  other.gene = "OTHER";
  EXPECT_TRUE(holds(banner(other), "<b>No warnings.</b>"));
  auto forced = other;
  forced.caution = "12 < 50 test cells";
  auto html = banner(forced);
  EXPECT_EQ(html_fault(html), "");
  EXPECT_TRUE(holds(html, "box bad\"><b>Before you trust this: Forced</b>"));
  EXPECT_TRUE(holds(html, "<code>--force</code> was given: <i>OTHER</i> in T."));
  forced.gate = "A";
  EXPECT_TRUE(holds(banner(forced), "Before you trust this: Gate-failed, forced</b>"));
  auto without = other;
  without.slope = without.low = without.high = without.p = without.p_below_half = "NA";
  EXPECT_TRUE(holds(banner(without), "Before you trust this: Unevaluated</b>"));
  auto undecided = other;
  undecided.p = "0.9";
  html = banner(undecided);  // these cells cannot tell: no reservation, and no finding
  EXPECT_TRUE(holds(html, "these cells could have shown a slope of 0.8"));
  EXPECT_FALSE(holds(html, "box bad"));
}

TEST(Report, NothingStandsFirstWhereNothingFollows) {
  const Folder folder;
  fill_sets(folder, {{"ONE", "0.5", "-2", "2", "0.5", "0.5"}});
  const auto html = folder.report();
  EXPECT_TRUE(holds(html, "None stands as a finding"));
  EXPECT_TRUE(holds(html, "<b>Borne out: none.</b>"));
  EXPECT_FALSE(holds(html, "First stands"));
  EXPECT_FALSE(holds(html, "No warnings"));
}

}  // namespace
}  // namespace grids::core
