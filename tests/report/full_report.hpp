/// A folder of results in which each table has something, for the tests of pages.
#pragma once

#include "io/manifest.hpp"
#include "report/report_folder.hpp"

namespace grids::core::testing {

/// A results folder with everything in it, small.
inline void fill(const ReportFolder& folder) {
  Manifest manifest;
  manifest.command = "run";
  manifest.version = "1.2.3";
  manifest.options = R"({"L": 2, "search": {"rule": "<monotone>"}})";
  manifest.seed = 4711;
  manifest.threads = 2;
  manifest.inputs = {{"a<b.h5mu", std::string(64, 'c'), 1234567}};
  manifest.warnings = {"cell types are clusters, named <cluster 1> & so on"};
  manifest.stages = {{"prepare", 1.5}, {"train", 20}};
  add_to_manifest(folder.path / "manifest.json", manifest);
  folder.write("prepare.tsv", {"of", "step", "before", "after"},
               {{"cells", "labelled <ok>", "23456", "23400"}, {"peaks", "chosen", "NA", "17"}});
  folder.write("training.tsv", {"stage", "step", "split", "loss", "value"},
               {{"atac", "0", "train", "focal", "0.9"},
                {"atac", "10", "train", "focal", "0.5"},
                {"atac", "10", "validation", "focal", "NA"}});
  std::vector<std::string> summary = {"predictor", "genes"};
  for (const char* measure : {"r", "r2", "within_type_r", "within_type_r_partial"}) {
    summary.push_back(std::string("mean_") + measure);
    summary.push_back(std::string("median_") + measure);
  }
  summary.emplace_back("share_r2_positive");
  folder.write(
      "accuracy_summary.tsv", summary,
      {{"surrogate", "9", "0.31", "0.3", "0.123", "0.1", "0.2", "0.2", "0.01", "0.01", "0.75"},
       {"type mean", "9", "0.2", "0.2", "0.2345", "0.1", "0", "0", "0", "0", "0.5"}});
  folder.write("accuracy.tsv",
               {"gene", "predictor", "r", "r2", "within_type_r", "within_type_r_partial", "n"},
               {{kGene, "surrogate", "0.31", "0.123", "0.2", "0.01", "50"},
                {kGene, "type mean", "0.2", "0.2345", "0", "0", "50"},
                {"constant", "surrogate", "NA", "NA", "NA", "NA", "50"}});
  folder.write(
      "alignment.tsv",
      {"space", "measure", "of", "cell_type", "cells", "value", "standard_error", "chance"},
      {{"rna", "foscttm", "both", "all", "50", "0.125", "0.01", "0.5"},
       {"atac", "foscttm", "both", "all", "50", "0.375", "0.02", "0.5"},
       {"rna", "foscttm", "both", kType, "9", "0.111", "0.01", "0.5"}});
  folder.write("marker_means.tsv", {"cell_type", "gene", "measured_mean", "predicted_mean"},
               {{kType, kGene, "2.5", "2"}, {"other", kGene, "0.5", "0.75"}});
  folder.write("markers.tsv", {"cell_type", "gene"}, {{kType, kGene}});
  std::vector<std::vector<std::string>> cells;
  std::vector<std::vector<std::string>> expression;
  for (int i = 0; i < 30; ++i) {
    const auto barcode = "cell" + std::to_string(i);
    cells.push_back({barcode, i % 2 == 0 ? kType : "other", "test", std::to_string(i % 7),
                     std::to_string(i % 5)});
    expression.push_back({barcode, kGene, std::to_string(i % 3), "0.5"});
  }
  folder.write("umap.tsv", {"barcode", "cell_type", "split", "umap1", "umap2"}, cells);
  folder.write("silhouette.tsv", {"cell_type", "cells", "silhouette"},
               {{"all", "30", "0.4321"}, {kType, "15", "0.5"}, {"other", "15", "NA"}});
  folder.write("marker_expression.tsv", {"barcode", "gene", "measured", "predicted"}, expression);
  const auto peak = [](const std::string& gene, const std::string& rank, const std::string& name,
                       const std::string& distance) {
    return std::vector<std::string>{kType,  gene,   "coordinate", "2",      rank,    name,
                                    "chr1", "1000", "1500",       distance, "-3.25", "-0.321",
                                    "-7.5", "0.46", "1234",       "1"};
  };
  folder.write("subsets.tsv",
               {"cell_type", "gene", "method", "L", "rank", "peak", "chrom", "start", "end",
                "distance_to_tss", "average_change", "relative_change", "change_cp100k",
                "objective", "evaluations", "seed"},
               {peak(kGene, "1", "chr1:<1000>", "-12345"), peak(kGene, "2", "p&q", "NA")});
  folder.write("set_summary.tsv",
               {"cell_type", "gene", "method", "L", "cells", "random_sets", "percentile",
                "share_within_250kb", "chance_within_250kb", "share_within_1mb",
                "chance_within_1mb", "share_within_10mb", "chance_within_10mb", "counts"},
               {{kType, kGene, "coordinate", "2", "44", "3", "83.3", "0.5", "0.0123", "0.5", "0.1",
                 "0.5", "0.2", "no"}});
  folder.write("off_target.tsv",
               {"cell_type", "gene", "method", "L", "genes", "mean_absolute_change", "most_changed",
                "largest_change"},
               {{kType, kGene, "coordinate", "2", "7", "0.0678", "B<2M", "-0.195"}});
  folder.write("random_sets.tsv",
               {"cell_type", "gene", "L", "set", "relative_change", "average_change"},
               {{kType, kGene, "2", "1", "-0.011", "-0.1"},
                {kType, kGene, "2", "2", "0.022", "0.2"},
                {"other", kGene, "2", "1", "0.9", "9"}});
  const auto contrast = [](const std::string& set, const std::string& slope, const std::string& p,
                           const std::string& note) {
    return std::vector<std::string>{kType,   kGene, "coordinate", "2",    set, "44", "41",
                                    "-0.38", slope, "-0.053",     "1.05", p,   "NA", "0.25",
                                    "NA",    "NA",  "0.8",        "0",    note};
  };
  folder.write(
      "contrasts.tsv", kContrastColumns,
      {contrast("found", "0.517", "0.0321", "few <cells>"), contrast("random 1", "0.4", "0.04", ""),
       contrast("random 2", "NA", "NA", "only 0 cells")});
  folder.write(
      "change_by_type.tsv",
      {"cell_type", "gene", "tested_in", "average_change", "relative_change", "change_cp100k"},
      {{kType, kGene, kType, "-3.25", "-0.321", "-7.5"},
       {kType, kGene, "other", "1", "0.0456", "1"}});
  folder.write("skipped.tsv", {"cell_type", "gene", "reason"},
               {{"other", kGene, "12 < 50 test cells"}});
  folder.write("timings.tsv", {"cell_type", "gene", "method", "L", "seed", "seconds"},
               {{kType, kGene, "coordinate", "2", "1", "7.75"},
                {"other", kGene, "coordinate", "2", "1", "8.5"}});
  folder.write("recovery.tsv",
               {"cell_type", "gene", "kind", "L", "members", "members_found", "recall",
                "bystanders_found", "expected_by_chance", "near_tss_share", "near_tss_chance"},
               {{kType, kGene, "either", "2", "3", "1", "0.333", "1", "0.02", "0.5", "0.0123"},
                {kType, "g2", "none", "2", "0", "0", "NA", "0", "0", "NA", "NA"}});
}

}  // namespace grids::core::testing
