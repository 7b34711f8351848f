#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <span>

#include "evaluate/contrast.hpp"
#include "evaluate/set_columns.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"
#include "report/svg.hpp"
#include "report/verdict_marks.hpp"

namespace grids::core {
namespace {

constexpr const char* kRandom = "#b0b0ab";
/// Of thousands the first, as they stand, say what a picture and a table can.
constexpr size_t kMostPoints = 400;
constexpr size_t kMostRandomPoints = 4000;
constexpr size_t kMostContrastRows = 300;

/// A set with a slope.
struct ContrastPoint {
  const SetView* set = nullptr;  ///< of a random set there is none
  Contrast contrast;

  double observed() const { return contrast.slope * contrast.predicted; }
};

/// Those with a slope.
struct Points {
  std::vector<ContrastPoint> found;
  std::vector<ContrastPoint> random;
};

Points points_of(const Results& results, const Table& table) {
  Points points;
  for (const SetView& set : results.sets) {
    if (!std::isnan(set.contrast.slope)) points.found.push_back({&set, set.contrast});
  }
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.text(row, column::kWhichSet) == "found") continue;
    ContrastPoint point;
    point.contrast.predicted = table.number(row, column::kPredicted);
    point.contrast.slope = table.number(row, column::kSlope);
    point.contrast.low = table.number(row, column::kSlopeLow);
    point.contrast.high = table.number(row, column::kSlopeHigh);
    point.contrast.p = table.number(row, column::kP);
    if (!std::isnan(point.contrast.slope)) points.random.push_back(point);
  }
  return points;
}

PooledSlope pooled(const std::vector<ContrastPoint>& points) {
  std::vector<Contrast> contrasts;
  contrasts.reserve(points.size());
  for (const auto& point : points) contrasts.push_back(point.contrast);
  return pooled_slope(contrasts, 0.95);
}

/// How far the axes reach: all sets and, within twice that, their intervals.
std::pair<std::vector<double>, std::vector<double>> axes(const Points& points) {
  double left = 0, right = 0, bottom = 0, top = 0;
  const auto widen = [](double value, double& low, double& high) {
    low = std::min(low, value);
    high = std::max(high, value);
  };
  for (const auto* list : {&points.found, &points.random}) {
    for (const auto& point : *list) widen(point.contrast.predicted, left, right);
  }
  for (const auto& point : points.found) {
    widen(point.observed(), bottom, top);
    widen(point.contrast.predicted, bottom, top);
  }
  const double reach = std::max({2 * (top - bottom), right - left, 1e-3});
  const double lowest = bottom - reach / 2;
  const double highest = top + reach / 2;
  for (const auto& point : points.found) {
    const auto [low, high] = point.contrast.observed();
    widen(std::max(low, lowest), bottom, top);
    widen(std::min(high, highest), bottom, top);
  }
  if (right - left < 1e-6) left -= 1e-3;
  if (top - bottom < 1e-6) bottom -= 1e-3;
  return {ticks(left, right, 5), ticks(bottom, top, 5)};
}

/// A tick at a log change, in per cent; of values without counts as it stands.
std::string change_tick(double mark, bool counts) {
  if (!counts) return tick_text(mark);
  const double percent = 100 * std::expm1(mark);
  if (mark == 0) return "0%";
  const auto digits =
      std::abs(percent) < 100 ? fmt::format("{:.2g}", percent) : fmt::format("{:.0f}", percent);
  return tick_text(std::strtod(digits.c_str(), nullptr)) + "%";
}

/// "−49.2%"; of values without counts the difference.
std::string change_text(double log, bool counts) {
  if (std::isnan(log)) return "–";
  return counts ? percent_text(std::expm1(log), true) : number_text(log);
}

std::string plot(const Points& points, bool counts) {
  constexpr double kWidth = 560;
  constexpr double kHeight = 400;
  constexpr double kLeft = 62;
  constexpr double kBottom = kHeight - 44;
  const auto [across, up] = axes(points);
  const Scale x{across.front(), across.back(), kLeft, kWidth - 14};
  const Scale y{up.front(), up.back(), kBottom, 12};
  Svg svg(kWidth, kHeight, "Predicted against measured change of sets and random sets");
  for (const double mark : across) {
    svg.line(x(mark), 12, x(mark), kBottom, mark == 0 ? "#8a8a8a" : "#e4e4e0");
    svg.text(x(mark), kBottom + 15, change_tick(mark, counts), Anchor::kMiddle);
  }
  for (const double mark : up) {
    svg.line(kLeft, y(mark), kWidth - 14, y(mark), mark == 0 ? "#8a8a8a" : "#e4e4e0");
    svg.text(kLeft - 6, y(mark) + 4, change_tick(mark, counts), Anchor::kEnd);
  }
  const double from = std::max(across.front(), up.front());
  const double to = std::min(across.back(), up.back());
  if (from < to) svg.line(x(from), y(from), x(to), y(to), "#1c1c1a", 1.5);
  const double lowest = up.front(), highest = up.back();
  const auto inside = [&](double value) { return std::clamp(value, lowest, highest); };
  std::vector<Svg::Point> dots;
  for (const auto& point :
       std::span(points.random).first(std::min(points.random.size(), kMostRandomPoints))) {
    dots.push_back({x(point.contrast.predicted), y(inside(point.observed()))});
  }
  svg.dots(dots, 4.4, kRandom);
  for (const auto& point :
       std::span(points.found).first(std::min(points.found.size(), kMostPoints))) {
    const auto& [set, contrast] = point;
    const double at = x(contrast.predicted);
    const auto [low, high] = contrast.observed();
    const char* colour = verdict_colour(contrast.verdict);
    svg.line(at, y(inside(low)), at, y(inside(high)), colour);
    svg.circle(at, y(inside(point.observed())), 4.4, colour, "#ffffff",
               fmt::format("{} in {}: {}, slope {}", set->gene, set->cell_type,
                           verdict_title(contrast.verdict),
                           slope_text(contrast.slope, contrast.low, contrast.high)));
  }
  const PooledSlope slope = pooled(points.found);
  svg.text(kLeft + 8, 28, "slope: " + slope_text(slope.slope, slope.low, slope.high),
           Anchor::kStart, "st");
  svg.text((kLeft + kWidth) / 2, kHeight - 8,
           counts ? "predicted change when masked (log scale)"
                  : "predicted change of values when masked",
           Anchor::kMiddle);
  svg.raw(
      fmt::format("<text x=\"14\" y=\"{0}\" text-anchor=\"middle\" transform=\"rotate(-90 14 "
                  "{0})\">measured change{1}</text>\n",
                  coordinate(kBottom / 2), counts ? " (log scale)" : " of values"));
  return svg.str();
}

double share_below(const std::vector<ContrastPoint>& points, double p) {
  const auto below = std::count_if(points.begin(), points.end(), [&](const ContrastPoint& point) {
    return point.contrast.p < p;
  });
  return static_cast<double>(below) / static_cast<double>(points.size());
}

/// What random sets say of the test, no stronger than it is.
std::string beside_random_sets(const Points& points) {
  const double share = share_below(points.random, kVerdictLevel);
  std::string text = fmt::format(
      " Of their random sets (grey), which nobody searched for, {} have p &lt; {}, where {} would "
      "by chance; their slope is {}.",
      percent_text(share), number_text(kVerdictLevel), percent_text(kVerdictLevel),
      number_text(pooled(points.random).slope));
  constexpr double kMany = 3;
  if (share > kMany * kVerdictLevel) {
    text +=
        " So many of them say that measured expression follows the state of a cell, which any set "
        "shares in, beyond what the covariates hold: it is weak evidence for the peaks of one set "
        "in particular.";
  }
  return text;
}

/// What the figure says, no stronger than it is.
std::string contrast_words(const Results& results, const Points& points) {
  const PooledSlope slope = pooled(points.found);
  std::vector<Contrast> contrasts;
  for (const SetView& set : results.sets) contrasts.push_back(set.contrast);
  std::string text = fmt::format(
      "Verdicts: <b>{}</b>. Slope over {}: <b>{}</b>; 1 = measured expression differs between "
      "cells "
      "as predicted, 0 = not at all.",
      count_verdicts(contrasts), counted(static_cast<double>(slope.sets), "set"),
      slope_text(slope.slope, slope.low, slope.high));
  if (!points.random.empty()) text += beside_random_sets(points);
  return "<p>" + text + "</p>\n";
}

std::string contrast_rows(const std::vector<SetView>& sets) {
  std::vector<std::vector<std::string>> rows;
  for (const SetView& set : std::span(sets).first(std::min(sets.size(), kMostContrastRows))) {
    const Contrast& contrast = set.contrast;
    const bool known = !std::isnan(contrast.slope) && !tells_nothing(contrast);
    const auto [low, high] = contrast.observed();
    const auto range = [&](const std::string& least, const std::string& most) {
      return known ? fmt::format("{} to {}", least, most) : std::string();
    };
    const auto change = [&](double log) { return change_text(log, set.from_counts); };
    rows.push_back(
        {verdict_badge(contrast), escape_html(set.cell_type),
         "<i>" + escape_html(set.gene) + "</i>", count_text(static_cast<double>(set.set_size)),
         count_text(static_cast<double>(contrast.cells)),
         count_text(static_cast<double>(contrast.changed_cells)), change(contrast.predicted),
         known ? change(contrast.slope * contrast.predicted) : "–",
         range(change(low), change(high)), slope_text(contrast),
         range(number_text(contrast.low), number_text(contrast.high)), number_text(contrast.p),
         number_text(contrast.q), number_text(contrast.p_below_half),
         number_text(contrast.q_below_half),
         "<span class=\"remark\">" + escape_html(contrast.note) + "</span>"});
  }
  return html_table({{"Verdict"},
                     {"Cell type"},
                     {"Gene"},
                     {"Peaks", true},
                     {"Test cells", true},
                     {"… changed", true},
                     {"Predicted, average cell", true},
                     {"Measured, average cell", true},
                     {"95% interval", true},
                     {"Slope", true},
                     {"95% interval", true},
                     {"p, slope &gt; 0", true},
                     {"q", true},
                     {"p, slope &lt; ½", true},
                     {"q", true},
                     {"Note"}},
                    rows);
}

/// What the verdicts mean.
constexpr const char* kVerdictsExplained =
    "<p class=\"note\">q: Benjamini–Hochberg over all sets of this page, of the one-sided p that "
    "the slope is above 0, and of that that it is below ½. <b>Borne out</b>: q of the first at "
    "most 0.05, p of the second above it. <b>Overstated</b>: both at most 0.05: measured "
    "expression follows by less than half of what was predicted. <b>Contradicted</b>: q of the "
    "second alone: these cells would have shown half of the predicted change, and do not. "
    "<b>Undecided</b>: neither. <b>Not judged</b>: fewer than 50 test cells, or no slope. p holds "
    "after any search, because neither the surrogate nor the search has seen these cells. Judged "
    "is what a set says of cells of one type and state; what it says between cell types is not "
    "tested.</p>\n";

/// Whether all changes are of rates of counts, of which exp(x) − 1 is a share.
bool by_counts(const Results& results) {
  return std::all_of(results.sets.begin(), results.sets.end(),
                     [](const SetView& set) { return set.from_counts; });
}

}  // namespace

std::string contrast_section(const Results& results, Page& page) {
  const Table* table = results.find("contrasts.tsv");
  if (results.sets.empty()) return {};
  if (table == nullptr) {
    return missing_file("contrasts.tsv",
                        "predicted changes were not held against measured expression");
  }
  if (is_without_measured(results.sets.front().contrast)) {
    return fmt::format("<p><b>Nothing was held against measured expression</b>: here {}.</p>\n",
                       kUnpairedWords);
  }
  const Points points = points_of(results, *table);
  std::string html;
  if (points.found.empty()) {
    html +=
        "<p><b>No set could be held against measured expression</b>; the table says why, set by "
        "set.</p>\n";
  } else {
    html += html_figure(
        page.next_figure(), plot(points, by_counts(results)),
        "Predicted change of each set (mean of logs over test cells: of the average cell) against "
        "the measured one with its 95% interval: measured expression of the test cells regressed "
        "on the predicted change of "
        "each cell, with total RNA, type, donor and batch where they were given, open peaks and "
        "state as "
        "covariates. " +
            verdict_legend(results.sets) +
            "Line: measured = predicted. Grey dots: random sets of as many peaks." +
            first_of_many(points.found.size(), kMostPoints, "Drawn are the first"));
    html += contrast_words(results, points);
  }
  const auto rest = first_of_many(results.sets.size(), kMostContrastRows, "Listed are the first");
  return html + contrast_rows(results.sets) +
         (rest.empty()
              ? rest
              : "<p class=\"note\">" + rest + " <code>contrasts.tsv</code> has all.</p>\n") +
         kVerdictsExplained;
}

}  // namespace grids::core
