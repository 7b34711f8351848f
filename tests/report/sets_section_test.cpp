// What the page says of found sets: their order, verdicts, the banner.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evaluate/set_columns.hpp"
#include "report/banner.hpp"
#include "report/html_checker.hpp"
#include "report/report_folder.hpp"
#include "report/results.hpp"
#include "report/verdict_marks.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::holds;
using testing::kContrastColumns;
using ::testing::Not;
using Folder = testing::ReportFolder;

/// A folder of sets of one type, each with the tests of its contrast: on 100 cells, alone in its
/// folder but for the others.
struct TestedSet {
  std::string gene;
  std::string slope, low, high;
  std::string p, p_below_half;
  std::string caution = "";
  std::string gate = "";
  std::string domain = "";
  std::string detectable = "0.8";
};

void fill_sets(const Folder& folder, const std::vector<TestedSet>& sets) {
  std::vector<std::vector<std::string>> subsets, summaries, contrasts;
  for (const auto& set : sets) {
    subsets.push_back({"T", set.gene, "grids", "1", "1", "peak", "chr1", "1", "2", "NA", "-1",
                       "-0.649", "-7", "0.4", "12", "1"});
    summaries.push_back({"T", set.gene, "grids", "1", "100", "3", "100", "NA", "NA", "yes", "down",
                         set.caution, set.gate, set.domain});
    contrasts.push_back({"T", set.gene, "grids", "1", "found", "100", "100", "-1", set.slope,
                         set.low, set.high, set.p, "0.5", set.p_below_half, "0.5", "undecided",
                         set.detectable, "0", ""});
  }
  folder.write("subsets.tsv",
               {"cell_type", "gene", "method", "L", "rank", "peak", "chrom", "start", "end",
                "distance_to_tss", "average_change", "relative_change", "change_cp100k",
                "objective", "evaluations", "seed"},
               subsets);
  folder.write("set_summary.tsv",
               {"cell_type", "gene", "method", "L", "cells", "random_sets", "percentile",
                "share_within_250kb", "chance_within_250kb", "counts", "direction", "caution",
                "gate", "domain"},
               summaries);
  folder.write("contrasts.tsv", kContrastColumns, contrasts);
}

TEST(Report, ChangesAreThoseOfMeanExpressionAndOfAnEarlierGridsSoIsSaid) {
  const Folder folder;
  fill_sets(folder, {{"SURE", "1", "0.9", "1.1", "0.001", "0.9"}});
  constexpr const char* kEarlier = "An earlier grids found these sets";
  EXPECT_EQ(read_results(folder.path).sets[0].relative_change, -0.649);
  EXPECT_TRUE(holds(folder.report(), kEarlier));
  auto subsets = read_table(folder.path / "subsets.tsv");
  auto columns = subsets.columns();
  columns.emplace_back(column::kRateChange.name);
  auto row = subsets.row(0);
  row.emplace_back("-0.75");
  folder.write("subsets.tsv", columns, {row});
  EXPECT_EQ(read_results(folder.path).sets[0].relative_change, -0.75);
  EXPECT_FALSE(holds(folder.report(), kEarlier));
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
  EXPECT_TRUE(holds(html,
                    "<div class=\"box bad\"><p class=\"verdicts\"><b>2 of 3 sets are borne out by "
                    "held-out cells</b>, 1 contradicted.</p>"));
  EXPECT_TRUE(holds(html, "First stands <i>SURE</i> in T"));
  EXPECT_TRUE(holds(html, "Before you trust this: <b>contradicted</b>"));
  EXPECT_TRUE(holds(html, "<b>Contradicted: 1 of 3 sets.</b>"));
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

const TestedSet kFine = {"FINE", "1", "0.5", "1.5", "0.001", "0.9"};

/// The banner over a set that is borne out and this one.
Banner banner_with(const TestedSet& set) {
  const Folder folder;
  fill_sets(folder, {kFine, set});
  return banner_of(read_results(folder.path));
}

std::vector<std::string> words_in(const Banner& banner) {
  std::vector<std::string> words;
  for (const auto& entry : banner.reservations) words.push_back(entry.word);
  return words;
}

TEST(Banner, IsRedWhereSetsAreNoFindings) {
  auto other = kFine;
  other.gene = "OTHER";
  EXPECT_EQ(banner_with(other).kind, BannerKind::kGood);
  auto forced = other;
  forced.caution = "12 < 50 test cells";
  auto banner = banner_with(forced);
  EXPECT_EQ(banner.kind, BannerKind::kBad);
  EXPECT_THAT(words_in(banner), ElementsAre("forced"));
  EXPECT_THAT(banner.reservations[0].sentence,
              HasSubstr("<code>--force</code> was given: <i>OTHER</i> in T."));
  forced.gate = "A";
  EXPECT_THAT(words_in(banner_with(forced)), ElementsAre("gate-failed", "forced"));
  auto unconfirmed = other;
  unconfirmed.gate = "B";
  EXPECT_EQ(banner_with(unconfirmed).kind, BannerKind::kBad);
  auto without = other;
  without.slope = without.low = without.high = without.p = without.p_below_half = "NA";
  banner = banner_with(without);
  EXPECT_EQ(banner.kind, BannerKind::kBad);
  EXPECT_THAT(words_in(banner), ElementsAre("unevaluated"));
  EXPECT_EQ(banner.verdicts, "<b>1 of 2 sets is borne out by held-out cells</b>, 1 not judged.");
  const TestedSet opposed = {"OPPOSED", "-1.1", "-2", "-0.3", "0.99", "0.0001"};
  EXPECT_THAT(words_in(banner_with(opposed)), ElementsAre("contradicted"));
}

TEST(Banner, CountsApartWhatIsBorneOutAndSaysNothingOfElements) {
  auto state = kFine;
  state.gene = "STATE";
  state.domain = "all";
  EXPECT_THAT(banner_with(state).verdicts,
              HasSubstr("<b>2 of 2 sets are borne out by held-out cells</b> (of which 1 by peaks "
                        "that mark the state of the cell, no statement about elements)."));
  state.domain = "distal";  // all on other chromosomes
  EXPECT_THAT(banner_with(state).verdicts, HasSubstr("(of which 1 by peaks that mark the state"));
  state.domain = "";  // not known: the gene may merely have no position
  EXPECT_THAT(banner_with(state).verdicts, Not(HasSubstr("of which")));
  state.gate = "B";
  EXPECT_THAT(banner_with(state).verdicts, HasSubstr("(of which 1 unconfirmed by gate B)."));
  state.domain = "all";
  state.p = "0.9";  // not borne out: nothing to count apart
  EXPECT_THAT(banner_with(state).verdicts, Not(HasSubstr("of which")));
}

/// What stands beside the badge of an undecided set.
std::string remark_of(const TestedSet& set) {
  const Folder folder;
  fill_sets(folder, {set});
  return page_remark(read_results(folder.path).sets.at(0).contrast);
}

TEST(Report, WhatCellsCannotTellIsSaidInWords) {
  TestedSet set = {"ONE", "1", "0.5", "1.5", "0.9", "0.9"};
  EXPECT_EQ(remark_of(set), "these cells could have shown a slope of 0.8, 1 is as predicted");
  set.detectable = "3.56";
  EXPECT_EQ(remark_of(set),
            "too few cells: only a slope above 3.6 would have been seen, 1 is as predicted");
  set.slope = "42.5";
  set.low = "-45.5";
  set.high = "130.6";
  set.detectable = "115";
  EXPECT_EQ(remark_of(set),
            "cannot tell: the predicted change of \u221263.2% is too small to be seen in these "
            "cells");
  const Folder folder;
  fill_sets(folder, {set});
  const auto html = folder.report();
  for (const char* figure : {"42.5", "4250", "130.6", "131", "115"}) {
    EXPECT_FALSE(holds(html, figure)) << figure;
  }
}

TEST(Report, ChangesAreInPerCentWithWhatTheyAreMeasuredOn) {
  const Folder folder;
  fill_sets(folder, {kFine});  // predicted log change −1, slope 1 (0.5 to 1.5)
  const auto html = folder.report();
  EXPECT_TRUE(holds(html,
                    "First stands <i>FINE</i> in T: predicted change \u221264.9%; measured in the "
                    "average test cell: \u221263.2% (\u221277.7% to \u221239.3%), where "
                    "\u221263.2% is predicted"));
  EXPECT_TRUE(holds(html, "slope 1 (0.5 to 1.5) of measured on predicted log change"));
  EXPECT_FALSE(holds(html, "of the predicted change ("));
}

TEST(Banner, UndecidedIsNoFaultButMostlyUndecidedIsTold) {
  const TestedSet undecided = {"ONE", "1", "0.5", "1.5", "0.9", "0.9"};
  EXPECT_EQ(banner_with(undecided).kind, BannerKind::kGood);  // one of two
  auto another = undecided;
  another.gene = "TWO";
  const Folder folder;
  fill_sets(folder, {kFine, undecided, another});
  const auto banner = banner_of(read_results(folder.path));
  EXPECT_EQ(banner.kind, BannerKind::kWarning);
  EXPECT_THAT(words_in(banner), ElementsAre("mostly undecided"));
  const auto html = folder.report();
  EXPECT_EQ(html_fault(html), "");
  EXPECT_TRUE(holds(html, "these cells could have shown a slope of 0.8"));
  EXPECT_FALSE(holds(html, "box bad"));
}

/// The banner where the surrogate, the best other predictor and the surrogate within types are so.
Banner banner_of_signal(const std::string& r2, const std::string& best, const std::string& within) {
  const Folder folder;
  fill_sets(folder, {kFine});
  folder.write("accuracy_summary.tsv", {"predictor", "mean_r2", "mean_within_type_r_partial"},
               {{"surrogate", r2, within}, {"type mean", best, "0"}, {"depth", "0.01", "0"}});
  return banner_of(read_results(folder.path));
}

TEST(Banner, SaysWhatIsWeakAndElseTheFigures) {
  auto banner = banner_of_signal("0.4", "0.2", "0.2");
  EXPECT_EQ(banner.kind, BannerKind::kGood);
  EXPECT_THAT(banner.figures, HasSubstr("mean R² of <b>0.4</b> (best simple predictor, type mean: "
                                        "0.2)"));
  EXPECT_THAT(banner_html(banner), HasSubstr(banner.figures));
  // Barely above the baseline: less than 2 % of what that leaves unexplained.
  banner = banner_of_signal("0.21", "0.2", "0.2");
  EXPECT_EQ(banner.kind, BannerKind::kWarning);
  EXPECT_THAT(words_in(banner), ElementsAre("weak signal"));
  EXPECT_THAT(banner.reservations[0].sentence, HasSubstr("barely better than a simple predictor"));
  banner = banner_of_signal("0.19", "0.2", "0.2");
  EXPECT_THAT(banner.reservations[0].sentence, HasSubstr("no better than a simple predictor"));
  EXPECT_THAT(words_in(banner_of_signal("0.4", "0.2", "0.04")),
              ElementsAre("weak signal within cell types"));
}

TEST(Report, ThousandsOfSetsAreListedAndDrawnInPart) {
  std::vector<TestedSet> sets;
  for (int i = 0; i < 500; ++i) {
    sets.push_back(kFine);
    sets.back().gene = "G" + std::to_string(i);
  }
  const Folder folder;
  fill_sets(folder, sets);
  const auto html = folder.report();
  EXPECT_EQ(html_fault(html), "");
  EXPECT_TRUE(holds(html, "<b>500 of 500 sets are borne out"));
  EXPECT_TRUE(holds(html, "Listed are the first 400 of 500 sets."));
  EXPECT_TRUE(holds(html, "Drawn are the first 150 of 500 sets."));
  EXPECT_TRUE(holds(html, "<i>G399</i>"));
  EXPECT_FALSE(holds(html, "<i>G400</i>"));
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
