#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "evaluate/accuracy.hpp"
#include "evaluate/set_columns.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"

namespace grids::core {
namespace {

/// Below this percentile a set is said to go no further than random ones. A wording, not a test.
constexpr double kNotablePercentile = 95;
/// Changes smaller than this are called small in words.
constexpr double kSmallChange = 0.01;
/// Test cells below which a set's change is called uncertain; the default of `grids explain`.
constexpr double kFewCells = 50;
/// Mean partial correlation below which the surrogate's within-type signal is called weak.
constexpr double kWeakCorrelation = 0.05;

double summary_value(const Table& summary, std::string_view predictor, std::string_view wanted) {
  for (size_t row = 0; row < summary.rows(); ++row) {
    if (summary.text(row, column::kPredictor) == predictor) return summary.number(row, wanted);
  }
  return std::nan("");
}

/// The predictor other than the surrogate with the highest mean R².
struct Best {
  std::string name;
  double r2 = -INFINITY;
};

Best best_baseline(const Table& summary) {
  Best best;
  for (size_t row = 0; row < summary.rows(); ++row) {
    const double r2 = summary.number(row, mean_of(column::kR2));
    if (summary.text(row, column::kPredictor) != "surrogate" && r2 > best.r2) {
      best = {summary.text(row, column::kPredictor), r2};
    }
  }
  return best;
}

void warn_of_accuracy(const Table& summary, std::vector<std::string>& warnings) {
  const double r2 = summary_value(summary, "surrogate", mean_of(column::kR2));
  const Best best = best_baseline(summary);
  if (!(r2 > best.r2) && std::isfinite(best.r2)) {
    warnings.push_back(fmt::format(
        "<b>Weak signal.</b> On held-out cells the surrogate (mean R² {}) does no better than a "
        "simple predictor, “{}” ({}). What it says of single genes deserves little trust.",
        number_text(r2), escape_html(best.name), number_text(best.r2)));
  }
  const double partial = summary_value(summary, "surrogate", mean_of(column::kWithinTypeRPartial));
  if (!(partial >= kWeakCorrelation)) {
    warnings.push_back(fmt::format(
        "<b>Weak signal within cell types.</b> Once sequencing depth is taken out, predicted and "
        "measured expression of cells of one type hardly agree (mean r {}). The sets below rest on "
        "differences between types and on states shared by many genes more than on the private "
        "regulation of a gene.",
        number_text(partial)));
  }
}

void warn_of_sets(const std::vector<SetView>& sets, std::vector<std::string>& warnings) {
  double like_random = 0;
  double small = 0;
  double few_cells = 0;
  for (const SetView& set : sets) {
    if (set.percentile < kNotablePercentile) ++like_random;
    if (std::abs(set.relative_change) < kSmallChange) ++small;
    if (set.cells < kFewCells) ++few_cells;
  }
  const auto total = static_cast<double>(sets.size());
  const auto share = [&](double count) {
    return fmt::format("{} of {}", count_text(count), count_text(total));
  };
  if (like_random > 0) {
    warnings.push_back(fmt::format(
        "<b>No better than random sets.</b> Found sets that do not stand out from random sets of "
        "the same size (effect-size percentile below {:.0f}): {}.",
        kNotablePercentile, share(like_random)));
  }
  if (small > 0) {
    warnings.push_back(fmt::format("Found sets that change the prediction by less than {}: {}.",
                                   percent_text(kSmallChange), share(small)));
  }
  if (few_cells > 0) {
    warnings.push_back(fmt::format(
        "<b>Few cells.</b> Found sets judged on fewer than {:.0f} test cells, so that their "
        "changes are uncertain: {}.",
        kFewCells, share(few_cells)));
  }
}

void warn_of_contrasts(const Table& contrasts, std::vector<std::string>& warnings) {
  constexpr double kCalled = 0.05;
  double found = 0;
  double borne_out = 0;
  for (size_t row = 0; row < contrasts.rows(); ++row) {
    if (contrasts.text(row, column::kWhichSet) != "found") continue;
    ++found;
    if (contrasts.number(row, column::kQ) < kCalled) ++borne_out;
  }
  if (found == borne_out) return;
  warnings.push_back(fmt::format(
      "<b>Not borne out by measured expression.</b> Found sets whose predicted changes the "
      "measured "
      "expression of test cells does not follow (q of the <a href=\"#contrast\">contrast</a> {} or "
      "more, or not computable): {} of {}.",
      number_text(kCalled), count_text(found - borne_out), count_text(found)));
}

/// Says so first when there is nothing to show because of gate A.
void warn_of_gate(const Results& results, std::vector<std::string>& warnings) {
  const Table* skipped = results.find("skipped.tsv");
  if (skipped == nullptr || !results.sets.empty() || !skipped->has(column::kGate)) return;
  double failed = 0;
  for (size_t row = 0; row < skipped->rows(); ++row)
    failed += skipped->text(row, column::kGate) == "A";
  if (failed == 0) return;
  const auto total = static_cast<double>(skipped->rows());
  warnings.push_back(fmt::format(
      "<b>{}</b> {} of {} that were to be explained fail gate A: the surrogate "
      "predicts these genes in held-out cells no better than sequencing depth, type and donor do "
      "(<code>cis.tsv</code>), so sets of peaks for them would explain nothing. "
      "<code>grids run --force</code> (or <code>grids explain --force</code>) explains them "
      "nevertheless, marked.",
      failed == total ? "No gene passes gate A." : "Nothing was explained.", count_text(failed),
      counted(total, "pair")));
}

std::string as_list(std::span<const std::string> items) {
  std::string html = "<ul>\n";
  for (const auto& item : items) html += "<li>" + item + "</li>\n";
  return html + "</ul>";
}

/// What follows from the figures, then what the stages said; a long list folds away.
std::string warnings_box(const Results& results) {
  std::vector<std::string> warnings;
  warn_of_gate(results, warnings);
  if (const Table* summary = results.find("accuracy_summary.tsv")) {
    warn_of_accuracy(*summary, warnings);
  }
  if (const Table* contrasts = results.find("contrasts.tsv")) {
    warn_of_contrasts(*contrasts, warnings);
  }
  warn_of_sets(results.sets, warnings);
  std::vector<std::string> of_stages;
  if (results.manifest) {
    for (const auto& warning : results.manifest->warnings) {
      of_stages.push_back(escape_html(warning));
    }
  }
  if (warnings.empty() && of_stages.empty()) {
    return "<div class=\"box good\"><b>No warnings.</b> No stage of this run had a reservation, "
           "and "
           "none follows from the figures below.</div>\n";
  }
  constexpr size_t kShown = 6;
  const size_t shown = std::min(of_stages.size(), kShown);
  warnings.insert(warnings.end(), of_stages.begin(),
                  of_stages.begin() + static_cast<std::ptrdiff_t>(shown));
  std::string html = "<div class=\"box warn\"><b>Before you trust this</b>" + as_list(warnings);
  if (shown < of_stages.size()) {
    const auto rest = std::span<const std::string>(of_stages).subspan(shown);
    html += html_details(
        counted(static_cast<double>(rest.size()), "further warning") + " of the stages",
        as_list(rest));
  }
  return html + "</div>\n";
}

std::string tile(const std::string& value, std::string_view label) {
  return fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>\n", value, label);
}

std::string tiles(const Results& results) {
  std::string html;
  if (const Table* umap = results.find("umap.tsv")) {
    html += tile(count_text(static_cast<double>(umap->rows())), "cells on the map");
    html += tile(count_text(static_cast<double>(distinct(*umap, column::kCellType).size())),
                 "cell types");
  }
  if (const Table* summary = results.find("accuracy_summary.tsv")) {
    const Best best = best_baseline(*summary);
    html += tile(number_text(summary_value(*summary, "surrogate", mean_of(column::kR2))),
                 fmt::format("mean R² of the surrogate on held-out cells (best simple predictor, "
                             "{}: {})",
                             escape_html(best.name), number_text(best.r2)));
  }
  if (!results.sets.empty()) {
    html += tile(count_text(static_cast<double>(results.sets.size())), "found sets of peaks");
  }
  return html.empty() ? html : "<div class=\"tiles\">" + html + "</div>\n";
}

std::string findings(const Results& results) {
  if (results.sets.empty()) {
    return "<p>No set of peaks was learned in this run (see <a href=\"#sets\">below</a>).</p>\n";
  }
  std::vector<double> changes;
  const SetView* largest = &results.sets.front();
  for (const SetView& set : results.sets) {
    changes.push_back(set.relative_change);
    if (std::abs(set.relative_change) > std::abs(largest->relative_change)) largest = &set;
  }
  std::sort(changes.begin(), changes.end());
  return fmt::format(
      "<p>For {} of a gene and a cell type, grids searched the peaks whose joint masking changes "
      "the surrogate’s prediction of the gene most. On test cells, which neither the surrogate nor "
      "the search has seen, the predicted change ranges from {} to {}; it is largest for {} "
      "({}).</p>\n",
      counted(static_cast<double>(changes.size()), "pair"), percent_text(changes.front(), true),
      percent_text(changes.back(), true), set_name(*largest),
      percent_text(largest->relative_change, true));
}

}  // namespace

std::string missing_file(std::string_view file, std::string_view what) {
  return fmt::format("<p class=\"missing\">This run has no <code>{}</code>: {}.</p>\n",
                     escape_html(file), what);
}

std::string set_name(const SetView& set) {
  return fmt::format("<i>{}</i> in {}", escape_html(set.gene), escape_html(set.cell_type));
}

std::string summary_section(const Results& results, Page&) {
  return warnings_box(results) + tiles(results) + findings(results) +
         "<p class=\"note\">Every change in this report is a <b>predicted change when masked in "
         "the "
         "surrogate</b>: what a trained network expects if those peaks were closed (opened, with "
         "<code>--perturbation open</code>). It is a "
         "hypothesis about regulation, not a measurement of it.</p>\n";
}

}  // namespace grids::core
