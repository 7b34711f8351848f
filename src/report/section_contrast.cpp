#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "evaluate/contrast.hpp"
#include "evaluate/set_columns.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"
#include "report/svg.hpp"

namespace grids::core {
namespace {

constexpr const char* kFound = "#0072b2";
constexpr const char* kRandom = "#b0b0ab";
/// Rates of false discovery and error at which the text speaks of sets that are borne out.
constexpr double kCalledRate = 0.05;

/// A row of contrasts.tsv.
struct Point {
  size_t row = 0;
  double predicted = 0;
  double observed = 0;
  double low = 0;
  double high = 0;
  Contrast contrast;  ///< slope, interval, p, q
};

/// Those with a slope.
struct Points {
  std::vector<Point> found;
  std::vector<Point> random;
};

Points points_of(const Table& table) {
  Points points;
  for (size_t row = 0; row < table.rows(); ++row) {
    Point point;
    point.row = row;
    point.predicted = table.number(row, column::kPredicted);
    point.observed = table.number(row, column::kObserved);
    point.low = table.number(row, column::kObservedLow);
    point.high = table.number(row, column::kObservedHigh);
    point.contrast.slope = table.number(row, column::kSlope);
    point.contrast.low = table.number(row, column::kSlopeLow);
    point.contrast.high = table.number(row, column::kSlopeHigh);
    point.contrast.p = table.number(row, column::kP);
    point.contrast.q = table.number(row, column::kQ);
    if (std::isnan(point.contrast.slope)) continue;
    (table.text(row, column::kWhichSet) == "found" ? points.found : points.random).push_back(point);
  }
  return points;
}

PooledSlope pooled(const std::vector<Point>& points) {
  std::vector<Contrast> contrasts;
  contrasts.reserve(points.size());
  for (const auto& point : points) contrasts.push_back(point.contrast);
  return pooled_slope(contrasts, 0.95);
}

/// How far the axes reach: all found sets and, within twice that, their intervals.
std::pair<std::vector<double>, std::vector<double>> axes(const Points& points) {
  double left = 0, right = 0, bottom = 0, top = 0;
  const auto widen = [](double value, double& low, double& high) {
    low = std::min(low, value);
    high = std::max(high, value);
  };
  for (const auto* list : {&points.found, &points.random}) {
    for (const auto& point : *list) widen(point.predicted, left, right);
  }
  for (const auto& point : points.found) {
    widen(point.observed, bottom, top);
    widen(point.predicted, bottom, top);
  }
  const double reach = std::max({2 * (top - bottom), right - left, 1e-3});
  const double lowest = bottom - reach / 2;
  const double highest = top + reach / 2;
  for (const auto& point : points.found) {
    widen(std::max(point.low, lowest), bottom, top);
    widen(std::min(point.high, highest), bottom, top);
  }
  if (right - left < 1e-6) left -= 1e-3;
  if (top - bottom < 1e-6) bottom -= 1e-3;
  return {ticks(left, right, 5), ticks(bottom, top, 5)};
}

std::string plot(const Table& table, const Points& points) {
  constexpr double kWidth = 560;
  constexpr double kHeight = 400;
  constexpr double kLeft = 62;
  constexpr double kBottom = kHeight - 44;
  const auto [across, up] = axes(points);
  const Scale x{across.front(), across.back(), kLeft, kWidth - 14};
  const Scale y{up.front(), up.back(), kBottom, 12};
  Svg svg(kWidth, kHeight, "Predicted against observed log change of found and random sets");
  for (const double mark : across) {
    svg.line(x(mark), 12, x(mark), kBottom, mark == 0 ? "#8a8a8a" : "#e4e4e0");
    svg.text(x(mark), kBottom + 15, tick_text(mark), Anchor::kMiddle);
  }
  for (const double mark : up) {
    svg.line(kLeft, y(mark), kWidth - 14, y(mark), mark == 0 ? "#8a8a8a" : "#e4e4e0");
    svg.text(kLeft - 6, y(mark) + 4, tick_text(mark), Anchor::kEnd);
  }
  const double from = std::max(across.front(), up.front());
  const double to = std::min(across.back(), up.back());
  if (from < to) svg.line(x(from), y(from), x(to), y(to), "#d55e00", 1.5);
  const double lowest = up.front(), highest = up.back();
  const auto inside = [&](double value) { return std::clamp(value, lowest, highest); };
  std::vector<Svg::Point> dots;
  for (const auto& point : points.random) {
    dots.push_back({x(point.predicted), y(inside(point.observed))});
  }
  svg.dots(dots, 4.4, kRandom);
  for (const auto& point : points.found) {
    const double at = x(point.predicted);
    svg.line(at, y(inside(point.low)), at, y(inside(point.high)), kFound);
    svg.circle(at, y(inside(point.observed)), 4.4, kFound, "#ffffff",
               fmt::format("{} in {}: slope {} ({} to {})", table.text(point.row, "gene"),
                           table.text(point.row, "cell_type"), number_text(point.contrast.slope),
                           number_text(point.contrast.low), number_text(point.contrast.high)));
  }
  const PooledSlope slope = pooled(points.found);
  svg.text(kLeft + 8, 28,
           fmt::format("slope {} ({} to {})", number_text(slope.slope), number_text(slope.low),
                       number_text(slope.high)),
           Anchor::kStart, "st");
  svg.text((kLeft + kWidth) / 2, kHeight - 8, "predicted log change when masked", Anchor::kMiddle);
  svg.raw(
      fmt::format("<text x=\"14\" y=\"{0}\" text-anchor=\"middle\" transform=\"rotate(-90 14 "
                  "{0})\">observed log change</text>\n",
                  coordinate(kBottom / 2)));
  return svg.str();
}

double share_below(const std::vector<Point>& points, double p) {
  const auto below = std::count_if(points.begin(), points.end(),
                                   [&](const Point& point) { return point.contrast.p < p; });
  return static_cast<double>(below) / static_cast<double>(points.size());
}

/// What the figure says, no stronger than it is.
std::string verdict(const Points& points) {
  const auto called =
      std::count_if(points.found.begin(), points.found.end(),
                    [](const auto& point) { return point.contrast.q < kCalledRate; });
  const PooledSlope slope = pooled(points.found);
  std::string text = fmt::format(
      "Slope over {}: <b>{}</b> ({} to {}; 1 = measured expression differs between cells as "
      "predicted, 0 = not at all). Sets whose predicted changes are borne out by measured "
      "expression (q &lt; {}): <b>{} of {}</b>.",
      counted(static_cast<double>(slope.sets), "found set"), number_text(slope.slope),
      number_text(slope.low), number_text(slope.high), number_text(kCalledRate),
      count_text(static_cast<double>(called)),
      count_text(static_cast<double>(points.found.size())));
  if (called == 0) {
    text +=
        " <b>None</b>: on these cells the predicted changes of the found sets are no more than "
        "hypotheses.";
  }
  if (!points.random.empty()) {
    text += fmt::format(
        " Of their random sets (grey), which nobody searched for, {} have p &lt; {}, where {} "
        "would "
        "by chance; their slope is {}.",
        percent_text(share_below(points.random, kCalledRate)), number_text(kCalledRate),
        percent_text(kCalledRate), number_text(pooled(points.random).slope));
    constexpr double kMany = 3;
    if (called > 0 && share_below(points.random, kCalledRate) > kMany * kCalledRate) {
      text +=
          " So many of them say that measured expression follows the state of a cell, which any "
          "set shares in, beyond what the covariates hold: it is weak evidence for the peaks of "
          "a found set in particular.";
    }
  }
  return "<p>" + text + "</p>\n";
}

std::string contrast_rows(const Table& table) {
  std::vector<std::vector<std::string>> rows;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.text(row, column::kWhichSet) != "found") continue;
    const double slope = table.number(row, column::kSlope);
    rows.push_back({escape_html(table.text(row, column::kCellType)),
                    "<i>" + escape_html(table.text(row, column::kGene)) + "</i>",
                    escape_html(table.text(row, column::kSetSize)),
                    count_text(table.number(row, column::kTestCells)),
                    count_text(table.number(row, column::kChangedCells)),
                    number_text(table.number(row, column::kPredicted)), number_text(slope),
                    std::isnan(slope) ? ""
                                      : number_text(table.number(row, column::kSlopeLow)) + " to " +
                                            number_text(table.number(row, column::kSlopeHigh)),
                    escape_html(table.text(row, column::kP)),
                    escape_html(table.text(row, column::kQ)),
                    escape_html(table.text(row, column::kNote))});
  }
  return html_table({{"Cell type"},
                     {"Gene"},
                     {"Peaks", true},
                     {"Test cells", true},
                     {"… changed", true},
                     {"Predicted log change", true},
                     {"Slope", true},
                     {"95% interval", true},
                     {"p", true},
                     {"q", true},
                     {"Note"}},
                    rows);
}

}  // namespace

std::string contrast_section(const Results& results, Page& page) {
  const Table* table = results.find("contrasts.tsv");
  if (table == nullptr) {
    return results.sets.empty()
               ? std::string()
               : missing_file("contrasts.tsv",
                              "predicted changes were not held against measured expression");
  }
  const Points points = points_of(*table);
  std::string html;
  if (points.found.empty()) {
    html +=
        "<p><b>No found set could be held against measured expression</b>; the table says why, "
        "set by set.</p>\n";
  } else {
    html += html_figure(
        page.next_figure(), plot(*table, points),
        "Predicted log change of each found set (mean over test cells) against the observed one "
        "with its 95% interval: measured expression of the test cells regressed on the predicted "
        "change of each cell, with total RNA, type, donor, open peaks and latents as covariates. "
        "Orange: observed = predicted. Grey: random sets of as many peaks.");
    html += verdict(points);
  }
  html += contrast_rows(*table);
  html +=
      "<p class=\"note\">p is one-sided and holds after any search, because neither the "
      "surrogate nor the search has seen these cells; q over all found sets "
      "(Benjamini–Hochberg).</p>\n";
  return html;
}

}  // namespace grids::core
