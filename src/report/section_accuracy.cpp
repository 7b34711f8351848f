#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "evaluate/accuracy.hpp"
#include "report/heat_map.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"
#include "report/svg.hpp"

namespace grids::core {
namespace {

struct Measure {
  ColumnText column;
  const char* title;
};

constexpr Measure kMeasures[] = {
    {column::kR, "r, all cells"},
    {column::kR2, "R², all cells"},
    {column::kWithinTypeR, "r within cell types"},
    {column::kWithinTypeRPartial, "r within types, depth taken out"},
};

/// What the predictors are, in words.
constexpr const char* kPredictors[][2] = {
    {"surrogate", "surrogate"},        {"gene mean", "mean of the gene"},
    {"type mean", "mean of its type"}, {"depth", "depth alone"},
    {"linear", "linear in peaks"},     {"neighbours", "nearest cells"},
};

std::string predictor_label(const std::string& name) {
  for (const auto& [key, words] : kPredictors) {
    if (name == key) return words;
  }
  return name;
}

/// Quantile of sorted values, linear between them.
double quantile(const std::vector<double>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto left = static_cast<size_t>(position);
  const size_t right = std::min(left + 1, sorted.size() - 1);
  return std::lerp(sorted[left], sorted[right], position - std::floor(position));
}

/// What one row of the dot plot shows.
struct Spread {
  double mean = NAN;
  double median = NAN;
  double lower = NAN;  // quartiles over genes; NaN without accuracy.tsv
  double upper = NAN;
};

using GeneValues = std::map<std::string, std::vector<double>>;  // by predictor, sorted

GeneValues values_by_predictor(const Table* genes, const ColumnText& measure) {
  GeneValues values;
  for (size_t row = 0; genes != nullptr && row < genes->rows(); ++row) {
    const double value = genes->number(row, measure);
    if (!std::isnan(value)) values[genes->text(row, column::kPredictor)].push_back(value);
  }
  for (auto& [predictor, list] : values) std::sort(list.begin(), list.end());
  return values;
}

std::string dot_plot(const Table& summary, const Table* genes, const Measure& measure) {
  const auto values = values_by_predictor(genes, measure.column);
  std::vector<Spread> spreads;
  double low = 0;
  double high = 0.1;
  for (size_t row = 0; row < summary.rows(); ++row) {
    Spread spread;
    spread.mean = summary.number(row, mean_of(measure.column));
    spread.median = summary.number(row, median_of(measure.column));
    const auto found = values.find(summary.text(row, column::kPredictor));
    if (found != values.end()) {
      spread.lower = quantile(found->second, 0.25);
      spread.upper = quantile(found->second, 0.75);
    }
    for (const double value : {spread.mean, spread.median, spread.lower, spread.upper}) {
      if (std::isnan(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
    spreads.push_back(spread);
  }
  low = std::max(low, -1.0);  // a predictor that is far off must not squeeze the others

  constexpr double kWidth = 340;
  constexpr double kLeft = 118;
  constexpr double kRow = 21;
  const double bottom = 30 + kRow * static_cast<double>(spreads.size());
  const auto marks = ticks(low, high, 4);
  const Scale x{marks.front(), marks.back(), kLeft, kWidth - 14};
  Svg svg(kWidth, bottom + 22, fmt::format("{} of each predictor", measure.title));
  svg.text(kLeft, 14, measure.title, Anchor::kStart, "st");
  for (const double mark : marks) {
    svg.line(x(mark), 22, x(mark), bottom, mark == 0 ? "#8a8a8a" : "#e4e4e0");
    svg.text(x(mark), bottom + 15, tick_text(mark), Anchor::kMiddle);
  }
  for (size_t row = 0; row < spreads.size(); ++row) {
    const auto& name = summary.text(row, column::kPredictor);
    const double y = 34 + kRow * static_cast<double>(row);
    const std::string colour = name == "surrogate" ? "#0072b2" : "#6f6f6b";
    svg.text(kLeft - 8, y + 4, predictor_label(name), Anchor::kEnd,
             name == "surrogate" ? "sb" : "");
    const Spread& spread = spreads[row];
    const auto clamped = [&](double value) { return x(std::clamp(value, x.low, x.high)); };
    if (!std::isnan(spread.lower)) {
      svg.line(clamped(spread.lower), y, clamped(spread.upper), y, colour, 2);
    }
    if (!std::isnan(spread.median)) {
      svg.circle(clamped(spread.median), y, 3.6, "#ffffff", colour);
    }
    if (!std::isnan(spread.mean)) {
      svg.circle(clamped(spread.mean), y, 4.2, colour, "none",
                 fmt::format("{}: mean {}, median {}", predictor_label(name),
                             number_text(spread.mean), number_text(spread.median)));
    }
  }
  return svg.str();
}

std::string summary_table(const Table& summary) {
  std::vector<HtmlColumn> columns = {{"Predictor"}, {"Genes", true}};
  for (const auto& measure : kMeasures) {
    columns.push_back({fmt::format("{}<br>mean (median)", measure.title), true});
  }
  columns.push_back({"Genes with R² &gt; 0", true});
  std::vector<std::vector<std::string>> rows;
  for (size_t row = 0; row < summary.rows(); ++row) {
    std::vector<std::string> cells = {
        escape_html(predictor_label(summary.text(row, column::kPredictor))),
        count_text(summary.number(row, column::kJudgedGenes))};
    for (const auto& measure : kMeasures) {
      cells.push_back(fmt::format("{} ({})",
                                  number_text(summary.number(row, mean_of(measure.column))),
                                  number_text(summary.number(row, median_of(measure.column)))));
    }
    cells.push_back(percent_text(summary.number(row, column::kShareR2Positive)));
    rows.push_back(std::move(cells));
  }
  return html_table(columns, rows);
}

std::string marker_heat_maps(const Table& means, Page& page) {
  const auto genes = distinct(means, column::kGene);
  const auto types = distinct(means, column::kCellType);
  std::map<std::pair<std::string, std::string>, std::pair<double, double>> value;
  std::vector<MarkerMean> pairs;
  for (size_t row = 0; row < means.rows(); ++row) {
    const double measured = means.number(row, column::kMeasuredMean);
    const double predicted = means.number(row, column::kPredictedMean);
    value[{means.text(row, column::kGene), means.text(row, column::kCellType)}] = {measured,
                                                                                   predicted};
    pairs.push_back({0, 0, measured, predicted});
  }
  std::string maps;
  for (const bool measured : {true, false}) {
    HeatMap map;
    map.label = measured ? "Measured mean expression of markers in each cell type"
                         : "Predicted mean expression of markers in each cell type";
    map.title = measured ? "Measured" : "Predicted from peaks";
    map.rows = genes;
    map.columns = types;
    map.colour = sequential_colour;
    for (const auto& gene : genes) {
      double largest = 1e-12;  // of the gene, measured or predicted: one scale for both maps
      for (const auto& type : types) {
        const auto found = value.find({gene, type});
        if (found == value.end()) continue;
        largest = std::max({largest, found->second.first, found->second.second});
      }
      for (const auto& type : types) {
        const auto found = value.find({gene, type});
        map.values.push_back(found == value.end()
                                 ? NAN
                                 : (measured ? found->second.first : found->second.second) /
                                       largest);
      }
    }
    maps += draw_heat_map(map);
  }
  return html_figure(
      page.next_figure(), "<div class=\"pair wide\">" + maps + "</div>",
      fmt::format(
          "Mean expression (log scale) of the marker genes in the test "
          "cells of each type, measured and predicted; each gene from nothing (grey) to its "
          "largest mean (dark blue). R² over all {} pairs: <b>{}</b>. Means hide how cells "
          "of one type differ; see the within-type measures above for that.",
          pairs.size(), number_text(marker_means_r2(pairs))));
}

}  // namespace

std::string accuracy_section(const Results& results, Page& page) {
  std::string html;
  if (const Table* summary = results.find("accuracy_summary.tsv")) {
    std::string panels;
    for (const auto& measure : kMeasures) {
      panels += dot_plot(*summary, results.find("accuracy.tsv"), measure);
    }
    html += html_figure(
        page.next_figure(), "<div class=\"panels two\">" + panels + "</div>",
        "The surrogate beside simple predictors, on cells that none of them has seen. Filled dot: "
        "mean over genes; open dot: median; bar: middle half of the genes. “Mean of its type” "
        "knows "
        "the label of the cell, “depth alone” its total RNA; the surrogate sees peaks only.");
    html += summary_table(*summary);
  } else {
    html += missing_file("accuracy_summary.tsv", "the surrogate was not judged");
  }
  if (const Table* means = results.find("marker_means.tsv")) {
    html += "<h3>Marker genes</h3>" + marker_heat_maps(*means, page);
  } else {
    html += missing_file("marker_means.tsv", "means of marker genes were not compared");
  }
  return html;
}

}  // namespace grids::core
