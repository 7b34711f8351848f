#include <fmt/core.h>

#include <cmath>

#include "evaluate/set_columns.hpp"
#include "report/banner.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"
#include "report/verdict_marks.hpp"

namespace grids::core {
namespace {

/// The set that stands first, if measured expression follows it: never one that merely changes the
/// prediction most.
std::string first_of(const SetView& set) {
  const Contrast& contrast = set.contrast;
  if (contrast.verdict != Verdict::kBorneOut && contrast.verdict != Verdict::kOverstated) {
    return " <b>None stands as a finding</b>: these are hypotheses that these cells do not bear "
           "out.";
  }
  const auto measured =
      set.from_counts
          ? "measured in the average test cell: " + measured_against_predicted(set)
          : fmt::format("slope {} of measured on predicted change", slope_text(contrast));
  return fmt::format(" First stands {}: predicted change {}; {}; {}.", set_name(set),
                     percent_text(set.relative_change, true), measured, verdict_badge(contrast)) +
         (set.caution.empty() ? "" : " <b>Caution:</b> " + escape_html(set.caution) + ".");
}

/// What was done, in a sentence, and on what.
std::string findings(const Results& results) {
  if (results.sets.empty()) {
    return "<p>No set of peaks was learned in this run (see <a href=\"#sets\">below</a>).</p>\n";
  }
  if (results.unpaired) {
    return fmt::format(
        "<p>For {} of a gene and a cell type, grids searched the peaks whose joint masking changes "
        "the surrogate’s prediction of the gene most, in cells with chromatin. Here {}. <b>None "
        "stands as a finding</b>: these are hypotheses.</p>\n",
        counted(static_cast<double>(results.sets.size()), "pair"), kUnpairedWords);
  }
  return fmt::format(
      "<p>For {} of a gene and a cell type, grids searched the peaks whose joint masking changes "
      "the surrogate’s prediction of the gene most; measured expression of test cells, which "
      "neither the surrogate nor the search has seen, is held against it within type and "
      "state.{}</p>\n",
      counted(static_cast<double>(results.sets.size()), "pair"), first_of(results.sets.front()));
}

/// "2,000 cells of 4 types."
std::string cells_line(const Results& results) {
  const Table* umap = results.find("umap.tsv");
  if (umap == nullptr) return {};
  return fmt::format(
      "{} of {}. ", counted(static_cast<double>(umap->rows()), "cell"),
      counted(static_cast<double>(distinct(*umap, column::kCellType).size()), "cell type"));
}

}  // namespace

std::string missing_file(std::string_view file, std::string_view what) {
  return fmt::format("<p class=\"missing\">This run has no <code>{}</code>: {}.</p>\n",
                     escape_html(file), what);
}

std::string measured_against_predicted(const SetView& set) {
  const auto percent = [](double log) { return percent_text(std::expm1(log), true); };
  const auto [low, high] = set.contrast.observed();
  return fmt::format("{} ({} to {}), where {} is predicted",
                     percent(set.contrast.slope * set.contrast.predicted), percent(low),
                     percent(high), percent(set.contrast.predicted));
}

std::string set_name(const SetView& set) {
  return fmt::format("<i>{}</i> in {}", escape_html(set.gene), escape_html(set.cell_type));
}

std::string first_of_many(size_t all, size_t most, std::string_view words) {
  if (all <= most) return {};
  return fmt::format(" {} {} of {}.", words, count_text(static_cast<double>(most)),
                     counted(static_cast<double>(all), "set"));
}

std::string summary_section(const Results& results, Page&) {
  const Banner banner = banner_of(results);
  const bool with_figures = banner.kind != BannerKind::kGood && !banner.figures.empty();
  return banner_html(banner) + findings(results) +
         fmt::format(
             "<p class=\"note\">{}{}Every change on this page is a <b>predicted change when masked "
             "in the surrogate</b>: what a trained network expects if those peaks were closed "
             "(opened, with <code>--perturbation open</code>). It is a hypothesis about "
             "regulation, not a measurement of it.</p>\n",
             cells_line(results), with_figures ? banner.figures + " " : "");
}

}  // namespace grids::core
