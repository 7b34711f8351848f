#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "evaluate/accuracy.hpp"
#include "evaluate/alignment.hpp"
#include "report/heat_map.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"
#include "report/svg.hpp"

namespace grids::core {
namespace {

struct AccuracyMeasure {
  ColumnText column;
  const char* title;
};

constexpr AccuracyMeasure kMeasures[] = {
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
struct DotPlotRow {
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

std::string dot_plot(const Table& summary, const Table* genes, const AccuracyMeasure& measure) {
  const auto values = values_by_predictor(genes, measure.column);
  std::vector<DotPlotRow> rows;
  double low = 0;
  double high = 0.1;
  for (size_t row = 0; row < summary.rows(); ++row) {
    DotPlotRow shown;
    shown.mean = summary.number(row, mean_of(measure.column));
    shown.median = summary.number(row, median_of(measure.column));
    const auto found = values.find(summary.text(row, column::kPredictor));
    if (found != values.end()) {
      shown.lower = quantile(found->second, 0.25);
      shown.upper = quantile(found->second, 0.75);
    }
    for (const double value : {shown.mean, shown.median, shown.lower, shown.upper}) {
      if (std::isnan(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
    rows.push_back(shown);
  }
  low = std::max(low, -1.0);  // a predictor that is far off must not squeeze the others

  constexpr double kWidth = 340;
  constexpr double kLeft = 118;
  constexpr double kRow = 21;
  const double bottom = 30 + kRow * static_cast<double>(rows.size());
  const auto marks = ticks(low, high, 4);
  const Scale x{marks.front(), marks.back(), kLeft, kWidth - 14};
  Svg svg(kWidth, bottom + 22, fmt::format("{} of each predictor", measure.title));
  svg.text(kLeft, 14, measure.title, Anchor::kStart, "st");
  for (const double mark : marks) {
    svg.line(x(mark), 22, x(mark), bottom, mark == 0 ? "#8a8a8a" : "#e4e4e0");
    svg.text(x(mark), bottom + 15, tick_text(mark), Anchor::kMiddle);
  }
  for (size_t row = 0; row < rows.size(); ++row) {
    const auto& name = summary.text(row, column::kPredictor);
    const double y = 34 + kRow * static_cast<double>(row);
    const std::string colour = name == "surrogate" ? "#0072b2" : "#6f6f6b";
    svg.text(kLeft - 8, y + 4, predictor_label(name), Anchor::kEnd,
             name == "surrogate" ? "sb" : "");
    const DotPlotRow& shown = rows[row];
    const auto clamped = [&](double value) { return x(std::clamp(value, x.low, x.high)); };
    if (!std::isnan(shown.lower)) {
      svg.line(clamped(shown.lower), y, clamped(shown.upper), y, colour, 2);
    }
    if (!std::isnan(shown.median)) {
      svg.circle(clamped(shown.median), y, 3.6, "#ffffff", colour);
    }
    if (!std::isnan(shown.mean)) {
      svg.circle(clamped(shown.mean), y, 4.2, colour, "none",
                 fmt::format("{}: mean {}, median {}", predictor_label(name),
                             number_text(shown.mean), number_text(shown.median)));
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

/// What a line over all cells shows, in words.
struct AlignmentWords {
  const char* measure;
  const char* of;
  const char* words;
};

constexpr AlignmentWords kAlignmentWords[] = {
    {measure::kFoscttm, kBothWord, "Cells closer than a cell’s own other half (FOSCTTM)"},
    {measure::kFoscttmWithinType, kBothWord, "The same among cells of its type"},
    {measure::kLabelTransfer, kAtacWord, "Chromatin that gets its type from RNA"},
    {measure::kLabelTransferBalanced, kAtacWord, "The same, mean over types"},
    {measure::kLabelTransfer, kRnaWord, "RNA that gets its type from chromatin"},
    {measure::kLabelTransferBalanced, kRnaWord, "The same, mean over types"},
    {measure::kMixing, kAtacWord, "RNA among the neighbours of chromatin"},
    {measure::kMixingWithinType, kAtacWord, "The same among cells of its type"},
    {measure::kMixing, kRnaWord, "Chromatin among the neighbours of RNA"},
    {measure::kMixingWithinType, kRnaWord, "The same among cells of its type"},
};

std::string with_error(double value, double error) {
  return std::isnan(error) ? number_text(value)
                           : fmt::format("{} ± {}", number_text(value), number_text(error));
}

/// Lines over all cells, both spaces side by side.
std::string alignment_table(const std::vector<AlignmentRow>& rows) {
  const auto found = [&](const AlignmentWords& line, std::string_view space) {
    return std::find_if(rows.begin(), rows.end(), [&](const AlignmentRow& row) {
      return row.space == space && row.measure == line.measure && row.of == line.of &&
             row.cell_type == kAllTypes;
    });
  };
  std::vector<std::vector<std::string>> cells;
  for (const auto& line : kAlignmentWords) {
    const auto in_rna = found(line, kRnaWord);
    const auto in_atac = found(line, kAtacWord);
    if (in_rna == rows.end() || in_atac == rows.end()) continue;
    cells.push_back({line.words, with_error(in_rna->value, in_rna->standard_error),
                     with_error(in_atac->value, in_atac->standard_error),
                     number_text(in_rna->chance)});
  }
  return html_table({{"Over all judged cells"},
                     {"Latents of the RNA<br>value ± standard error", true},
                     {"Latents of the ATAC", true},
                     {"Chance", true}},
                    cells);
}

std::string alignment_part(const Table& table) {
  const auto rows = alignment_columns().read(table);
  if (rows.empty()) return {};
  const bool matched = std::any_of(rows.begin(), rows.end(), [](const AlignmentRow& row) {
    return row.measure == measure::kFoscttm;
  });
  return fmt::format(
      "<h3>How chromatin and RNA are aligned</h3>{}<p>Where the surrogate puts a cell’s open peaks "
      "among cells’ RNA, and a cell’s RNA among cells’ open peaks. {}Labels come from the 15 "
      "nearest training cells of the other modality. By type: <code>alignment.tsv</code>.</p>",
      alignment_table(rows),
      matched ? "0 closer cells would be perfect. "
              : "Chromatin and RNA were measured in different cells: whether the right cells are "
                "matched within a type cannot be judged. ");
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
  if (const Table* alignment = results.find("alignment.tsv")) html += alignment_part(*alignment);
  if (const Table* means = results.find("marker_means.tsv")) {
    html += "<h3>Marker genes</h3>" + marker_heat_maps(*means, page);
  } else {
    html += missing_file("marker_means.tsv", "means of marker genes were not compared");
  }
  return html;
}

}  // namespace grids::core
