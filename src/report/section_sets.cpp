#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <span>

#include "base/file_name.hpp"
#include "evaluate/set_columns.hpp"
#include "report/heat_map.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"
#include "report/svg.hpp"
#include "report/tracks.hpp"
#include "report/verdict_marks.hpp"

namespace grids::core {
namespace {

constexpr const char* kPeakColour = "#0072b2";
constexpr const char* kRandomColour = "#9a9a95";
/// Of thousands the static page shows the first, as they stand.
constexpr size_t kMostDrawn = 150;
constexpr size_t kMostSetRows = 400;
constexpr size_t kMostSetCards = 60;

/// Ticks that cover the relative changes of these sets and of their random sets, and 0.
std::vector<double> change_ticks(const std::vector<const SetView*>& sets, int count) {
  double low = 0;
  double high = 0;
  const auto widen = [&](double value) {
    if (std::isnan(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  };
  for (const SetView* set : sets) {
    widen(set->relative_change);
    for (const double value : set->random) widen(value);
  }
  return ticks(low, high, count);
}

void change_axis(Svg& svg, const Scale& x, const std::vector<double>& marks, double top,
                 double bottom) {
  for (const double mark : marks) {
    svg.line(x(mark), top, x(mark), bottom, mark == 0 ? "#8a8a8a" : "#e4e4e0");
    svg.text(x(mark), bottom + 14, tick_text(100 * mark) + "%", Anchor::kMiddle);
  }
}

/// The sets of one type, one a line, beside the range of their random sets.
std::string overview(const std::string& type, const std::vector<const SetView*>& sets,
                     const std::vector<double>& marks) {
  constexpr double kWidth = 340;
  constexpr double kLeft = 96;
  constexpr double kTop = 22;
  constexpr double kRow = 18;
  const double bottom = kTop + 4 + kRow * static_cast<double>(sets.size());
  const Scale x{marks.front(), marks.back(), kLeft, kWidth - 18};
  Svg svg(kWidth, bottom + 20,
          fmt::format("Predicted changes of the sets found in {}, beside random sets", type));
  svg.text(kLeft, 13, shortened(type, 32), Anchor::kStart, "st");
  change_axis(svg, x, marks, kTop, bottom);
  for (size_t row = 0; row < sets.size(); ++row) {
    const SetView& set = *sets[row];
    const double y = kTop + 11 + kRow * static_cast<double>(row);
    svg.text(kLeft - 8, y + 4, shortened(set.gene, 13), Anchor::kEnd);
    if (!set.random.empty()) {
      const auto [low, high] = std::minmax_element(set.random.begin(), set.random.end());
      svg.line(x(*low) - 1.5, y, x(*high) + 1.5, y, "#b9b9b4", 5);
    }
    if (std::isnan(set.relative_change)) continue;
    svg.circle(
        x(set.relative_change), y, 4.4, verdict_colour(set.contrast.verdict), "#ffffff",
        fmt::format("{} in {} ({}): {}, {}", set.gene, set.cell_type, set.method,
                    percent_text(set.relative_change, true), verdict_title(set.contrast.verdict)));
  }
  return svg.str();
}

/// A panel for each type, all on one axis.
std::string overviews(std::span<const SetView> sets) {
  std::vector<const SetView*> all;
  std::vector<std::string> types;
  std::map<std::string, std::vector<const SetView*>> of_type;
  for (const SetView& set : sets) {
    all.push_back(&set);
    if (of_type[set.cell_type].empty()) types.push_back(set.cell_type);
    of_type[set.cell_type].push_back(&set);
  }
  std::string html;
  for (const auto& type : types) html += overview(type, of_type[type], change_ticks(all, 4));
  return "<div class=\"panels\">" + html + "</div>";
}

/// The set among random ones of its size.
std::string strip(const SetView& set) {
  constexpr double kWidth = 340;
  const auto marks = change_ticks({&set}, 5);
  const Scale x{marks.front(), marks.back(), 20, kWidth - 20};
  Svg svg(kWidth, 66, fmt::format("The set of {} among random sets", set.gene));
  change_axis(svg, x, marks, 6, 46);
  for (size_t i = 0; i < set.random.size(); ++i) {
    // Heights by the golden ratio: spread out, and the same each time.
    const double height = std::fmod(0.618033988749895 * static_cast<double>(i + 1), 1.0);
    svg.circle(x(set.random[i]), 14 + 24 * height, 2.6, kRandomColour);
  }
  if (!std::isnan(set.relative_change)) {
    const double at = x(set.relative_change);
    svg.raw(fmt::format("<path d=\"M{0} 18l8 8l-8 8l-8 -8z\" fill=\"{1}\" stroke=\"#ffffff\"/>\n",
                        coordinate(at), verdict_colour(set.contrast.verdict)));
  }
  return svg.str();
}

/// Signed distance to the TSS on a scale that is linear below 1 kb and logarithmic above.
double strip_position(double distance) {
  return std::copysign(std::log10(1 + std::abs(distance) / 1000), distance);
}

std::string genome_strip(const SetView& set) {
  constexpr double kWidth = 340;
  constexpr double kAxis = 30;
  const Scale x{-strip_position(2e8), strip_position(2e8), 8, kWidth - 8};
  Svg svg(kWidth, 62, fmt::format("Peaks of the set around the TSS of {}", set.gene));
  const double near = strip_position(250'000);
  svg.rectangle(x(-near), kAxis - 16, x(near) - x(-near), 32, "#eaf1f6");
  svg.line(x.from, kAxis, x.to, kAxis, "#8a8a8a");
  constexpr std::pair<double, const char*> kTicks[] = {
      {-1e7, "\u221210 Mb"}, {-1e5, "\u2212100 kb"}, {0, "TSS"}, {1e5, "100 kb"}, {1e7, "10 Mb"}};
  for (const auto& [distance, words] : kTicks) {
    const double at = x(strip_position(distance));
    svg.line(at, kAxis - 3, at, kAxis + 3, "#8a8a8a");
    svg.text(at, 58, words, Anchor::kMiddle, "sv");
  }
  for (const PeakView& peak : set.peaks) {
    if (std::isnan(peak.distance)) continue;
    const double at = x(strip_position(peak.distance));
    svg.line(at, kAxis - 13, at, kAxis + 13, kPeakColour, 2);
  }
  svg.raw(fmt::format("<path d=\"M{} {}l5 -8l-10 0z\" fill=\"#d55e00\"/>\n", coordinate(x(0)),
                      coordinate(kAxis - 14)));
  return svg.str();
}

/// "On other chromosomes: 3 peaks (chr2, chr7 × 2)."; empty when none does.
std::string elsewhere(const SetView& set) {
  // By length, then letters: chr2 before chr10.
  std::map<std::pair<size_t, std::string>, int> counts;
  int total = 0;
  for (const PeakView& peak : set.peaks) {
    if (!std::isnan(peak.distance)) continue;
    ++counts[{peak.chromosome.size(), peak.chromosome}];
    ++total;
  }
  if (total == 0) return {};
  std::string list;
  for (const auto& [chromosome, count] : counts) {
    if (!list.empty()) list += ", ";
    list += escape_html(chromosome.second);
    if (count > 1) list += fmt::format("\u00a0×\u00a0{}", count);
  }
  return fmt::format("On other chromosomes: {} ({}).", counted(total, "peak"), list);
}

std::string place_text(double distance) {
  return std::isnan(distance) ? "other chromosome" : distance_text(distance);
}

std::string peaks_table(const SetView& set) {
  std::vector<std::vector<std::string>> rows;
  for (const PeakView& peak : set.peaks) {
    rows.push_back({std::to_string(peak.rank), escape_html(peak.name),
                    fmt::format("{}:{}–{}", escape_html(peak.chromosome),
                                count_text(peak.start + 1), count_text(peak.end)),
                    place_text(peak.distance) + (peak.in_transcribed_part ? ", in the gene" : ""),
                    peak.in_minimal ? "\u25cf" : ""});
  }
  return html_table(
      {{"Rank", true}, {"Peak"}, {"Position"}, {"Distance to TSS", true}, {"Minimal"}}, rows);
}

/// What the marks of the table of peaks mean for this set, in words; empty where nothing is marked.
std::string minimal_words(const SetView& set) {
  const auto count = std::count_if(set.peaks.begin(), set.peaks.end(),
                                   [](const PeakView& peak) { return peak.in_minimal; });
  if (count == 0) return {};
  const auto whole = counted(static_cast<double>(set.peaks.size()), "peak");
  if (set.minimal_share > 1) {
    return fmt::format("Minimal sub-set (\u25cf): {} of {} alone do as much on training cells. ",
                       count, whole);
  }
  return fmt::format("Minimal sub-set (\u25cf): {} of {} keep {} of the change on training cells. ",
                     count, whole, percent_text(set.minimal_share));
}

std::string partners_table(const SetView& set) {
  if (set.partners.empty()) return {};
  std::vector<std::vector<std::string>> rows;
  for (const PartnerView& partner : set.partners) {
    rows.push_back({escape_html(partner.name), place_text(partner.distance),
                    percent_text(partner.single, true), percent_text(partner.after, true)});
  }
  return fmt::format(
             "<p class=\"note\"><b>Partners.</b> Predicted change when masked in the surrogate; a "
             "partner changes the prediction alone, and no longer once S (\u25cf) is masked: S "
             "needs it, or it needs S. The whole set: {} on training cells.</p>\n",
             percent_text(set.partners.front().set, true)) +
         html_table({{"Partner"}, {"Distance to TSS", true}, {"Alone", true}, {"After S", true}},
                    rows);
}

/// Whether random sets go as far; that they do not is no news of a set that was searched for.
bool random_sets_go_as_far(const SetView& set) {
  return set.percentile < 100;
}

/// Random sets beside a set, in words.
std::string beside_random(const SetView& set) {
  if (set.random.empty()) return "No random sets to compare with.";
  const auto [low, high] = std::minmax_element(set.random.begin(), set.random.end());
  std::string text = fmt::format("{} of {} random peaks: {} to {}.",
                                 counted(static_cast<double>(set.random.size()), "set"),
                                 set.set_size, percent_text(*low, true), percent_text(*high, true));
  if (random_sets_go_as_far(set)) {
    text += fmt::format(" Effect-size percentile {}.", number_text(set.percentile));
  }
  return text;
}

/// " (90 % of refits: −52.0% to −44.0%)", where there is an interval.
std::string change_interval_words(const SetView& set) {
  if (std::isnan(set.relative_low)) return {};
  return fmt::format(" (90&nbsp;% of refits: {} to {})", percent_text(set.relative_low, true),
                     percent_text(set.relative_high, true));
}

/// What is predicted; not in large letters where measured expression contradicts it.
std::string change_words(const SetView& set) {
  const auto change = percent_text(set.relative_change, true);
  const auto masked =
      fmt::format("{} masked{}", counted(static_cast<double>(set.set_size), "peak"),
                  std::isnan(set.cells) ? std::string() : ", " + counted(set.cells, "test cell"));
  if (set.contrast.verdict == Verdict::kContradicted) {
    return fmt::format("<p class=\"note\">Predicted {}{}, {}.</p>", change,
                       change_interval_words(set), masked);
  }
  return fmt::format("<p class=\"big\">{}<small>predicted{}, {}</small></p>", change,
                     change_interval_words(set), masked);
}

/// "Measured in the average test cell: −58.5% (−65.0% to −50.7%), where −49.2% is predicted; slope
/// …": what per cent and slope are measured on.
std::string measured_words(const SetView& set) {
  const Contrast& contrast = set.contrast;
  if (std::isnan(contrast.slope) || tells_nothing(contrast)) return {};
  return fmt::format(
      "<p class=\"note\">Measured{}; slope {} ({} to {}) of measured on predicted log change, 1 = "
      "as "
      "predicted.</p>",
      set.from_counts ? " in the average test cell: " + measured_against_predicted(set)
                      : std::string(),
      number_text(contrast.slope), number_text(contrast.low), number_text(contrast.high));
}

/// What a set is made of, where it is not of elements that held-out cells confirm.
std::string nature_words(const SetView& set) {
  const SetNature nature = nature_of(set);
  if (nature == SetNature::kState && is_without_measured(set.contrast) && set.domain != "all") {
    return "<p class=\"note\"><b>Peaks that mark the state, not elements</b>: without a cis path "
           "nothing tells the one from the other.</p>";
  }
  if (nature == SetNature::kState) {
    return "<p class=\"note\"><b>Peaks that mark the state, not elements</b>: all peaks were "
           "searched, wherever they lie.</p>";
  }
  if (nature == SetNature::kUnconfirmed) {
    return "<p class=\"note\"><b>Unconfirmed</b>: the gene fails gate B of the cis path.</p>";
  }
  return {};
}

std::string card(const SetView& set, bool several_methods) {
  std::string html = "<article class=\"card\">";
  html += fmt::format("<h4><i>{}</i>{}</h4>", escape_html(set.gene),
                      several_methods ? " <small>" + escape_html(set.method) + "</small>" : "");
  html += "<p>" + verdict_badge(set.contrast) + "</p>" + nature_words(set) + change_words(set) +
          measured_words(set);
  html += strip(set) + "<p class=\"note\">" + beside_random(set) + "</p>";
  const bool placed = std::any_of(set.peaks.begin(), set.peaks.end(),
                                  [](const PeakView& peak) { return !std::isnan(peak.distance); });
  if (placed) html += genome_strip(set);
  std::string places;
  if (!std::isnan(set.near_share)) {
    places += fmt::format("Within 250 kb of the TSS: {} of the peaks (chance: {}). ",
                          percent_text(set.near_share), percent_text(set.near_chance));
  }
  html += "<p class=\"note\">" + places + elsewhere(set) + "</p>";
  if (!std::isnan(set.others_change)) {
    html += fmt::format(
        "<p class=\"note\">Other genes change by {} on average (absolute), most <i>{}</i> "
        "({}).</p>",
        percent_text(set.others_change), escape_html(set.most_changed),
        percent_text(set.most_change, true));
  }
  const auto minimal = minimal_words(set);
  if (!minimal.empty() || !set.partners.empty()) {
    html += "<p class=\"note\">" + minimal +
            (set.partners.empty()
                 ? std::string()
                 : "Partners: " + count_text(static_cast<double>(set.partners.size())) + ".") +
            "</p>";
  }
  if (!set.caution.empty()) {
    html += "<p class=\"note\"><b>Caution:</b> " + escape_html(set.caution) + ".</p>";
  }
  html += html_details(
      fmt::format("{} and numbers", counted(static_cast<double>(set.peaks.size()), "peak")),
      peaks_table(set) + partners_table(set) +
          fmt::format("<p class=\"note\">Mean change {} (published definition, exp scale); {} "
                      "counts per 100,000. Objective {} after {} model evaluations{}. Track: "
                      "<code>tracks/{}</code></p>",
                      number_text(set.average_change), number_text(set.change_cp100k),
                      number_text(set.objective), count_text(set.evaluations),
                      std::isnan(set.seconds) ? "" : " in " + number_text(set.seconds) + " s",
                      escape_html(track_file_name(set.cell_type, set.gene))));
  return html + "</article>\n";
}

/// "around the gene, unconfirmed".
std::string searched_words(const SetView& set) {
  static const std::map<std::string, std::string> names = {
      {"cis", "around the gene"}, {"distal", "away from the gene"}, {"all", "all peaks (state)"}};
  const auto words = names.find(set.domain);
  return (words == names.end() ? "" : words->second) + (set.gate == "B" ? ", unconfirmed" : "");
}

std::string sets_table(std::span<const SetView> sets, bool several_methods) {
  const bool with_percentile = std::any_of(sets.begin(), sets.end(), random_sets_go_as_far);
  std::vector<HtmlColumn> columns = {{"Gene"}, {"Cell type"}, {"Verdict"}};
  if (several_methods) columns.push_back({"Method"});
  columns.push_back({"Searched"});
  for (const char* title :
       {"Predicted change", "90&nbsp;% of refits", "Slope", "q", "Peaks", "Test cells",
        "Counts per 100,000", "Other genes, mean |change|", "Within 250 kb of TSS", "By chance"}) {
    columns.push_back({title, true});
  }
  if (with_percentile) columns.push_back({"Percentile among random", true});
  std::vector<std::vector<std::string>> rows;
  rows.reserve(sets.size());
  for (const SetView& set : sets) {
    std::vector<std::string> row = {"<i>" + escape_html(set.gene) + "</i>",
                                    escape_html(set.cell_type), verdict_badge(set.contrast)};
    if (several_methods) row.push_back(escape_html(set.method));
    row.push_back(searched_words(set));
    row.insert(row.end(),
               {percent_text(set.relative_change, true),
                std::isnan(set.relative_low) ? std::string("–")
                                             : percent_text(set.relative_low, true) + " to " +
                                                   percent_text(set.relative_high, true),
                slope_text(set.contrast), number_text(set.contrast.q),
                count_text(static_cast<double>(set.set_size)), count_text(set.cells),
                number_text(set.change_cp100k), percent_text(set.others_change),
                percent_text(set.near_share), percent_text(set.near_chance)});
    if (with_percentile) row.push_back(number_text(set.percentile));
    rows.push_back(std::move(row));
  }
  return html_table(columns, rows);
}

/// A block of cards for each type, all open when there are few; what measured expression
/// contradicts is no finding of any type, and comes last, closed.
std::string cards(std::span<const SetView> sets, bool several_methods) {
  std::vector<std::string> types;
  std::map<std::string, std::string> of_type;
  std::map<std::string, int> counts;
  std::string contradicted;
  int contradictions = 0;
  for (const SetView& set : sets) {
    if (set.contrast.verdict == Verdict::kContradicted) {
      ++contradictions;
      contradicted += card(set, several_methods);
      continue;
    }
    if (++counts[set.cell_type] == 1) types.push_back(set.cell_type);
    of_type[set.cell_type] += card(set, several_methods);
  }
  constexpr size_t kFewSets = 12;
  std::string html;
  for (const auto& type : types) {
    html +=
        html_details(fmt::format("<b>{}</b>: {}", escape_html(type), counted(counts[type], "set")),
                     "<div class=\"cards\">" + of_type[type] + "</div>",
                     sets.size() <= kFewSets || type == types.front());
  }
  if (contradictions == 0) return html;
  return html +
         html_details(fmt::format("<b>Contradicted by measured expression, no findings</b>: {}",
                                  counted(contradictions, "set")),
                      "<div class=\"cards\">" + contradicted + "</div>");
}

std::string skipped_list(const Table& skipped) {
  std::vector<std::vector<std::string>> rows;
  for (size_t row = 0; row < skipped.rows(); ++row) {
    rows.push_back({escape_html(skipped.text(row, column::kCellType)),
                    "<i>" + escape_html(skipped.text(row, column::kGene)) + "</i>",
                    escape_html(skipped.text(row, column::kReason))});
  }
  return html_details(
      fmt::format("{} not explained, and why", counted(static_cast<double>(rows.size()), "pair")),
      html_table({{"Cell type"}, {"Gene"}, {"Reason"}}, rows));
}

/// How to see the sets as arcs, where there is what these are made from.
std::string browsers_note(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder / "links.tsv", ignored)) return {};
  return "<p class=\"note\">In a genome browser: <code>grids export</code> with this folder and "
         "<code>--format igv</code> (IGV), <code>interact</code> (UCSC) or <code>longrange</code> "
         "(WashU).</p>\n";
}

}  // namespace

std::string sets_section(const Results& results, Page& page) {
  const auto& sets = results.sets;
  std::string html;
  if (results.is_published_change) {
    html =
        "<p class=\"note\">An earlier grids found these sets: their predicted changes are those of "
        "1 "
        "+ counts per 100,000, cell by cell, and not of mean expression, as those of single "
        "members "
        "are. Sets that are found anew have both.</p>\n";
  }
  html += "<div id=\"sets-live\"></div>\n<div class=\"static\">\n";  // the page's script
  if (sets.empty()) {
    html += missing_file("subsets.tsv", "no set of peaks was learned");
  } else {
    const auto first = [&](size_t most) {
      return std::span(sets).first(std::min(sets.size(), most));
    };
    const bool several_methods = distinct(*results.find("subsets.tsv"), column::kMethod).size() > 1;
    html += html_figure(
        page.next_figure(), overviews(first(kMostDrawn)),
        "Predicted change of each gene when its set is masked in the surrogate, on test cells. " +
            verdict_legend(sets) +
            "The grey bar spans random sets of as many peaks. A set that was searched for goes "
            "further than random ones by construction: that is no evidence." +
            first_of_many(sets.size(), kMostDrawn, "Drawn are the first"));
    html += sets_table(first(kMostSetRows), several_methods);
    const auto rest = first_of_many(sets.size(), kMostSetRows, "Listed are the first");
    if (!rest.empty()) {
      html += "<p class=\"note\">" + rest + " <code>set_summary.tsv</code> has all.</p>\n";
    }
    if (std::any_of(sets.begin(), sets.end(), [](const SetView& set) {
          return !set.from_counts && !is_without_measured(set.contrast);
        })) {
      html +=
          "<p class=\"note\">The RNA came without raw counts: changes per 100,000 rest on the "
          "values "
          "as they were given, and are counts only if those were log1p of counts per "
          "100,000.</p>\n";
    }
    html += cards(first(kMostSetCards), several_methods);
    html +=
        "<p class=\"note\">Small strips: each set (diamond) among random sets (dots), by relative "
        "change; below, its peaks by signed distance to the TSS (negative = upstream; "
        "shaded: within 250 kb).</p>\n" +
        browsers_note(results.folder);
  }
  if (!sets.empty() && results.find("random_sets.tsv") == nullptr) {
    html += missing_file("random_sets.tsv", "sets are not compared with random ones");
  }
  if (!sets.empty() && results.find("set_summary.tsv") == nullptr) {
    html += missing_file("set_summary.tsv",
                         "percentiles and the share of peaks near the TSS are not known");
  }
  html += "</div>\n";
  if (const Table* skipped = results.find("skipped.tsv")) html += skipped_list(*skipped);
  return html;
}

}  // namespace grids::core
