#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "report/html.hpp"
#include "report/sections.hpp"
#include "report/svg.hpp"

namespace grids::core {
namespace {

constexpr const char* kValueColour = "#0072b2";
constexpr const char* kUnsureColour = "#bcd7ea";
constexpr const char* kChanceColour = "#d55e00";
constexpr const char* kMatchedColour = "#8a8a8a";
constexpr std::string_view kRatio = "odds_ratio";

/// What validation.tsv calls a measure, for people.
struct MeasureTitle {
  std::string_view what;
  const char* title;
};
constexpr MeasureTitle kMeasureTitles[] = {
    {"hit_ratio", "Share of the peaks that lie at the gene itself (Hit Ratio)"},
    {"soft_hit_ratio", "Share of the peaks that lie around the gene (Soft Hit Ratio)"},
    {"loops", "Pairs that a loop of chromatin joins"},
    {"eqtl", "Peaks that hold a fine-mapped variant of the gene"},
    {"bed", "Peaks that overlap the given places"},
    {"crispr_average_precision",
     "How well scores find the regulated pairs of a screen (average precision)"},
    {"crispr_precision_at_70", "Precision where 70 % of the regulated pairs of a screen are found"},
    {"crispr_coverage", "Share of a screen's pairs of which a method has a score"},
    {"crispr_difference", "Average precision on a screen, beside that of another method"},
    {"combinations_coverage", "Share of the perturbed combinations that lie in a set"},
    {"combinations_sign_agreement",
     "Combinations whose measured and predicted hidden shares have one sign"},
    {"combinations_rank_correlation",
     "Rank correlation of measured and predicted hidden shares of combinations"},
    {"combinations_calls", "Sets with a call that perturbed combinations bear out"},
    {"combinations_called", "Perturbed combinations that sets call what they are shown to be"},
    {"motifs_enriched", "Share of the motifs that are enriched in the sets' peaks"},
    {"motif_shared", "Pairs of a set's peaks with a motif in common"},
    {"motifs_in_common", "Motifs that two peaks of a set have in common"},
};

std::string measure_title(std::string_view what) {
  for (const auto& known : kMeasureTitles) {
    if (known.what == what) return known.title;
  }
  return escape_html(what);
}

/// A row of the table, drawn.
struct ValidationBar {
  std::string label;
  double value, low, high, chance, matched;
};

std::string bar_label(const Table& table, size_t row) {
  std::string label = table.text(row, "method");
  const auto& size = table.text(row, "L");
  if (size != "NA") label += (label.empty() ? "L = " : ", L = ") + size;
  const auto& part = table.text(row, "class");
  if (part == kRatio || part == "share") return label;
  return label.empty() ? part : label + ": " + part;
}

/// Those of one measure over all cell types: its odds ratios, or all else.
std::vector<ValidationBar> validation_bars(const Table& table, const std::string& what,
                                           bool ratios) {
  std::vector<ValidationBar> bars;
  for (size_t row = 0; row < table.rows(); ++row) {
    const bool drawn = table.text(row, "what") == what && table.text(row, "cell_type") == "every" &&
                       (table.text(row, "class") == kRatio) == ratios;
    if (!drawn || std::isnan(table.number(row, "value"))) continue;
    bars.push_back({bar_label(table, row), table.number(row, "value"), table.number(row, "low"),
                    table.number(row, "high"), table.number(row, "chance"),
                    table.number(row, "chance_matched")});
  }
  return bars;
}

/// Odds ratios are drawn as logarithms: one half is as far from 1 as 2.
double drawn_at(double value, bool ratios) {
  return ratios ? std::log2(std::max(value, 1.0 / 64)) : value;
}

std::vector<double> bar_ticks(const std::vector<ValidationBar>& bars, bool ratios) {
  double low = 0, high = ratios ? 1 : 0.02;
  for (const auto& bar : bars) {
    for (const double value : {bar.value, bar.low, bar.high, bar.chance, bar.matched}) {
      if (std::isnan(value)) continue;
      low = std::min(low, drawn_at(value, ratios));
      high = std::max(high, drawn_at(value, ratios));
    }
  }
  if (ratios)
    return ticks(std::floor(low), std::ceil(high), std::max(2, static_cast<int>(high - low)));
  return ticks(low, high, 5);
}

std::string draw_bars(const std::vector<ValidationBar>& bars, bool ratios,
                      const std::string& title) {
  constexpr double kWidth = 760, kLeft = 260, kRow = 24, kTop = 8;
  const double bottom = kTop + kRow * static_cast<double>(bars.size());
  const auto marks = bar_ticks(bars, ratios);
  const Scale x{marks.front(), marks.back(), kLeft, kWidth - 16};
  Svg svg(kWidth, bottom + 26, title);
  for (const double mark : marks) {
    svg.line(x(mark), kTop, x(mark), bottom, mark == 0 ? "#8a8a8a" : "#e4e4e0");
    svg.text(x(mark), bottom + 16, ratios ? number_text(std::exp2(mark)) : tick_text(mark),
             Anchor::kMiddle);
  }
  double top = kTop;
  for (const auto& bar : bars) {
    const double middle = top + kRow / 2;
    const auto place = [&](double value) { return x(drawn_at(value, ratios)); };
    const double from = std::min(place(bar.value), x(0)), to = std::max(place(bar.value), x(0));
    svg.text(kLeft - 8, middle + 4, bar.label, Anchor::kEnd);
    const bool sure = !std::isnan(bar.low) && !std::isnan(bar.high);
    svg.rectangle(from, top + 5, std::max(to - from, 1.0), kRow - 10,
                  sure ? kValueColour : kUnsureColour);
    if (sure) {
      svg.line(place(bar.low), middle, place(bar.high), middle, "#1c1c1a", 1.5);
    }
    const auto mark_at = [&](double value, const char* colour) {
      if (!std::isnan(value))
        svg.line(place(value), top + 2, place(value), top + kRow - 2, colour, 3);
    };
    mark_at(bar.matched, kMatchedColour);
    mark_at(bar.chance, kChanceColour);
    top += kRow;
  }
  return svg.str();
}

std::string bars_figure(const Table& table, const std::string& what, bool ratios, Page& page) {
  const auto bars = validation_bars(table, what, ratios);
  if (bars.empty()) return {};
  const std::string title = measure_title(what);
  const bool matched = std::any_of(
      bars.begin(), bars.end(), [](const ValidationBar& bar) { return !std::isnan(bar.matched); });
  return html_figure(
      page.next_figure(), draw_bars(bars, ratios, title),
      fmt::format("{}{}. Line: 95% interval; pale where there is none. <span "
                  "style=\"color:{}\">■</span> Orange: {}{}.",
                  title, ratios ? ": odds ratio beside pairs that lie as far apart" : "",
                  kChanceColour,
                  ratios ? "no more often than those" : "what chance, or matched pairs, give",
                  matched ? "; grey: what peaks that are open as often give" : ""));
}

std::string interval_text(const Table& table, size_t row) {
  const double low = table.number(row, "low"), high = table.number(row, "high");
  return std::isnan(low) || std::isnan(high) ? "n/a"
                                             : number_text(low) + " to " + number_text(high);
}

std::string validation_table(const Table& table) {
  std::vector<std::vector<std::string>> rows;
  rows.reserve(table.rows());
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto figure = [&](const char* column) { return number_text(table.number(row, column)); };
    rows.push_back({escape_html(table.text(row, "what")), escape_html(table.text(row, "method")),
                    escape_html(table.text(row, "L")), escape_html(table.text(row, "class")),
                    escape_html(table.text(row, "cell_type")), figure("value"),
                    interval_text(table, row), figure("chance"), figure("chance_matched"),
                    count_text(table.number(row, "n")),
                    "<span class=\"remark\">" + escape_html(table.text(row, "note")) + "</span>"});
  }
  return html_table({{"Measure"},
                     {"Method"},
                     {"L", true},
                     {"Class"},
                     {"Cell type"},
                     {"Value", true},
                     {"95% interval", true},
                     {"Chance", true},
                     {"Open as often", true},
                     {"Over", true},
                     {"Note"}},
                    rows);
}

constexpr const char* kValidationExplained =
    "<p class=\"note\">A search that was confined to peaks near the gene finds peaks near the "
    "gene: "
    "then only what lies beyond distance (odds ratios beside pairs that lie as far apart) says "
    "something of the sets. A loop, a variant or a screen of other cells tells of those "
    "cells.</p>\n";

}  // namespace

std::string validation_section(const Results& results, Page& page) {
  const Table* table = results.find("validation.tsv");
  if (table == nullptr) return {};
  std::string html;
  for (const auto& what : distinct(*table, "what")) {
    html += bars_figure(*table, what, true, page);
    html += bars_figure(*table, what, false, page);
  }
  return html + kValidationExplained + html_details("Every figure", validation_table(*table));
}

}  // namespace grids::core
