#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "evaluate/cell_map.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"
#include "report/svg.hpp"
#include "study/shared_columns.hpp"

namespace grids::core {
namespace {

constexpr double kSide = 300;  // of a map
constexpr double kMargin = 8;

/// All cells in units of the drawing.
struct CellMap {
  std::vector<Svg::Point> points;
  std::vector<std::string> types;
  std::map<std::string, size_t, std::less<>> index_of;  // by barcode
};

CellMap place_cells(const Table& umap) {
  CellMap map;
  std::vector<double> x;
  std::vector<double> y;
  for (size_t row = 0; row < umap.rows(); ++row) {
    x.push_back(umap.number(row, column::kUmap1));
    y.push_back(umap.number(row, column::kUmap2));
    map.types.push_back(umap.text(row, column::kCellType));
    map.index_of.emplace(umap.text(row, column::kBarcode), row);
  }
  const auto [x_low, x_high] = std::minmax_element(x.begin(), x.end());
  const auto [y_low, y_high] = std::minmax_element(y.begin(), y.end());
  const double span = std::max({*x_high - *x_low, *y_high - *y_low, 1e-9});
  const double scale = (kSide - 2 * kMargin) / span;
  const double x_middle = (*x_low + *x_high) / 2;
  const double y_middle = (*y_low + *y_high) / 2;
  for (size_t i = 0; i < x.size(); ++i) {
    map.points.push_back(
        {kSide / 2 + scale * (x[i] - x_middle), kSide / 2 - scale * (y[i] - y_middle)});
  }
  return map;
}

/// Which of so many cells are drawn: not more than `most`, evenly spread.
std::vector<size_t> selection(size_t cells, int64_t most) {
  const size_t drawn = std::min(cells, static_cast<size_t>(most));
  std::vector<size_t> chosen;
  chosen.reserve(drawn);
  for (size_t i = 0; i < drawn; ++i) chosen.push_back(i * cells / drawn);
  return chosen;
}

/// " Drawn are 4,000 of 10,266 cells, evenly selected."; empty when all are.
std::string selection_words(size_t drawn, size_t cells) {
  if (drawn >= cells) return {};
  return fmt::format(" Drawn are {} of {} cells, evenly selected.",
                     count_text(static_cast<double>(drawn)),
                     count_text(static_cast<double>(cells)));
}

/// Dots that cover about the same area whatever their number.
double dot_size(size_t cells) {
  return std::clamp(120 / std::sqrt(static_cast<double>(cells)), 1.6, 5.0);
}

Svg frame(std::string_view label) {
  Svg svg(kSide, kSide, label);
  svg.rectangle(0.5, 0.5, kSide - 1, kSide - 1, "#ffffff", "#deded9");
  return svg;
}

std::string map_of_types(const CellMap& map, const std::vector<std::string>& types,
                         const std::vector<size_t>& drawn) {
  Svg svg = frame("Map of the cells, coloured by cell type");
  for (size_t type = 0; type < types.size(); ++type) {
    std::vector<Svg::Point> points;
    for (const size_t i : drawn) {
      if (map.types[i] == types[type]) points.push_back(map.points[i]);
    }
    svg.dots(points, dot_size(drawn.size()), category_colour(type));
  }
  return svg.str();
}

/// A name beside its colour, with the silhouette where it is known.
std::string legend(const std::vector<std::string>& types, const Table* silhouette) {
  std::map<std::string, std::string> scores;
  for (size_t row = 0; silhouette != nullptr && row < silhouette->rows(); ++row) {
    scores[silhouette->text(row, column::kCellType)] =
        fmt::format("{} cells, silhouette {}", count_text(silhouette->number(row, column::kCells)),
                    number_text(silhouette->number(row, column::kSilhouette)));
  }
  std::string html = "<ul class=\"legend\">";
  for (size_t type = 0; type < types.size(); ++type) {
    const auto score = scores.find(types[type]);
    html += fmt::format(
        "<li><span style=\"background:{}\"></span>{}{}</li>\n", category_colour(type),
        escape_html(types[type]),
        score == scores.end() ? std::string() : fmt::format(" <small>{}</small>", score->second));
  }
  html += "</ul>\n";
  if (scores.contains("all")) html += "<p class=\"note\">All cells: " + scores["all"] + ".</p>\n";
  return html;
}

/// Expression of one gene, in the cells that the file has.
struct Expression {
  std::string gene;
  std::vector<size_t> cells;  // of the map
  std::vector<double> measured;
  std::vector<double> predicted;
};

/// Genes in the order of markers.tsv, one for each type first; then those of the file itself.
std::vector<std::string> genes_to_draw(const Results& results, const Table& expression,
                                       int64_t most) {
  const auto known = distinct(expression, column::kGene);
  std::vector<std::string> wanted;
  const auto add = [&](const std::string& gene) {
    const bool present = std::find(known.begin(), known.end(), gene) != known.end();
    const bool taken = std::find(wanted.begin(), wanted.end(), gene) != wanted.end();
    if (present && !taken && wanted.size() < static_cast<size_t>(most)) wanted.push_back(gene);
  };
  if (const Table* markers = results.find("markers.tsv")) {
    std::vector<std::string> seen;
    for (size_t row = 0; row < markers->rows(); ++row) {
      const auto& type = markers->text(row, column::kCellType);
      if (std::find(seen.begin(), seen.end(), type) != seen.end()) continue;
      seen.push_back(type);
      add(markers->text(row, column::kGene));
    }
    for (size_t row = 0; row < markers->rows(); ++row) add(markers->text(row, column::kGene));
  }
  for (const auto& gene : known) add(gene);
  return wanted;
}

std::vector<Expression> expression_of(const Table& table, const std::vector<std::string>& genes,
                                      const CellMap& map) {
  std::vector<Expression> result;
  result.reserve(genes.size());
  for (const auto& gene : genes) result.push_back({gene, {}, {}, {}});
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto gene = std::find(genes.begin(), genes.end(), table.text(row, column::kGene));
    const auto cell = map.index_of.find(table.text(row, column::kBarcode));
    const double measured = table.number(row, column::kMeasured);
    const double predicted = table.number(row, column::kPredictedExpression);
    if (gene == genes.end() || cell == map.index_of.end()) continue;
    if (std::isnan(measured) || std::isnan(predicted)) continue;
    auto& entry = result[static_cast<size_t>(gene - genes.begin())];
    entry.cells.push_back(cell->second);
    entry.measured.push_back(measured);
    entry.predicted.push_back(predicted);
  }
  return result;
}

/// The value that colours saturate at: the 99th percentile of what was measured.
double saturation(std::vector<double> measured) {
  if (measured.empty()) return 1;
  const auto at = static_cast<std::ptrdiff_t>(0.99 * static_cast<double>(measured.size() - 1));
  std::nth_element(measured.begin(), measured.begin() + at, measured.end());
  const double value = measured[static_cast<size_t>(at)];
  return value > 0 ? value : 1;
}

constexpr size_t kShades = 10;

std::string shade_colour(size_t shade) {
  return sequential_colour(static_cast<double>(shade) / kShades);
}

std::string map_of_expression(const CellMap& map, const Expression& expression, bool measured,
                              double most, const std::vector<size_t>& drawn) {
  const char* what = measured ? "measured" : "predicted";
  const auto& values = measured ? expression.measured : expression.predicted;
  std::vector<std::vector<Svg::Point>> shades(kShades + 1);
  for (const size_t i : drawn) {
    const double share = std::clamp(values[i] / most, 0.0, 1.0);
    shades[static_cast<size_t>(std::lround(share * kShades))].push_back(
        map.points[expression.cells[i]]);
  }
  Svg svg = frame(
      fmt::format("Map of the cells, coloured by {} expression of {}", what, expression.gene));
  for (size_t shade = 0; shade <= kShades; ++shade) {  // the darkest on top
    svg.dots(shades[shade], dot_size(drawn.size()), shade_colour(shade));
  }
  return fmt::format("<div><p class=\"cap\"><i>{}</i> {}</p>{}</div>\n",
                     escape_html(expression.gene), what, svg.str());
}

/// What the shades mean: a bar from 0 to the value at which they saturate.
std::string shade_bar(double most) {
  constexpr double kStep = 9;
  Svg svg(150, 14, fmt::format("Colours from 0 to {:.1f}", most));
  svg.text(8, 11, "0", Anchor::kEnd);
  for (size_t shade = 0; shade <= kShades; ++shade) {
    svg.rectangle(13 + kStep * static_cast<double>(shade), 2, kStep + 0.2, 10, shade_colour(shade));
  }
  svg.text(18 + kStep * (kShades + 1), 11, fmt::format("{:.1f}", most));
  return svg.str();
}

}  // namespace

std::string cells_section(const Results& results, Page& page) {
  const Table* umap = results.find("umap.tsv");
  if (umap == nullptr) return missing_file("umap.tsv", "no map of the cells was made");
  const CellMap map = place_cells(*umap);
  auto types = distinct(*umap, column::kCellType);
  std::sort(types.begin(), types.end());
  const auto drawn = selection(map.points.size(), page.options.drawn_cells);
  std::string html = html_figure(
      page.next_figure(),
      "<div class=\"beside\">" + map_of_types(map, types, drawn) + "<div>" +
          legend(types, results.find("silhouette.tsv")) + "</div></div>",
      "UMAP of the cells in the latent space of the surrogate (30 neighbours, minimum distance "
      "0.3, "
      "cosine). Distances between far groups mean nothing. Silhouette: how much closer a cell lies "
      "to its own type than to the nearest other, from \u22121 to 1." +
          selection_words(drawn.size(), map.points.size()));

  const Table* expression = results.find("marker_expression.tsv");
  if (expression == nullptr) {
    return html + missing_file("marker_expression.tsv", "marker genes were not drawn on the map");
  }
  const auto genes = genes_to_draw(results, *expression, page.options.drawn_markers);
  std::string maps;
  std::string words;
  for (const auto& entry : expression_of(*expression, genes, map)) {
    const double most = saturation(entry.measured);
    const auto shown = selection(entry.cells.size(), page.options.drawn_cells);
    words = selection_words(shown.size(), entry.cells.size());
    maps += "<div><div class=\"pair\">" + map_of_expression(map, entry, true, most, shown) +
            map_of_expression(map, entry, false, most, shown) + "</div>" + shade_bar(most) +
            "</div>\n";
  }
  const size_t all = distinct(*expression, column::kGene).size();
  if (genes.size() < all) words += fmt::format(" {} of {} marker genes.", genes.size(), all);
  return html +
         html_figure(page.next_figure(), "<div class=\"maps\">" + maps + "</div>",
                     "Measured expression, and the surrogate’s prediction from peaks, on one "
                     "log scale for each gene; darkest from the 99th percentile of what was "
                     "measured on." +
                         words);
}

}  // namespace grids::core
