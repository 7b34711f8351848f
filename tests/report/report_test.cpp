#include "report/report.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/error.hpp"
#include "evaluate/small_study.hpp"
#include "io/atomic_file.hpp"
#include "io/manifest.hpp"
#include "io/table.hpp"
#include "report/full_report.hpp"
#include "report/html_checker.hpp"
#include "report/report_folder.hpp"
#include "report/results.hpp"

namespace grids::core {
namespace {

using testing::fill;
using testing::holds;
using testing::kContrastColumns;
using testing::kGene;
using testing::kType;
using Folder = testing::ReportFolder;

TEST(HtmlChecker, FindsWhatIsBroken) {
  EXPECT_EQ(html_fault("<p class=\"a > b\">x &amp; y<br></p>"), "");
  EXPECT_NE(html_fault("<p><b>x</p></b>"), "");
  EXPECT_NE(html_fault("<p>x & y</p>"), "");
  EXPECT_NE(html_fault("<p>1 < 2</p>"), "");
  EXPECT_NE(html_fault("<p id=\"a\"></p><p id=\"a\"></p>"), "");
  EXPECT_NE(html_fault("<p class=a></p>"), "");
  EXPECT_NE(html_fault("<p>"), "");
}

TEST(Report, IsOneWellFormedPageThatLoadsNothing) {
  const Folder folder;
  fill(folder);
  const auto html = folder.report();
  EXPECT_EQ(html_fault(html), "");
  for (const char* outside : {"http:", "https:", "<script", " src=", "url(", "@import"}) {
    EXPECT_FALSE(holds(html, outside)) << outside;
  }
  EXPECT_TRUE(holds(html, "name=\"viewport\""));
  EXPECT_TRUE(html == folder.report());
}

TEST(Report, EscapesNames) {
  const Folder folder;
  fill(folder);
  const auto html = folder.report();
  EXPECT_TRUE(holds(html, "CD4+ T/NK &lt;naïve&gt; &amp; &quot;β&quot;"));
  EXPECT_TRUE(holds(html, "HLA-&#39;A&#39;&lt;1&gt;"));
  EXPECT_TRUE(holds(html, "chr1:&lt;1000&gt;"));
  EXPECT_TRUE(holds(html, "&lt;monotone&gt;"));
}

TEST(Report, HoldsTheNumbersOfTheTables) {
  const Folder folder;
  fill(folder);
  const auto html = folder.report();
  for (const char* number :
       {"\u221232.1%",                           // relative change of the set
        "\u22127.5",                             // counts per 100,000
        "83.3",                                  // percentile
        "\u22121.1% to +2.2%",                   // random sets of this gene and type only
        "\u221212.3 kb",                         // distance to the TSS
        "6.8%", "<i>B&lt;2M</i> (\u221219.5%)",  // other genes
        "50.0%", "1.2%",                         // near the TSS, and by chance
        "0.123 (0.1)", "0.234 (0.1)",            // mean (median) R² of surrogate and type mean
        "0.432",                                 // silhouette
        "4711", "1,234,567", "21.5 s",           // seed, bytes, time of all stages
        "23,456", "12 &lt; 50 test cells"}) {
    EXPECT_TRUE(holds(html, number)) << number;
  }
  // R² of marker means: 1 − (0.5² + 0.25²) / (1² + 1²).
  EXPECT_TRUE(holds(html, "<b>0.844</b>"));
  // Change in the other type, in the heat map.
  EXPECT_TRUE(holds(html, ">4.6</text>"));
}

TEST(Report, SaysHowLongASetTookWhereItIsKnown) {
  const Folder folder;
  fill(folder);
  EXPECT_TRUE(holds(folder.report(), "after 1,234 model evaluations in 7.75 s. Track"));
  std::filesystem::remove(folder.path / "timings.tsv");
  EXPECT_TRUE(holds(folder.report(), "after 1,234 model evaluations. Track"));
}

TEST(Report, PutsWarningsFirstAndCallsWeakSignalWeak) {
  const Folder folder;
  fill(folder);
  const auto html = folder.report();
  const size_t warnings = html.find("Before you trust this");
  ASSERT_NE(warnings, std::string::npos);
  EXPECT_LT(warnings, html.find("id=\"accuracy\""));
  EXPECT_TRUE(holds(html, "named &lt;cluster 1&gt; &amp; so on"));
  EXPECT_TRUE(holds(html, "does no better than a simple predictor, “type mean” (0.234)"));
  EXPECT_TRUE(holds(html, "Weak signal within cell types"));
  EXPECT_TRUE(holds(html, "(effect-size percentile below 95): 1 of 1"));
  EXPECT_TRUE(holds(html, "<b>Unevaluated: 1 of 1 set.</b>"));
  EXPECT_TRUE(holds(html, "44 of the 50 test cells that it takes"));
  EXPECT_TRUE(holds(html, "without raw counts"));  // beside the table that it concerns
}

TEST(Report, ItsFirstFigureHoldsPredictionsAgainstMeasurements) {
  const Folder folder;
  fill(folder);
  const auto html = folder.report();
  EXPECT_LT(html.find("id=\"contrast\""), html.find("id=\"accuracy\""));
  EXPECT_TRUE(holds(html, "Slope over 1 set: <b>0.517 (\u22120.0345 to 1.07)</b>; 1 ="));
  EXPECT_TRUE(holds(html, ">slope: 0.517 (\u22120.0345 to 1.07)</text>"));
  EXPECT_TRUE(holds(html, "Verdicts: <b>1 not judged</b>"));
  EXPECT_TRUE(holds(html, "<b>None of 1 set is borne out by held-out cells</b>, 1 not judged."));
  EXPECT_TRUE(holds(html, "100.0% have p &lt; 0.05"));  // of the random sets that have one
  EXPECT_TRUE(holds(html, "0.0321"));
  EXPECT_TRUE(holds(html, "few &lt;cells&gt;"));
  EXPECT_TRUE(holds(html, "None stands as a finding"));
  std::filesystem::remove(folder.path / "contrasts.tsv");
  EXPECT_TRUE(holds(folder.report(), "<code>contrasts.tsv</code>"));
}

TEST(Report, MarksTheMinimalSubsetAndListsPartners) {
  const Folder folder;
  fill(folder);
  EXPECT_FALSE(holds(folder.report(), "Minimal sub-set"));  // tables of an earlier version
  auto subsets = read_table(folder.path / "subsets.tsv");
  auto columns = subsets.columns();
  columns.emplace_back("in_minimal");
  Table marked(columns);
  for (size_t row = 0; row < subsets.rows(); ++row) {
    auto cells = subsets.row(row);
    cells.emplace_back(row == 0 ? "yes" : "no");
    marked.add(cells);
  }
  write_table(folder.path / "subsets.tsv", marked);
  folder.write("partners.tsv",
               {"cell_type", "gene", "method", "L", "partner", "peak", "distance_to_tss",
                "single_change", "change_after_minimal", "set_change"},
               {{kType, kGene, "coordinate", "2", "1", "r<s", "NA", "-0.297", "-0.0031", "-0.3"},
                {kType, kGene, "other", "2", "1", "elsewhere", "NA", "-0.2", "0", "-0.3"}});
  const auto html = folder.report();
  EXPECT_EQ(html_fault(html), "");
  EXPECT_TRUE(holds(html, "Minimal sub-set (\u25cf): 1 of 2 peaks"));
  EXPECT_TRUE(holds(html, "no longer once S (\u25cf) is masked"));
  EXPECT_TRUE(holds(html, "r&lt;s"));
  EXPECT_TRUE(holds(html, "\u221229.7%"));
  EXPECT_TRUE(holds(html, "\u22120.3%"));
  EXPECT_FALSE(holds(html, "elsewhere"));  // of another method's set
}

TEST(Report, TwoSetsOfOneGeneAreTwo) {
  const Folder folder;
  fill(folder);
  auto subsets = read_table(folder.path / "subsets.tsv");
  auto third = subsets.row(0);  // rank 1 again: a set of another L of the same gene and method
  third[3] = "1";
  subsets.add(third);
  write_table(folder.path / "subsets.tsv", subsets);
  const auto sets = read_results(folder.path).sets;
  ASSERT_EQ(sets.size(), 2u);
  EXPECT_EQ(sets[0].peaks.size(), 2u);
  EXPECT_EQ(sets[1].set_size, 1);
  EXPECT_EQ(sets[1].peaks.size(), 1u);
}

TEST(Report, SaysFirstThatNoGenePassesTheGate) {
  const Folder folder;
  fill(folder);
  folder.write("skipped.tsv", {"cell_type", "gene", "reason", "gate"},
               {{kType, kGene, "gate A", "A"}, {"other", kGene, "few cells", ""}});
  EXPECT_FALSE(holds(folder.report(), "fail gate A: the surrogate"));  // others were explained
  std::filesystem::remove(folder.path / "subsets.tsv");
  EXPECT_TRUE(holds(folder.report(), "Nothing was explained.</b> 1 of 2 pairs"));
  folder.write("skipped.tsv", {"cell_type", "gene", "reason", "gate"},
               {{kType, kGene, "gate A", "A"}});
  const auto html = folder.report();
  EXPECT_EQ(html_fault(html), "");
  const size_t place = html.find("No gene passes gate A.</b> 1 of 1 pair ");
  ASSERT_NE(place, std::string::npos);
  EXPECT_LT(place, html.find("Weak signal"));
  EXPECT_TRUE(holds(html, "--force"));
}

TEST(Report, FoldsALongListOfWarnings) {
  const Folder folder;
  fill(folder);
  auto manifest = read_manifests(folder.path / "manifest.json").back();
  for (int i = 0; i < 20; ++i) manifest.warnings.push_back("warning " + std::to_string(i));
  add_to_manifest(folder.path / "manifest.json", manifest);
  const auto html = folder.report();
  EXPECT_EQ(html_fault(html), "");
  EXPECT_TRUE(holds(html, "15 further warnings of the stages"));
  EXPECT_TRUE(holds(html, "warning 19"));
}

TEST(Report, ComparesWhatWasFoundWithWhatWasPlanted) {
  const Folder folder;
  fill(folder);
  EXPECT_TRUE(holds(folder.report(),
                    "3 causal peaks had been planted. Found: <b>1</b>. "
                    "Expected of random sets: 0.02"));
  EXPECT_FALSE(holds(folder.report(), "programme of their cell type"));
  folder.write("recovery.tsv",
               {"cell_type", "gene", "kind", "L", "members", "members_found", "recall",
                "bystanders_found", "expected_by_chance", "near_tss_share", "near_tss_chance",
                "programme_share", "programme_chance"},
               {{kType, kGene, "either", "2", "3", "1", "0.333", "1", "0.02", "0.5", "0.0123",
                 "0.5", "0.125"},
                {kType, "g2", "none", "2", "0", "0", "NA", "0", "0", "NA", "NA", "0.25", "0.075"},
                {"all", "g3", "none", "2", "0", "0", "NA", "0", "0", "NA", "NA", "NA", "NA"}});
  const auto html = folder.report();
  EXPECT_EQ(html_fault(html), "");
  EXPECT_TRUE(holds(html, "<b>37.5%</b> follow the programme of their cell type"));
  EXPECT_TRUE(holds(html, "open as often there, 10.0% do"));
  EXPECT_TRUE(holds(html, "Of peaks open as often"));
  // Searched around the gene alone: chance is that of the peaks there.
  folder.write("set_summary.tsv",
               {"cell_type", "gene", "method", "L", "cells", "random_sets", "percentile",
                "share_within_250kb", "chance_within_250kb", "share_within_1mb",
                "chance_within_1mb", "share_within_10mb", "chance_within_10mb", "counts", "domain"},
               {{kType, kGene, "coordinate", "2", "44", "3", "83.3", "0.5", "0.0123", "0.5", "0.1",
                 "0.5", "0.2", "no", "cis"}});
  folder.write(
      "recovery.tsv",
      {"cell_type", "gene", "kind", "L", "members", "members_found", "recall", "bystanders_found",
       "expected_by_chance", "expected_near_tss", "near_tss_share", "near_tss_chance"},
      {{kType, kGene, "either", "2", "3", "1", "0.333", "1", "0.02", "0.75", "0.5", "0.0123"}});
  EXPECT_TRUE(holds(folder.report(),
                    "Expected of random sets of peaks within 250 kb of the gene, where they were "
                    "searched: 0.75"));
  EXPECT_TRUE(holds(folder.report(), "Expected within 250 kb"));
  std::filesystem::remove(folder.path / "recovery.tsv");
  EXPECT_FALSE(holds(folder.report(), "planted"));  // real cells have no truth
}

TEST(Report, WhatItRestsOnIsFoldedBehindLinksThatOpenIt) {
  const Folder folder;
  fill(folder);
  const auto html = folder.report();
  const size_t methods = html.find("<section id=\"methods\">");
  ASSERT_NE(methods, std::string::npos);
  EXPECT_LT(html.find("<section id=\"sets\">"), methods);
  for (const std::string id : {"contrast", "types", "accuracy", "cells", "training", "run"}) {
    // A link leads into the fold, so that the browser opens it without a script.
    EXPECT_TRUE(holds(html, "<a href=\"#" + id + "-in\">")) << id;
    const size_t section =
        html.find("<section id=\"" + id + "\" class=\"folded\"><details><summary>");
    ASSERT_NE(section, std::string::npos) << id;
    EXPECT_LT(methods, section) << id;
    EXPECT_LT(section, html.find("<div id=\"" + id + "-in\">")) << id;
  }
}

TEST(Report, MethodsSayWhatReallyRan) {
  const Folder folder;
  fill(folder);
  auto manifest = read_manifests(folder.path / "manifest.json").back();
  manifest.options = R"({"explain.set-size": "7", "explain.method": "beam<1>",
                         "explain.force": "true", "explain.min-test-cells": "33",
                         "train.max-steps": "123", "explain.max-steps": "45",
                         "prepare.force": "false", "prepare.train-share": "0.7",
                         "prepare.validation-share": "0.1", "prepare.test-share": "0.2"})";
  add_to_manifest(folder.path / "manifest.json", manifest);
  auto html = folder.report();
  EXPECT_EQ(html_fault(html), "");
  for (const char* words :
       {"grids 1.2.3 (seed 4711)", "(0.7 / 0.1 / 0.2, stratified", "at most 7 peaks",
        "at most 123 steps a stage)", "values (the RNA came without counts)",
        "method beam&lt;1&gt;", "fewer than 33 test cells were explained nevertheless (--force)",
        "23,400 cells passed quality control", "Liu J, Xu S, Riffle D, Duan Z, Min MR, Zhang J"}) {
    EXPECT_TRUE(holds(html, words)) << words;
  }
  manifest.options = "{}";
  add_to_manifest(folder.path / "manifest.json", manifest);
  html = folder.report();
  EXPECT_FALSE(holds(html, "at most 7 peaks"));  // nothing is said that was not recorded
  EXPECT_FALSE(holds(html, "stratified by type"));
}

TEST(Report, SaysWhatWasMadeFromAnotherFileThanLiesThereNow) {
  const Folder folder;
  fill(folder);
  replace_file(folder.path / "surrogate.safetensors", "trained anew");
  Manifest evaluated;
  evaluated.command = "evaluate";
  evaluated.version = "1.2.3";
  evaluated.inputs = {
      {"elsewhere/surrogate.safetensors", sha256_of(folder.path / "surrogate.safetensors"), 12},
      {"gone.h5mu", std::string(64, '0'), 1}};
  add_to_manifest(folder.path / "manifest.json", evaluated);
  EXPECT_FALSE(holds(folder.report(), "is not the one that these commands read"));
  evaluated.inputs[0].sha256 = std::string(64, '0');
  add_to_manifest(folder.path / "manifest.json", evaluated);
  EXPECT_TRUE(holds(folder.report(),
                    "surrogate.safetensors in this folder is not the one that these commands "
                    "read: evaluate;"));
}

TEST(Report, SaysWhichFileIsMissing) {
  const Folder folder;
  fill(folder);
  for (const std::string file :
       {"manifest.json", "prepare.tsv", "training.tsv", "accuracy.tsv", "accuracy_summary.tsv",
        "alignment.tsv", "marker_means.tsv", "markers.tsv", "umap.tsv", "silhouette.tsv",
        "marker_expression.tsv", "subsets.tsv", "set_summary.tsv", "skipped.tsv", "random_sets.tsv",
        "change_by_type.tsv", "off_target.tsv"}) {
    std::filesystem::rename(folder.path / file, folder.path / "away");
    const auto html = folder.report();
    std::filesystem::rename(folder.path / "away", folder.path / file);
    EXPECT_EQ(html_fault(html), "") << "without " << file;
    // Details that a figure does without need no sentence.
    const bool detail = file == "accuracy.tsv" || file == "alignment.tsv" ||
                        file == "markers.tsv" || file == "silhouette.tsv" ||
                        file == "skipped.tsv" || file == "off_target.tsv";
    EXPECT_NE(holds(html, "This run has no <code>" + file), detail) << file;
  }
}

TEST(Report, TablesWithoutRowsAreNoCrash) {
  const Folder folder;
  fill(folder);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path)) {
    if (entry.path().extension() != ".tsv") continue;
    const auto table = read_table(entry.path());
    write_table(entry.path(), Table(table.columns()));
  }
  EXPECT_EQ(html_fault(folder.report()), "");
}

TEST(Report, DrawsNoMoreCellsThanAskedAndSaysSo) {
  const Folder folder;
  fill(folder);
  ReportOptions options;
  options.drawn_cells = 12;
  EXPECT_TRUE(holds(folder.report(options), "Drawn are 12 of 30 cells"));
  EXPECT_FALSE(holds(folder.report(), "Drawn are"));
  options.drawn_cells = 0;
  EXPECT_THROW(folder.report(options), Error);
}

TEST(Report, RefusesAFolderWithoutResultsAndNamesBrokenTables) {
  const Folder folder;
  EXPECT_THROW(folder.report(), Error);
  folder.write("subsets.tsv", {"cell_type", "gene"}, {{"a", "b"}});
  try {
    folder.report();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_TRUE(holds(error.what(), "subsets.tsv"));
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path / "report.html"));
}

}  // namespace
}  // namespace grids::core
