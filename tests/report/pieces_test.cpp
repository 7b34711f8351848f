#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <sstream>

#include "base/error.hpp"
#include "evaluate/small_study.hpp"
#include "io/atomic_file.hpp"
#include "report/heat_map.hpp"
#include "report/html.hpp"
#include "report/html_checker.hpp"
#include "report/svg.hpp"
#include "report/tracks.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

RC_GTEST_PROP(Html, EscapedTextIsWellFormedWhateverItsBytes, (const std::string& text)) {
  const auto html = "<p title=\"" + escape_html(text) + "\">" + escape_html(text) + "</p>";
  RC_ASSERT(html_fault(html) == "");
  for (const char c : html) RC_ASSERT(static_cast<unsigned char>(c) >= 32);
}

TEST(Html, EscapesAndReplacesInvalidBytes) {
  EXPECT_EQ(escape_html("a<b & \"c\" 'd' β"), "a&lt;b &amp; &quot;c&quot; &#39;d&#39; β");
  EXPECT_EQ(escape_html("x\xFFy\xC3"), "x\uFFFDy\uFFFD");
  EXPECT_EQ(escape_html("a\tb"), "a b");
}

TEST(Html, WritesNumbersForPeople) {
  EXPECT_EQ(number_text(-0.012345), "\u22120.0123");
  EXPECT_EQ(number_text(1234567), "1,234,567");
  EXPECT_EQ(number_text(NAN), "n/a");
  EXPECT_EQ(count_text(-1234), "\u22121,234");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(percent_text(0.1234), "12.3%");
  EXPECT_EQ(percent_text(-0.1, true), "\u221210.0%");
  EXPECT_EQ(percent_text(0.1, true), "+10.0%");
  EXPECT_EQ(percent_text(-0.0001), "\u22120.01%");
  EXPECT_EQ(percent_text(0), "0%");
  EXPECT_EQ(distance_text(-12345), "\u221212.3 kb");
  EXPECT_EQ(distance_text(2.5e6), "2.5 Mb");
  EXPECT_EQ(counted(1, "set"), "1 set");
  EXPECT_EQ(counted(2000, "set"), "2,000 sets");
}

TEST(Html, PlacesCountFromOneAsInBrowsersOfGenomes) {
  EXPECT_EQ(with_places("chr6:84060146-84060629 (transcribed), chr1:0-5"),
            "chr6:84,060,147–84,060,629 (transcribed), chr1:1–5");
  for (const char* other : {"", "HLA:1.5-2", "a:1-2x", "cells: 3 with 1 of 4"}) {
    EXPECT_EQ(with_places(other), other);
  }
}

RC_GTEST_PROP(Svg, TicksCoverTheRangeInFewRoundSteps, ()) {
  const double low = *rc::gen::inRange(-1000, 1000) / 100.0;
  const double high = low + *rc::gen::inRange(1, 5000) / 100.0;
  const auto marks = ticks(low, high, 5);
  RC_ASSERT(marks.front() <= low + 1e-6);
  RC_ASSERT(marks.back() >= high - 1e-6);
  RC_ASSERT(marks.size() >= 2 && marks.size() <= 8);
}

TEST(Svg, ColoursRunFromEndToEndAndTextReadsOnThem) {
  EXPECT_EQ(sequential_colour(-1), sequential_colour(0));
  EXPECT_EQ(sequential_colour(2), sequential_colour(1));
  EXPECT_EQ(sequential_colour(NAN), "#ffffff");
  EXPECT_EQ(text_colour_on(sequential_colour(1)), "#ffffff");
  EXPECT_NE(text_colour_on(sequential_colour(0)), "#ffffff");
  EXPECT_NE(diverging_colour(-1), diverging_colour(1));
}

TEST(Svg, DotsAreOnePath) {
  Svg svg(100, 50, "a \"label\"");
  svg.dots({{1, 2}, {3.04, 4.16}}, 2, "#000000");
  svg.circle(1, 1, 1, "red", "none", "<hint>");
  EXPECT_THAT(svg.str(), ::testing::HasSubstr("M1 2h0M3 4.2h0"));
  EXPECT_EQ(html_fault(svg.str()), "");
}

TEST(HeatMap, DrawsEveryCellAndCutsLongNames) {
  EXPECT_EQ(shortened("βetaβeta", 5), "βeta…");
  EXPECT_EQ(shortened("short", 5), "short");
  HeatMap map;
  map.rows = {"a <row> with a name that is much too long for any figure"};
  map.columns = {"x", "y"};
  map.values = {0.5, NAN};
  map.texts = {"0.5", ""};
  map.outlined = {true, false};
  map.colour = sequential_colour;
  const auto svg = draw_heat_map(map);
  EXPECT_EQ(html_fault(svg), "");
  EXPECT_THAT(svg, ::testing::HasSubstr(">0.5</text>"));
}

Table two_peaks(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Table table({"cell_type", "gene", "method", "L", "rank", "chrom", "start", "end"});
  for (const auto& [type, gene] : pairs) {
    table.add({type, gene, "coordinate", "2", "1", "chr2", "500", "600"});
    table.add({type, gene, "coordinate", "2", "2", "chr1", "70", "90"});
  }
  return table;
}

TEST(Tracks, AreBedInGenomeOrder) {
  const test::TempFolder temporary;
  const auto& folder = temporary.path();
  const auto files = write_tracks(folder, two_peaks({{"CD4+ T", "G\"1"}}));
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].filename(), "CD4+~20T_G~221.bed");
  std::istringstream lines(read_file(files[0]));
  std::string header;
  std::string first;
  std::string second;
  std::getline(lines, header);
  std::getline(lines, first);
  std::getline(lines, second);
  EXPECT_TRUE(header.starts_with("track name=\"G'1 in CD4+ T\""));
  EXPECT_EQ(first, "chr1\t70\t90\tG\"1_2\t100\t.\t70\t90\t0,114,178");
  EXPECT_EQ(second, "chr2\t500\t600\tG\"1_1\t1000\t.\t500\t600\t0,114,178");
}

TEST(Tracks, DifferentPairsGoToDifferentFiles) {
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"a_b", "c"}, {"a", "b_c"}, {"a/b", "c"}, {"a b", "c"}, {"", "c"}, {"a", ""}};
  std::set<std::string> names;
  for (const auto& [type, gene] : pairs) names.insert(track_file_name(type, gene));
  EXPECT_EQ(names.size(), pairs.size());
}

}  // namespace
}  // namespace grids::core
