// The section on redundancy: what the measured cells do not support is never shown as a finding.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/error.hpp"
#include "evaluate/small_study.hpp"
#include "io/atomic_file.hpp"
#include "redundancy/redundancy_summary.hpp"
#include "redundancy/redundancy_tables.hpp"
#include "report/html_checker.hpp"
#include "report/redundancy_view.hpp"
#include "report/report.hpp"
#include "support/fixtures.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using RowCells = std::map<std::string, std::string>;

/// A row with these cells, NA elsewhere; the columns are those that the program writes.
void add_cells(Table& table, const RowCells& cells) {
  TableRow row(table.columns().size(), "NA");
  for (const auto& [name, value] : cells) {
    const auto& names = table.columns();
    const auto place = std::find(names.begin(), names.end(), name);
    ASSERT_NE(place, names.end()) << name;
    row[static_cast<size_t>(place - names.begin())] = value;
  }
  table.add(row);
}

Table empty_table(const TableText& text) {
  TableRow names;
  for (const auto& entry : text.columns) names.push_back(entry.name);
  return Table(names);
}

/// Sets of two elements, 2,000 and 9,000 on chr1; each alone changes the prediction by −2 %, both
/// by −48 %.
class RedundancyPage : public ::testing::Test {
 protected:
  void add(const std::string& gene, const std::string& call, const std::string& hidden,
           const std::string& reason = "", const std::string& low = "0.5") {
    add_cells(sets_, {{"cell_type", "T"},
                      {"gene", gene},
                      {"set", "found"},
                      {"elements", "2"},
                      {"peaks", "p1,p2"},
                      {"call", call},
                      {"reason", reason},
                      {"hidden_share", hidden},
                      {"hidden_low", low},
                      {"hidden_high", low == "NA" ? "NA" : "1.25"},
                      {"cells", "600"},
                      {"cells_from", "test"},
                      {"change_as_cells", "-0.48"},
                      {"folds", "0"},
                      {"capture_source", "given"},
                      {"note", ""},
                      {"p_redundant", hidden == "NA" ? "NA" : "0.001"}});
    for (const std::string place : {"chr1:2000-2500", "chr1:9000-9500"}) {
      add_cells(members_, {{"cell_type", "T"},
                           {"gene", gene},
                           {"set", "found"},
                           {"element", place},
                           {"class", "distal"},
                           {"judged", "yes"},
                           {"why_not", ""},
                           {"loss_alone", "-0.02"},
                           {"loss_from_whole", "0.0375"},
                           {"gain_on_nothing", "0.9625"}});
    }
    add_cells(members_, {{"cell_type", "T"},
                         {"gene", gene},
                         {"set", "found"},
                         {"element", "chr1:100-200"},
                         {"class", "promoter"},
                         {"judged", "no"},
                         {"why_not", "promoter"},
                         {"loss_alone", "-0.9"}});
    const std::pair<std::string, std::string> settings[] = {
        {"none", "311"},
        {"chr1:2000-2500", "97"},
        {"chr1:9000-9500", "89"},
        {"chr1:2000-2500,chr1:9000-9500", "43"}};
    for (const auto& [open, cells] : settings) {
      add_cells(settings_, {{"cell_type", "T"},
                            {"gene", gene},
                            {"set", "found"},
                            {"open", open},
                            {"rate", "21"},
                            {"rate_low", "19.5"},
                            {"rate_high", "23.5"},
                            {"rate_fit", "20"},
                            {"cells", cells},
                            {"counts", "77"}});
    }
  }

  void write() const {
    write_table(folder_ / "redundancy.tsv", sets_);
    write_table(folder_ / "members.tsv", members_);
    write_table(folder_ / "settings.tsv", settings_);
  }

  /// The section alone; empty where there is none. The whole page is checked.
  std::string section() const {
    TestContext test;
    ReportOptions options;
    options.is_static = true;
    write_report(folder_.path(), options, test.context);
    const auto html = read_file(folder_ / "report.html");
    EXPECT_EQ(html_fault(html), "");
    const size_t begin = html.find("<section id=\"redundancy\">");
    if (begin == std::string::npos) return {};
    return html.substr(begin, html.find("</section>", begin) - begin);
  }

  test::TempFolder folder_;
  Table sets_ = empty_table(describe_redundancy());
  Table members_ = empty_table(describe_members());
  Table settings_ = empty_table(describe_settings());
};

/// What comes before the folded block of sets that are no findings.
std::string findings_in(const std::string& section) {
  return section.substr(0, section.find("<b>No findings</b>"));
}

TEST_F(RedundancyPage, ACalledSetBeginsWithItsSentence) {
  add("B<2M", "redundant", "0.925");
  write();
  const auto html = section();
  const size_t card = html.find("<article");
  ASSERT_NE(card, std::string::npos);
  const auto shown = html.substr(card);
  const size_t sentence = shown.find(
      "<b>Either of the two elements suffices; masked alone in cells as they are, each "
      "changes the prediction by \u22122.0 %, all together by \u221248.0 %; measured in "
      "cells that chose neither: hidden share 0.93 (0.50 to 1.25).</b>");
  ASSERT_NE(sentence, std::string::npos) << shown.substr(0, 600);
  EXPECT_LT(sentence, shown.find("<svg"));
  EXPECT_LT(sentence, shown.find("<table"));
  for (const char* part : {"B&lt;2M", "chr1:2,001–2,500", "0.0375", "0.963", "19.5 to 23.5",
                           ">311<", ">43<", ">77<", "no: promoter", ">promoter<", "A + B",
                           "600 test cells", "sum of single losses", ">0.075<", "\u22124.0%"}) {
    EXPECT_THAT(shown, HasSubstr(part));
  }
}

TEST_F(RedundancyPage, ItsSentenceIsThatOfTheLog) {
  SetRedundancy set;
  set.judged = 2;
  set.elements.resize(3);
  set.elements[0].alone = -0.06;
  set.elements[1].alone = 0.02;
  set.elements[2].alone = -0.9;  // not judged
  set.change_as_cells = -0.48;
  set.result.call = RedundancyCall::kQuorum;
  set.result.hidden = 0.8125;
  set.result.hidden_low = 0.5;
  set.result.hidden_high = 1;
  const auto words = redundancy_sentence(facts_of(set));
  EXPECT_THAT(words, HasSubstr("each changes the prediction by +2.0 to -6.0 %"));

  add_cells(sets_, {{"cell_type", "T"},
                    {"gene", "G"},
                    {"set", "found"},
                    {"elements", "2"},
                    {"call", "quorum"},
                    {"hidden_share", "0.8125"},
                    {"hidden_low", "0.5"},
                    {"hidden_high", "1"},
                    {"change_as_cells", "-0.48"}});
  for (const auto& [judged, alone] : {std::pair{"yes", "-0.06"}, {"yes", "0.02"}, {"no", "-0.9"}}) {
    add_cells(members_, {{"cell_type", "T"},
                         {"gene", "G"},
                         {"set", "found"},
                         {"judged", judged},
                         {"loss_alone", alone}});
  }
  write();
  const auto views = redundancy_views(read_results(folder_.path()));
  ASSERT_EQ(views.size(), 1u);
  EXPECT_EQ(redundancy_sentence(views[0].facts), words);
}

TEST_F(RedundancyPage, WhatIsNotCalledIsNoFinding) {
  add("SURE", "redundant", "0.9");
  add("VAGUE", "not_called", "0.95", "too uncertain");
  add("PROXY", "stand_ins_or_proxies", "0.97", "knock down one, and both");
  write();
  const auto html = section();
  EXPECT_THAT(html,
              HasSubstr("Of 3 sets: <b>1 redundant, 1 stand-ins or proxies, 1 not called</b>"));
  const auto findings = findings_in(html);
  const auto rest = html.substr(findings.size());
  EXPECT_THAT(findings, HasSubstr("<h4><i>SURE</i>"));
  for (const char* gene : {"VAGUE", "PROXY"}) {
    EXPECT_THAT(findings, Not(HasSubstr(fmt::format("<h4><i>{}</i>", gene))));
    const size_t card = rest.find(fmt::format("<h4><i>{}</i>", gene));
    ASSERT_NE(card, std::string::npos) << gene;
    const auto shown = rest.substr(card, rest.find("</article>", card) - card);
    EXPECT_THAT(shown, HasSubstr("<b>No finding.</b>"));
    EXPECT_THAT(shown, Not(HasSubstr("suffices;")));
  }
  EXPECT_THAT(rest, HasSubstr("Not called: too uncertain."));
  EXPECT_THAT(rest, HasSubstr("the cells cannot tell"));
  EXPECT_THAT(rest, HasSubstr("Knock down one, and both."));
  EXPECT_THAT(findings, HasSubstr("too uncertain</span>"));  // the reason, in the table
}

TEST_F(RedundancyPage, SaysThatNothingStandsWhereNothingIsCalled) {
  add("VAGUE", "not_called", "NA", "cells: 4 with 2 of 2 elements open, of at least 8", "NA");
  write();
  const auto html = section();
  EXPECT_THAT(html, HasSubstr("<b>None stands as a finding</b>"));
  EXPECT_THAT(findings_in(html), Not(HasSubstr("<article")));
  EXPECT_THAT(html, HasSubstr("too few cells: 4 have all 2 judged elements open, at least 8 are "
                              "needed"));
  EXPECT_THAT(html, Not(HasSubstr("<figure")));  // nothing was measured
}

TEST_F(RedundancyPage, ASetThatIsContradictedAsAWholeIsNoFinding) {
  add("OPPOSED", "redundant", "0.9");
  write();
  Table subsets({"cell_type", "gene", "method", "L", "rank", "peak", "chrom", "start", "end",
                 "distance_to_tss", "average_change", "relative_change", "change_cp100k",
                 "objective", "evaluations", "seed"});
  subsets.add({"T", "OPPOSED", "grids", "1", "1", "peak", "chr1", "1", "2", "NA", "-1", "-0.6",
               "-7", "0.4", "12", "1"});
  write_table(folder_ / "subsets.tsv", subsets);
  Table contrasts({"cell_type", "gene", "method", "L", "set", "cells", "changed_cells", "predicted",
                   "slope", "slope_low", "slope_high", "p", "p_below_half", "detectable", "note"});
  contrasts.add({"T", "OPPOSED", "grids", "1", "found", "100", "100", "-1", "-1.1", "-2", "-0.3",
                 "0.99", "0.0001", "0.8", ""});
  write_table(folder_ / "contrasts.tsv", contrasts);
  const auto html = section();
  EXPECT_THAT(html, HasSubstr("Of 1 set: <b>1 contradicted</b>"));
  EXPECT_THAT(findings_in(html), Not(HasSubstr("<article")));
  EXPECT_THAT(html, Not(HasSubstr("suffices;")));
}

TEST(RedundancyReason, SaysThatCellsOfOneChoiceOfElementsAreCounted) {
  EXPECT_EQ(reason_words("cells: 3 with 1 of 4 elements open, of at least 8"),
            "too few cells: 3 have one certain choice of 1 of the 4 judged elements open and the "
            "others closed, at least 8 are needed");
  EXPECT_EQ(reason_words("cells: 1 with 0 of 2 elements open, of at least 8"),
            "too few cells: 1 has none of the 2 judged elements open, at least 8 are needed");
  EXPECT_EQ(reason_words("counts: 7 in the cells with 2 of 2 elements open, of at least 20"),
            "too few counts of the gene: 7 in the cells with all 2 judged elements open, at least "
            "20 are needed");
  EXPECT_EQ(reason_words("one element"), "one element");
}

TEST_F(RedundancyPage, SharesOfAnUncertainChangeAreNotShown) {
  add("VAGUE", "not_called", "37.25", "total effect", "NA");
  write();
  const auto html = section();
  EXPECT_THAT(html, Not(HasSubstr("37.2")));
  EXPECT_THAT(html, Not(HasSubstr("sum of single losses")));
  add("OTHER", "not_called", "0.375", "too uncertain", "-0.25");
  write();
  EXPECT_THAT(section(), HasSubstr("0.375 (\u22120.25 to 1.25)"));
  EXPECT_THAT(section(), HasSubstr("Not drawn: 1 judged set"));
}

TEST_F(RedundancyPage, TwoSetsOfOneGeneKeepTheirOwnElements) {
  add("G", "redundant", "0.9");
  add("G", "quorum", "0.8");
  Table members(members_.columns());
  for (size_t row = 0; row < members_.rows(); ++row) {
    auto cells = members_.row(row);
    for (auto& cell : cells) {
      if (row >= 3 && cell == "chr1:2000-2500") cell = "chr1:7000-7500";
    }
    members.add(cells);
  }
  members_ = members;
  write();
  const auto views = redundancy_views(read_results(folder_.path()));
  ASSERT_EQ(views.size(), 2u);
  for (const auto& view : views) {
    ASSERT_EQ(view.elements.size(), 3u);
    EXPECT_EQ(view.settings.size(), 4u);
    EXPECT_FALSE(view.elements[2].judged);
  }
  EXPECT_EQ(views[0].elements[0].place, "chr1:2000-2500");
  EXPECT_EQ(views[1].elements[0].place, "chr1:7000-7500");
}

TEST_F(RedundancyPage, WithoutTheTableThereIsNoSection) {
  std::filesystem::copy(test::fixture("version_1/run"), folder_.path(),
                        std::filesystem::copy_options::recursive);
  EXPECT_EQ(section(), "");
  add("G", "redundant", "0.9");
  write();
  EXPECT_NE(section(), "");
  for (const char* file : {"members.tsv", "settings.tsv"}) {
    std::filesystem::remove(folder_ / file);
    EXPECT_THAT(section(), HasSubstr(fmt::format("This run has no <code>{}</code>", file)));
  }
  // The sentence leaves out what it does not know.
  EXPECT_THAT(section(), HasSubstr("<b>Either of the two elements suffices; measured in cells"));
  write_table(folder_ / "redundancy.tsv", empty_table(describe_redundancy()));
  EXPECT_EQ(section(), "");
}

TEST_F(RedundancyPage, ACallThatThereIsNotIsNamed) {
  add("G", "proven", "0.9");
  write();
  try {
    section();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr("redundancy.tsv"));
    EXPECT_THAT(error.what(), HasSubstr("'proven'"));
  }
}

TEST_F(RedundancyPage, ShowsTheSummaryOfManyGenesWhereThereIsOne) {
  add("G", "redundant", "0.9");
  write();
  EXPECT_THAT(section(), Not(HasSubstr("All judged sets together")));
  std::vector<JudgedShare> shares(5, {0.375, 0.25, 40, 0.9, "independent"});
  write_table(folder_ / "redundancy_summary.tsv", shares_table(summarise_shares(shares)));
  const auto html = section();
  EXPECT_THAT(html, HasSubstr("All judged sets together"));
  EXPECT_THAT(html, HasSubstr(">0.375 (0.156 to 0.594)<"));  // 0.375 ± 1.96 · 0.25 ÷ √5
  EXPECT_THAT(html, HasSubstr(">20 to 79<"));
  EXPECT_THAT(html, Not(HasSubstr(">5 to 19<")));  // no set has as few
}

TEST_F(RedundancyPage, ManySetsAreDrawnWithoutNames) {
  for (int i = 0; i < 300; ++i) add("G" + std::to_string(i), "redundant", "0.9");
  write();
  const auto html = section();
  EXPECT_THAT(html, HasSubstr("288 further called sets"));
  EXPECT_THAT(html, HasSubstr("The first 60 of 288"));
  const size_t figure = html.find("<figure");
  ASSERT_NE(figure, std::string::npos);
  EXPECT_EQ(html.substr(figure, html.find("</figure>", figure) - figure).find(">G1 · T<"),
            std::string::npos);
}

}  // namespace
}  // namespace grids::core
