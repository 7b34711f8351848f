#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "redundancy/redundancy_columns.hpp"
#include "report/html.hpp"
#include "report/redundancy_figures.hpp"
#include "report/sections.hpp"

namespace grids::core {
namespace {

/// Sets that are shown one by one, called ones and others each; of more the tables say it all.
constexpr size_t kMostCards = 60;
/// Of the table and the figure.
constexpr size_t kMostRedundancyRows = 300;
constexpr size_t kMostShares = 600;
/// Of called sets as many are open.
constexpr size_t kOpenCards = 12;

using Views = std::vector<const RedundancyView*>;

/// A sentence of the log on a page: a capital first, true minus signs, escaped.
std::string on_page(std::string words) {
  for (size_t i = words.find('-'); i != std::string::npos; i = words.find('-', i + 1)) {
    const bool number = i > 0 && (words[i - 1] == ' ' || words[i - 1] == '(') &&
                        i + 1 < words.size() && words[i + 1] >= '0' && words[i + 1] <= '9';
    if (number) words.replace(i, 1, "\u2212");
  }
  if (!words.empty() && words.front() >= 'a' && words.front() <= 'z') words.front() -= 'a' - 'A';
  return escape_html(words);
}

/// The facts of a set as a page tells them.
std::string redundancy_on_page(RedundancyFacts facts) {
  facts.reason = with_places(reason_words(facts.reason));
  return on_page(redundancy_sentence(facts));
}

std::string range_text(double low, double high) {
  return fmt::format("{} to {}", number_text(low), number_text(high));
}

/// "0.81 (0.5 to 1)"; nothing where the joint change is too uncertain for a share of it.
std::string share_text(const RedundancyView& view) {
  if (!view.has_shares()) return "–";
  const auto& facts = view.facts;
  return std::isfinite(facts.low)
             ? fmt::format("{} ({})", number_text(facts.hidden), range_text(facts.low, facts.high))
             : number_text(facts.hidden) + " (no interval)";
}

/// What stands first of a set: the sentence where it is called; else that it is none, and why.
std::string first_words(const RedundancyView& view) {
  const auto sentence = redundancy_on_page(view.facts);
  if (view.stands()) return "<p><b>" + sentence + ".</b></p>";
  if (view.contradicted) {
    return "<p class=\"note\"><b>No finding</b>: measured expression contradicts the set as a "
           "whole (<a href=\"#contrast-in\">contrast</a>), whatever its elements do.</p>";
  }
  if (view.facts.call == RedundancyCall::kNotCalled) {
    return "<p class=\"note\"><b>No finding.</b> " + sentence + ".</p>";
  }
  return fmt::format("<p class=\"note\"><b>No finding.</b> {}. {}.</p>", sentence,
                     on_page(with_places(reason_words(view.facts.reason))));
}

/// Where a set's cells are from, for people.
std::string cells_words(const RedundancyView& view) {
  if (view.cells_from == "folds") {
    return fmt::format("{}, each held out by one of the {} folds that found the same elements",
                       counted(view.cells, "cell"), count_text(view.folds));
  }
  return counted(view.cells, "test cell");
}

std::string judged_as(const ElementView& element) {
  return element.judged ? "yes" : "no: " + escape_html(with_places(element.why_not));
}

std::string elements_table(const RedundancyView& view) {
  std::vector<std::vector<std::string>> rows;
  const bool shares = view.has_shares();
  size_t judged = 0;
  for (const auto& element : view.elements) {
    const auto share = [&](double value) {
      return element.judged && shares ? number_text(value) : std::string("–");
    };
    rows.push_back({element.judged ? element_letter(judged++) : std::string(),
                    escape_html(with_places(element.place)), escape_html(element.kind),
                    judged_as(element), percent_text(element.alone, true), share(element.loss),
                    share(element.gain), share(element.shapley)});
  }
  return html_table({{""},
                     {"Element"},
                     {"Class"},
                     {"Judged"},
                     {"Masked alone, predicted", true},
                     {"m", true},
                     {"g", true},
                     {"Shapley", true}},
                    rows);
}

/// "A + C" of the places that are open.
std::string open_letters(const RedundancyView& view, const SettingView& setting) {
  std::string letters;
  for (size_t i = 0; i < view.elements.size(); ++i) {
    const auto& open = setting.open;
    if (std::find(open.begin(), open.end(), view.elements[i].place) == open.end()) continue;
    letters += (letters.empty() ? "" : " + ") + element_letter(i);
  }
  return letters.empty() ? "none" : letters;
}

std::string settings_table_of(const RedundancyView& view) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& setting : view.settings) {
    const bool measured = !std::isnan(setting.rate);
    const bool base = setting.open.empty();  // what the others' intervals are beside
    rows.push_back({open_letters(view, setting), number_text(setting.rate_fit),
                    measured ? number_text(setting.rate) : std::string("–"),
                    measured && !base ? range_text(setting.low, setting.high) : std::string("–"),
                    count_text(setting.cells), count_text(setting.counts)});
  }
  return html_table({{"Open"},
                     {"Rate in the fit", true},
                     {"Rate measured", true},
                     {"95% interval", true},
                     {"Cells", true},
                     {"Counts", true}},
                    rows);
}

/// H by the three estimates, of which only the measured one gives a call.
std::string estimates_words(const RedundancyView& view) {
  std::string words = "<b>Hidden share</b>: measured " + share_text(view);
  if (view.has_shares()) words += fmt::format(", on logs {}", number_text(view.hidden_log));
  return words + fmt::format(
                     "; in the fit {}, conditional on its terms; as cells are {}. Only the "
                     "measured one gives a call.",
                     number_text(view.hidden_fit), number_text(view.hidden_as_cells));
}

std::string bound_words(const RedundancyView& view) {
  if (std::isnan(view.bound)) return {};
  std::string words = fmt::format(
      " <b>Capture</b> {} ({}): elements that add show a hidden share of at most {}.",
      number_text(view.capture), escape_html(view.capture_source), number_text(view.bound));
  if (!std::isnan(view.kappa_break)) {
    words +=
        fmt::format(" The call stands down to a capture of {}.", number_text(view.kappa_break));
  }
  return words;
}

std::string power_words(const RedundancyView& view) {
  if (std::isnan(view.power_redundant)) return {};
  return fmt::format(
      " <b>Power</b>: if any one sufficed this would be called with a chance of {}, if all were "
      "needed of {}; smallest hidden share that would be called (power 0.8): {}. p {} for "
      "redundant or quorum, {} for cooperative{}.",
      number_text(view.power_redundant), number_text(view.power_cooperative),
      number_text(view.detectable), number_text(view.p_redundant), number_text(view.p_cooperative),
      std::isnan(view.q) ? std::string() : ", q " + number_text(view.q));
}

std::string change_words_of(const RedundancyView& view) {
  if (std::isnan(view.change)) return {};
  return fmt::format(
      " <b>Joint change</b>: the rate with all open is {} times that with none "
      "(90% interval {}).",
      number_text(std::exp(view.change)),
      range_text(std::exp(view.change_low), std::exp(view.change_high)));
}

std::string redundancy_card(const RedundancyView& view) {
  std::string html =
      fmt::format("<article class=\"card\"><h4><i>{}</i> <small>in {}</small> {}</h4>",
                  escape_html(view.gene), escape_html(view.cell_type), call_badge(view));
  html += first_words(view);
  if (view.facts.elements >= 2 && !view.elements.empty()) {
    html += "<div class=\"columns\">" + masked_change_bars(view);
    if (view.has_shares()) html += loss_and_gain_bars(view);
    html += "</div>";
  }
  if (!view.elements.empty()) html += elements_table(view);
  if (!view.settings.empty()) html += settings_table_of(view);
  html += "<p class=\"note\">" + cells_words(view) + "." + change_words_of(view) + " ";
  if (view.facts.elements >= 2) html += estimates_words(view);
  html += bound_words(view) + power_words(view);
  if (!view.note.empty()) html += " <b>Note:</b> " + escape_html(with_places(view.note)) + ".";
  return html + "</p></article>\n";
}

std::string reason_of(const RedundancyView& view) {
  if (view.contradicted) return "measured expression contradicts the set as a whole";
  return with_places(reason_words(view.facts.reason));
}

std::string calls_table(const Views& views) {
  std::vector<std::vector<std::string>> rows;
  for (const auto* view : std::span(views).first(std::min(views.size(), kMostRedundancyRows))) {
    const bool judged = !std::isnan(view->p_redundant);
    rows.push_back({call_badge(*view), escape_html(view->cell_type),
                    "<i>" + escape_html(view->gene) + "</i>",
                    count_text(static_cast<double>(view->facts.elements)), count_text(view->cells),
                    share_text(*view), judged ? number_text(view->power_redundant) : "–",
                    judged ? number_text(view->power_cooperative) : "–",
                    judged && !std::isnan(view->q) ? number_text(view->q) : "–",
                    "<span class=\"remark\">" + escape_html(reason_of(*view)) + "</span>"});
  }
  return html_table({{"Call"},
                     {"Cell type"},
                     {"Gene"},
                     {"Elements", true},
                     {"Cells", true},
                     {"Hidden share (95%)", true},
                     {"Power, any suffices", true},
                     {"Power, all needed", true},
                     {"q", true},
                     {"Why not called"}},
                    rows);
}

std::string calls_rest(size_t all) {
  auto rest = first_of_many(all, kMostRedundancyRows, "Listed are the first");
  if (rest.empty()) return {};
  return "<p class=\"note\">" + rest + " <code>redundancy.tsv</code> has all.</p>\n";
}

/// What the run says as a whole, no stronger than it is.
std::string all_words(const Views& standing, const Views& others) {
  std::vector<RedundancyCall> calls;
  double contradicted = 0;
  for (const auto* list : {&standing, &others}) {
    for (const auto* view : *list) {
      if (view->contradicted) {
        ++contradicted;
      } else {
        calls.push_back(view->facts.call);
      }
    }
  }
  auto counts = count_calls(calls);
  if (contradicted > 0) {
    counts +=
        fmt::format("{}{} contradicted", counts.empty() ? "" : ", ", count_text(contradicted));
  }
  std::string words =
      fmt::format("<p>Of {}: <b>{}</b>.",
                  counted(static_cast<double>(standing.size() + others.size()), "set"), counts);
  if (standing.empty()) {
    words +=
        " <b>None stands as a finding</b>: these cells do not say of any set whether its "
        "elements stand in for one another.";
  }
  return words + "</p>\n";
}

std::string shares_figure(const Views& drawn, size_t judged, Page& page) {
  if (drawn.empty()) return {};
  std::string left_out;
  if (judged > drawn.size()) {
    left_out = fmt::format(" Not drawn: {} whose joint change is too uncertain for a share of it.",
                           counted(static_cast<double>(judged - drawn.size()), "judged set"));
  }
  return html_figure(
      page.next_figure(),
      "<div class=\"wide\">" +
          hidden_shares_figure({drawn.begin(), drawn.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                   drawn.size(), kMostShares))}) +
          "</div>",
      "Measured hidden share of each judged set with its 95% interval (Fieller): what of the joint "
      "change no single knock-out shows. " +
          call_legend(drawn) +
          "Hollow: called, but the joint change is too uncertain for an interval of the share. "
          "Arrows: further out. What is not called, and stand-ins or proxies, are no findings, "
          "wherever they lie." +
          left_out + first_of_many(drawn.size(), kMostShares, "Drawn are the first"));
}

/// All judged sets together, where many were asked.
std::string shares_summary(const Results& results) {
  const Table* table = results.find("redundancy_summary.tsv");
  if (table == nullptr) return {};
  std::vector<std::vector<std::string>> rows;
  for (size_t row = 0; row < table->rows(); ++row) {
    const auto number = [&](const ColumnText& text) { return table->number(row, text); };
    if (!(number(column::kJudgedSets) > 0)) continue;
    rows.push_back(
        {escape_html(table->text(row, column::kCountsRange)),
         count_text(number(column::kJudgedSets)),
         fmt::format("{} ({})", number_text(number(column::kMeanShare)),
                     range_text(number(column::kMeanShareLow), number(column::kMeanShareHigh))),
         number_text(number(column::kShareSpread)), number_text(number(column::kShareLowerDecile)),
         number_text(number(column::kShareMedian)), number_text(number(column::kShareUpperDecile)),
         percent_text(number(column::kPoweredShare))});
  }
  if (rows.empty()) return {};
  return "<p class=\"note\"><b>All judged sets together</b>, called or not, so that power does not "
         "decide: mean hidden share by random effects, its spread between sets, and shares drawn "
         "towards the mean by their errors. By counts in the scarcest setting, so that other runs "
         "can be held beside it.</p>\n" +
         html_table({{"Counts"},
                     {"Sets", true},
                     {"Mean hidden share (95%)", true},
                     {"Spread", true},
                     {"Lower decile", true},
                     {"Median", true},
                     {"Upper decile", true},
                     {"With power 0.8", true}},
                    rows);
}

constexpr const char* kCallsExplained =
    "<p class=\"note\">Asked is whether the elements of a set (peaks less than 1 kb apart are one; "
    "without promoter and transcribed part) stand in for one another. The <b>hidden share</b> H is "
    "1 minus the sum of the losses m that each element alone makes from the whole: 0 where "
    "elements add, 1 where any one suffices, −1 for a pair that is needed together. "
    "<b>Redundant</b>: any one suffices. <b>Quorum</b>: a loss is made good, but not by any one "
    "alone. <b>Cooperative</b>: needed together. <b>Independent</b>: additive or multiplicative, "
    "which are not told apart. <b>Stand-ins or proxies</b>: the elements look redundant, but so "
    "could elements that add, because ATAC misses open ones; no finding until one, and both, are "
    "knocked down. Calls rest on measured counts of cells that chose neither terms nor set; what "
    "is measured is that expression goes with openness, not that it is caused by it. Equations: "
    "<code>docs/redundancy.md</code>; pairs of elements on both scales: "
    "<code>interactions.tsv</code>; one element after the other removed, in the fit: "
    "<code>deletion.tsv</code>.</p>\n";

/// At most kMostCards of them, and a word on the others.
std::string cards_of(std::span<const RedundancyView* const> views) {
  std::string html = "<div class=\"stack\">";
  for (const auto* view : views.first(std::min(views.size(), kMostCards))) {
    html += redundancy_card(*view);
  }
  html += "</div>\n";
  if (views.size() <= kMostCards) return html;
  return html + fmt::format(
                    "<p class=\"note\">The first {} of {}; <code>redundancy.tsv</code>, "
                    "<code>members.tsv</code> and <code>settings.tsv</code> hold "
                    "all.</p>\n",
                    kMostCards, views.size());
}

/// What stands, the first few open.
std::string standing_cards(std::span<const RedundancyView* const> views) {
  const size_t open = std::min(views.size(), kOpenCards);
  std::string html = cards_of(views.first(open));
  if (views.size() == open) return html;
  return html +
         html_details(counted(static_cast<double>(views.size() - open), "further called set"),
                      cards_of(views.subspan(open)));
}

std::string uncalled_cards(const Views& views) {
  if (views.empty()) return {};
  return html_details(fmt::format("<b>No findings</b>: {}, and why",
                                  counted(static_cast<double>(views.size()), "set")),
                      cards_of(views));
}

}  // namespace

std::string redundancy_section(const Results& results, Page& page) {
  const auto views = redundancy_views(results);
  if (views.empty()) return {};
  Views standing, others, all, drawn;
  size_t judged = 0;
  for (const auto& view : views) {
    (view.stands() ? standing : others).push_back(&view);
    all.push_back(&view);
    judged += std::isnan(view.p_redundant) ? 0 : 1;
    if (view.has_shares()) drawn.push_back(&view);
  }
  std::string html = all_words(standing, others) + shares_figure(drawn, judged, page) +
                     shares_summary(results) + kCallsExplained;
  if (!standing.empty()) {
    html += html_details(fmt::format("<b>Called sets</b>, one by one: {}",
                                     count_text(static_cast<double>(standing.size()))),
                         standing_cards(standing),
                         standing.size() <= kOpenCards && page.options.is_static);
  }
  html +=
      html_details("<b>All asked sets</b> in a table", calls_table(all) + calls_rest(all.size())) +
      uncalled_cards(others);
  for (const char* file : {"members.tsv", "settings.tsv"}) {
    if (!results.tables.contains(file)) {
      html += missing_file(file, "elements and settings are not shown in full");
    }
  }
  return html;
}

}  // namespace grids::core
