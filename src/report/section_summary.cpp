#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <span>

#include "evaluate/accuracy.hpp"
#include "evaluate/set_columns.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"
#include "report/verdict_marks.hpp"

namespace grids::core {
namespace {

/// Below this percentile a set is said to go no further than random ones. A wording, not a test.
constexpr double kNotablePercentile = 95;
/// Changes smaller than this are called small in words.
constexpr double kSmallChange = 0.01;
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
  for (const SetView& set : sets) {
    if (set.percentile < kNotablePercentile) ++like_random;
    if (std::abs(set.relative_change) < kSmallChange) ++small;
  }
  const auto total = static_cast<double>(sets.size());
  const auto share = [&](double count) {
    return fmt::format("{} of {}", count_text(count), count_text(total));
  };
  if (like_random > 0) {
    warnings.push_back(
        fmt::format("<b>No better than random sets.</b> Sets that do not stand out from random "
                    "sets of the same size (effect-size percentile below {:.0f}): {}.",
                    kNotablePercentile, share(like_random)));
  }
  if (small > 0) {
    warnings.push_back(fmt::format("Sets that change the prediction by less than {}: {}.",
                                   percent_text(kSmallChange), share(small)));
  }
}

/// A reason for which sets are no findings, in a word, and in a sentence with their names.
struct Reservation {
  std::string word;
  std::string sentence;
};

/// "GENE in TYPE, GENE in TYPE and 12 more".
std::string set_names(const std::vector<const SetView*>& sets) {
  constexpr size_t kNamed = 8;
  std::string names;
  for (size_t i = 0; i < std::min(sets.size(), kNamed); ++i) {
    names += (i == 0 ? "" : ", ") + set_name(*sets[i]);
  }
  if (sets.size() > kNamed) names += fmt::format(" and {} more", sets.size() - kNamed);
  return names;
}

template <typename Holds>
void reserve_where(const std::vector<SetView>& sets, const char* word, const char* what,
                   const Holds& holds, std::vector<Reservation>& reservations) {
  std::vector<const SetView*> which;
  for (const SetView& set : sets) {
    if (holds(set)) which.push_back(&set);
  }
  if (which.empty()) return;
  reservations.push_back({word, fmt::format("<b>{}: {} of {}.</b> {}: {}.", word, which.size(),
                                            counted(static_cast<double>(sets.size()), "set"), what,
                                            set_names(which))});
}

/// Why sets are no findings.
std::vector<Reservation> reservations_of(const std::vector<SetView>& sets) {
  std::vector<Reservation> result;
  reserve_where(
      sets, "Contradicted",
      "Measured expression of test cells does not follow half of the predicted change",
      [](const SetView& set) { return set.contrast.verdict == Verdict::kContradicted; }, result);
  reserve_where(
      sets, "Gate-failed",
      "The surrogate predicts these genes in held-out cells no better than sequencing depth, "
      "type, donor and batch do",
      [](const SetView& set) { return set.gate == "A"; }, result);
  reserve_where(
      sets, "Unconfirmed",
      "Searched because these genes were asked for, on terms that say nothing of held-out cells "
      "which the state of the cells does not (gate B)",
      [](const SetView& set) { return set.gate == "B"; }, result);
  reserve_where(
      sets, "Forced", "Explained only because <code>--force</code> was given",
      [](const SetView& set) { return !set.caution.empty(); }, result);
  reserve_where(
      sets, "Unevaluated",
      "Not held against measured expression: fewer than 50 test cells, or no slope",
      [](const SetView& set) { return set.contrast.verdict == Verdict::kNotJudged; }, result);
  return result;
}

/// That the search went well says nothing of whether it is so.
void warn_of_verdicts(const std::vector<SetView>& sets, std::vector<std::string>& warnings) {
  const auto follows = [](const SetView& set) {
    return set.contrast.verdict == Verdict::kBorneOut ||
           set.contrast.verdict == Verdict::kOverstated;
  };
  if (sets.empty() || std::any_of(sets.begin(), sets.end(), follows)) return;
  warnings.push_back(
      "<b>Borne out: none.</b> Measured expression of test cells follows the predicted change of "
      "no set (<a href=\"#contrast\">contrast</a>).");
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
      "predicts these genes in held-out cells no better than sequencing depth, type, donor and "
      "batch do "
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

/// What the stages said; a long list folds away.
std::string stage_warnings(const Results& results) {
  std::vector<std::string> shown, folded;
  constexpr size_t kShown = 6;
  for (const auto& sentence : results.outdated) shown.push_back(escape_html(sentence));
  for (const auto& manifest : results.manifests) {
    for (const auto& warning : manifest.warnings) {
      (shown.size() < kShown ? shown : folded).push_back(escape_html(warning));
    }
  }
  if (shown.empty()) return {};
  std::string html = as_list(shown);
  if (!folded.empty()) {
    html += html_details(
        counted(static_cast<double>(folded.size()), "further warning") + " of the stages",
        as_list(folded));
  }
  return html;
}

/// "Contradicted, forced, unevaluated".
std::string words_of(const std::vector<Reservation>& reservations) {
  std::string words;
  for (const auto& entry : reservations) words += (words.empty() ? "" : ", ") + entry.word;
  std::transform(words.begin() + 1, words.end(), words.begin() + 1,
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return words;
}

/// Why sets are no findings, then what follows from the figures, then what the stages said. Red
/// where sets are no findings, or there is none because of gate A.
std::string warnings_box(const Results& results) {
  const auto reservations = reservations_of(results.sets);
  std::vector<std::string> warnings;
  warnings.reserve(reservations.size());
  for (const auto& entry : reservations) warnings.push_back(entry.sentence);
  warn_of_gate(results, warnings);
  const bool red = !warnings.empty();
  if (const Table* summary = results.find("accuracy_summary.tsv")) {
    warn_of_accuracy(*summary, warnings);
  }
  warn_of_verdicts(results.sets, warnings);
  warn_of_sets(results.sets, warnings);
  const auto of_stages = stage_warnings(results);
  if (warnings.empty() && of_stages.empty()) {
    return "<div class=\"box good\"><b>No warnings.</b> No stage of this run had a reservation, "
           "and "
           "none follows from the figures below.</div>\n";
  }
  return fmt::format("<div class=\"box {}\"><b>Before you trust this{}</b>{}{}</div>\n",
                     red ? "bad" : "warn",
                     reservations.empty() ? "" : ": " + words_of(reservations),
                     warnings.empty() ? "" : as_list(warnings), of_stages);
}

std::string tile(const std::string& value, std::string_view label) {
  return fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>\n", value, label);
}

int64_t count_of(const std::vector<SetView>& sets, Verdict verdict) {
  return std::count_if(sets.begin(), sets.end(),
                       [&](const SetView& set) { return set.contrast.verdict == verdict; });
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
    html += tile(
        fmt::format("{} of {}", count_of(results.sets, Verdict::kBorneOut), results.sets.size()),
        "sets of peaks borne out by measured expression of held-out cells");
  }
  return html.empty() ? html : "<div class=\"tiles\">" + html + "</div>\n";
}

/// The set that stands first, if measured expression follows it: never one that merely changes the
/// prediction most.
std::string first_of(const SetView& set) {
  const Contrast& contrast = set.contrast;
  if (contrast.verdict != Verdict::kBorneOut && contrast.verdict != Verdict::kOverstated) {
    return " <b>None stands as a finding</b>: these are hypotheses that these cells do not bear "
           "out.";
  }
  const auto [low, high] = contrast.observed();
  return fmt::format(" First stands {}: predicted log change {}, measured {} ({} to {}), {}.",
                     set_name(set), number_text(contrast.predicted),
                     number_text(contrast.slope * contrast.predicted), number_text(low),
                     number_text(high), verdict_badge(contrast)) +
         (set.caution.empty() ? "" : " <b>Caution:</b> " + escape_html(set.caution) + ".");
}

std::string findings(const Results& results) {
  if (results.sets.empty()) {
    return "<p>No set of peaks was learned in this run (see <a href=\"#sets\">below</a>).</p>\n";
  }
  std::vector<Contrast> contrasts;
  for (const SetView& set : results.sets) contrasts.push_back(set.contrast);
  return fmt::format(
      "<p>For {} of a gene and a cell type, grids searched the peaks whose joint masking changes "
      "the surrogate’s prediction of the gene most. What measured expression says of them, in test "
      "cells that neither the surrogate nor the search has seen, within type and state: "
      "<b>{}</b>.{}</p>\n",
      counted(static_cast<double>(results.sets.size()), "pair"), count_verdicts(contrasts),
      first_of(results.sets.front()));
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
