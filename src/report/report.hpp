/// The page that a run ends with: one HTML file that needs no network, and reads without scripts.
#pragma once

#include <filesystem>
#include <string>

#include "base/context.hpp"
#include "base/described.hpp"

namespace grids::core {

struct ReportOptions {
  std::string title = "Which peaks does each gene’s prediction rest on?";
  /// Cells drawn in the maps; a run with more draws an even selection of them and says so. More
  /// make a larger file.
  int64_t drawn_cells = 4000;
  /// Marker genes drawn on the map of the cells, one for each type first.
  int64_t drawn_markers = 6;
  /// Sets of which the page holds all details: the first, as they stand. Of the others it holds a
  /// row each.
  int64_t report_sets = 200;
  /// The page without its script: it reads the same, but does not sort, search or draw the genome.
  bool is_static = false;

  void describe(OptionSet& set);
};

/// Renders what the stages wrote into `folder` as `folder`/report.html, written through a temporary
/// name. Nothing is computed again: a stage's file that is missing is named in its section. Read
/// are manifest.json, prepare.tsv, training.tsv, accuracy.tsv, accuracy_summary.tsv,
/// alignment.tsv, marker_means.tsv, markers.tsv, umap.tsv, silhouette.tsv, marker_expression.tsv,
/// subsets.tsv, partners.tsv, set_summary.tsv, skipped.tsv, random_sets.tsv, change_by_type.tsv,
/// off_target.tsv, redundancy.tsv, members.tsv, settings.tsv, redundancy_summary.tsv, recovery.tsv,
/// validation.tsv, and for its script links.tsv, evidence.tsv, loci.tsv, locus_genes.tsv,
/// design.tsv, cis.tsv, redundancy_groups.tsv, stability.tsv and hits.tsv. Throws Error(kInput)
/// when the folder has none of them, or one that cannot be read.
void write_report(const std::filesystem::path& folder, const ReportOptions& options,
                  const Context& context);

/// The same page for a browser that `grids view` serves: its script is at page.js beside it, and
/// `data-live` of the document says so.
std::string live_page(const std::filesystem::path& folder, const ReportOptions& options,
                      const Context& context);

}  // namespace grids::core
