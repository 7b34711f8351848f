#include "report/banner.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
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
/// A mean R² that exceeds the best simple predictor's by less than this share of what that leaves
/// unexplained is called barely better.
constexpr double kBareGain = 0.02;

double summary_value(const Table& summary, std::string_view predictor, std::string_view wanted) {
  for (size_t row = 0; row < summary.rows(); ++row) {
    if (summary.text(row, column::kPredictor) == predictor) return summary.number(row, wanted);
  }
  return std::nan("");
}

/// The predictor other than the surrogate with the highest mean R².
struct BestBaseline {
  std::string name;
  double r2 = -INFINITY;
};

BestBaseline best_baseline(const Table& summary) {
  BestBaseline best;
  for (size_t row = 0; row < summary.rows(); ++row) {
    const double r2 = summary.number(row, mean_of(column::kR2));
    if (summary.text(row, column::kPredictor) != "surrogate" && r2 > best.r2) {
      best = {summary.text(row, column::kPredictor), r2};
    }
  }
  return best;
}

/// How well the surrogate predicts, beside the best of the simple ones.
struct SignalFigures {
  double r2 = NAN;
  BestBaseline best;
  double partial = NAN;  ///< mean r within types, depth taken out
};

SignalFigures signal_of(const Table& summary) {
  return {summary_value(summary, "surrogate", mean_of(column::kR2)), best_baseline(summary),
          summary_value(summary, "surrogate", mean_of(column::kWithinTypeRPartial))};
}

std::string signal_words(const SignalFigures& signal) {
  if (std::isnan(signal.r2)) return {};
  std::string words = fmt::format("On held-out cells the surrogate has a mean R² of <b>{}</b>",
                                  number_text(signal.r2));
  if (std::isfinite(signal.best.r2)) {
    words += fmt::format(" (best simple predictor, {}: {})", escape_html(signal.best.name),
                         number_text(signal.best.r2));
  }
  return words + fmt::format("; within types, depth taken out, a mean r of <b>{}</b>.",
                             number_text(signal.partial));
}

void reserve_weak_signal(const SignalFigures& signal, std::vector<Reservation>& result) {
  const auto& [r2, best, partial] = signal;
  if (std::isfinite(best.r2) && !(r2 > best.r2)) {
    result.push_back(
        {"weak signal",
         fmt::format("<b>Weak signal.</b> On held-out cells the surrogate (mean R² {}) does no "
                     "better than a simple predictor, “{}” ({}). What it says of single genes "
                     "deserves little trust.",
                     number_text(r2), escape_html(best.name), number_text(best.r2))});
  } else if (std::isfinite(best.r2) && r2 - best.r2 < kBareGain * (1 - best.r2)) {
    result.push_back(
        {"weak signal",
         fmt::format("<b>Weak signal.</b> On held-out cells the surrogate (mean R² {}) is barely "
                     "better than a simple predictor, “{}” ({}): most of what it knows of a gene "
                     "could be known without its peaks. Look at each gene’s own figures.",
                     number_text(r2), escape_html(best.name), number_text(best.r2))});
  }
  if (!(partial >= kWeakCorrelation)) {
    result.push_back(
        {"weak signal within cell types",
         fmt::format("<b>Weak signal within cell types.</b> Once sequencing depth is taken out, "
                     "predicted and measured expression of cells of one type hardly agree (mean r "
                     "{}). The sets below rest on differences between types and on states shared "
                     "by many genes more than on the private regulation of a gene.",
                     number_text(partial))});
  }
}

/// "GENE in TYPE, GENE in TYPE and 12 more".
std::string set_names(const std::vector<const SetView*>& sets) {
  constexpr size_t kNamed = 8;
  std::string names;
  for (size_t i = 0; i < std::min(sets.size(), kNamed); ++i) {
    names += (i == 0 ? "" : ", ") + set_name(*sets[i]);
  }
  if (sets.size() > kNamed) {
    names += fmt::format(" and {} more", count_text(static_cast<double>(sets.size() - kNamed)));
  }
  return names;
}

/// Why some sets are no findings: the word, and what it means.
struct SetFault {
  const char* word;
  const char* title;
  const char* what;
  bool (*holds)(const SetView& set);
};

constexpr SetFault kSetFaults[] = {
    {"contradicted", "Contradicted",
     "Measured expression of test cells does not follow half of the predicted change",
     [](const SetView& set) { return set.contrast.verdict == Verdict::kContradicted; }},
    {"gate-failed", "Gate-failed",
     "The surrogate predicts these genes in held-out cells no better than sequencing depth, type, "
     "donor and batch do",
     [](const SetView& set) { return set.gate == "A"; }},
    {"unconfirmed", "Unconfirmed",
     "Searched because these genes were asked for, on terms that say nothing of held-out cells "
     "which the state of the cells does not (gate B)",
     [](const SetView& set) { return set.gate == "B"; }},
    {"forced", "Forced", "Explained only because <code>--force</code> was given",
     [](const SetView& set) { return !set.caution.empty(); }},
    {"unevaluated", "Unevaluated",
     "Not held against measured expression: fewer than 50 test cells, or no slope",
     [](const SetView& set) {
       return set.contrast.verdict == Verdict::kNotJudged && !is_without_measured(set.contrast);
     }},
};

/// Before all that is said of single sets.
void reserve_unpaired(const Results& results, std::vector<Reservation>& result) {
  if (!results.unpaired) return;
  result.push_back(
      {"not judged", fmt::format("<b>No confirmed findings.</b> Here {}.", kUnpairedWords), true});
}

void reserve_sets(const std::vector<SetView>& sets, std::vector<Reservation>& result) {
  for (const auto& fault : kSetFaults) {
    std::vector<const SetView*> which;
    for (const SetView& set : sets) {
      if (fault.holds(set)) which.push_back(&set);
    }
    if (which.empty()) continue;
    result.push_back({fault.word,
                      fmt::format("<b>{}: {} of {}.</b> {}: {}.", fault.title,
                                  count_text(static_cast<double>(which.size())),
                                  counted(static_cast<double>(sets.size()), "set"), fault.what,
                                  set_names(which)),
                      true});
  }
}

/// Says so first when there is nothing to show because of gate A.
void reserve_gate(const Results& results, std::vector<Reservation>& result) {
  const Table* skipped = results.find("skipped.tsv");
  if (skipped == nullptr || !results.sets.empty() || !skipped->has(column::kGate)) return;
  double failed = 0;
  for (size_t row = 0; row < skipped->rows(); ++row)
    failed += skipped->text(row, column::kGate) == "A";
  if (failed == 0) return;
  const auto total = static_cast<double>(skipped->rows());
  result.push_back(
      {"gate-failed",
       fmt::format("<b>{}</b> {} of {} that were to be explained fail gate A: the surrogate "
                   "predicts these genes in held-out cells no better than sequencing depth, type, "
                   "donor and batch do (<code>cis.tsv</code>), so sets of peaks for them would "
                   "explain nothing. <code>grids run --force</code> (or <code>grids explain "
                   "--force</code>) explains them nevertheless, marked.",
                   failed == total ? "No gene passes gate A." : "Nothing was explained.",
                   count_text(failed), counted(total, "pair")),
       true});
}

double count_of(const std::vector<SetView>& sets, Verdict verdict) {
  return static_cast<double>(std::count_if(sets.begin(), sets.end(), [&](const SetView& set) {
    return set.contrast.verdict == verdict;
  }));
}

/// That the search went well says nothing of whether it is so.
void reserve_verdicts(const std::vector<SetView>& sets, std::vector<Reservation>& result) {
  if (sets.empty() || is_without_measured(sets.front().contrast)) return;
  const double follow = count_of(sets, Verdict::kBorneOut) + count_of(sets, Verdict::kOverstated);
  const double undecided = count_of(sets, Verdict::kUndecided);
  const auto total = static_cast<double>(sets.size());
  if (follow == 0) {
    result.push_back({"nothing borne out",
                      "<b>Borne out: none.</b> Measured expression of test cells follows the "
                      "predicted change of no set (<a href=\"#contrast-in\">contrast</a>)."});
  }
  if (undecided > total / 2) {
    result.push_back(
        {"mostly undecided",
         fmt::format("<b>Undecided: {} of {}.</b> These cells are too few, or vary too little, to "
                     "tell whether expression follows.",
                     count_text(undecided), counted(total, "set"))});
  }
}

void reserve_changes(const std::vector<SetView>& sets, std::vector<Reservation>& result) {
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
    result.push_back(
        {"no better than random sets",
         fmt::format("<b>No better than random sets.</b> Sets that do not stand out from random "
                     "sets of the same size (effect-size percentile below {:.0f}): {}.",
                     kNotablePercentile, share(like_random))});
  }
  if (small > 0) {
    result.push_back(
        {"small changes", fmt::format("Sets that change the prediction by less than {}: {}.",
                                      percent_text(kSmallChange), share(small))});
  }
}

/// " (of which 2 by peaks that …)": those borne out that say nothing of elements; else empty.
std::string no_elements_words(const std::vector<SetView>& sets) {
  const auto borne = [&](SetNature nature) {
    return static_cast<double>(std::count_if(sets.begin(), sets.end(), [&](const SetView& set) {
      return set.contrast.verdict == Verdict::kBorneOut && nature_of(set) == nature;
    }));
  };
  std::string words;
  if (const double count = borne(SetNature::kState); count > 0) {
    words += fmt::format("{} by peaks that mark the state of the cell, no statement about elements",
                         count_text(count));
  }
  if (const double count = borne(SetNature::kUnconfirmed); count > 0) {
    words +=
        fmt::format("{}{} unconfirmed by gate B", words.empty() ? "" : "; ", count_text(count));
  }
  return words.empty() ? words : " (of which " + words + ")";
}

/// "<b>19 of 25 sets are borne out by held-out cells</b>, 3 undecided, 2 contradicted."
std::string verdict_line(const std::vector<SetView>& sets) {
  if (sets.empty()) return "<b>No set of peaks was learned in this run.</b>";
  if (is_without_measured(sets.front().contrast)) {
    return fmt::format(
        "<b>{} not judged: chromatin and RNA were measured in different cells.</b> Nothing here "
        "was held against measured expression of the same cells.",
        counted(static_cast<double>(sets.size()), "set"));
  }
  const double borne = count_of(sets, Verdict::kBorneOut);
  const auto total = static_cast<double>(sets.size());
  std::string line = fmt::format("<b>{} of {} {} borne out by held-out cells</b>",
                                 borne == 0 ? "None" : count_text(borne), counted(total, "set"),
                                 borne > 1 ? "are" : "is") +
                     no_elements_words(sets);
  for (const auto verdict :
       {Verdict::kOverstated, Verdict::kUndecided, Verdict::kNotJudged, Verdict::kContradicted}) {
    const double count = count_of(sets, verdict);
    if (count > 0) line += fmt::format(", {} {}", count_text(count), verdict_title(verdict));
  }
  return line + ".";
}

std::string bullets(std::span<const std::string> items) {
  std::string html = "<ul>\n";
  for (const auto& item : items) html += "<li>" + item + "</li>\n";
  return html + "</ul>";
}

/// What the stages said; a long list folds away once more.
std::string stage_warnings(const std::vector<std::string>& sentences) {
  if (sentences.empty()) return {};
  constexpr size_t kShown = 6;
  std::vector<std::string> items;
  items.reserve(sentences.size());
  for (const auto& sentence : sentences) items.push_back(escape_html(sentence));
  const auto shown = std::span(items).first(std::min(items.size(), kShown));
  std::string html = "<p><b>What the stages of the run warned of</b></p>" + bullets(shown);
  if (items.size() == shown.size()) return html;
  const auto rest = std::span(items).subspan(kShown);
  return html + html_details(
                    counted(static_cast<double>(rest.size()), "further warning") + " of the stages",
                    bullets(rest));
}

/// "contradicted, forced, weak signal".
std::string words_of(const Banner& banner) {
  std::string words;
  for (const auto& entry : banner.reservations) {
    if (words.find(entry.word) == std::string::npos)
      words += (words.empty() ? "" : ", ") + entry.word;
  }
  if (banner.of_stages.empty()) return words;
  return words + (words.empty() ? "" : ", ") +
         counted(static_cast<double>(banner.of_stages.size()), "warning") + " of the stages";
}

}  // namespace

Banner banner_of(const Results& results) {
  Banner banner;
  banner.verdicts = verdict_line(results.sets);
  reserve_unpaired(results, banner.reservations);
  reserve_sets(results.sets, banner.reservations);
  reserve_gate(results, banner.reservations);
  if (const Table* summary = results.find("accuracy_summary.tsv")) {
    const auto signal = signal_of(*summary);
    banner.figures = signal_words(signal);
    reserve_weak_signal(signal, banner.reservations);
  }
  reserve_verdicts(results.sets, banner.reservations);
  reserve_changes(results.sets, banner.reservations);
  banner.of_stages = results.outdated;
  for (const auto& manifest : results.manifests) {
    banner.of_stages.insert(banner.of_stages.end(), manifest.warnings.begin(),
                            manifest.warnings.end());
  }
  const auto& reasons = banner.reservations;
  if (std::any_of(reasons.begin(), reasons.end(), [](const auto& entry) { return entry.bad; })) {
    banner.kind = BannerKind::kBad;
  } else if (!reasons.empty() || !banner.of_stages.empty()) {
    banner.kind = BannerKind::kWarning;
  }
  return banner;
}

std::string banner_html(const Banner& banner) {
  const char* kind = banner.kind == BannerKind::kBad       ? "bad"
                     : banner.kind == BannerKind::kWarning ? "warn"
                                                           : "good";
  std::string html =
      fmt::format("<div class=\"box {}\"><p class=\"verdicts\">{}</p>\n", kind, banner.verdicts);
  if (banner.kind == BannerKind::kGood) {
    html += "<p>No reservations: none of the rules of this page, and no stage of the run, has one.";
    return html + (banner.figures.empty() ? "" : " " + banner.figures) + "</p></div>\n";
  }
  std::vector<std::string> sentences;
  sentences.reserve(banner.reservations.size());
  for (const auto& entry : banner.reservations) sentences.push_back(entry.sentence);
  return html + fmt::format("<p>Before you trust this: <b>{}</b>.</p>\n", words_of(banner)) +
         html_details("Why, and which sets",
                      (sentences.empty() ? std::string() : bullets(sentences)) +
                          stage_warnings(banner.of_stages)) +
         "</div>\n";
}

}  // namespace grids::core
