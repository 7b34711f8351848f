#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "model/training_curves.hpp"
#include "report/heat_map.hpp"
#include "report/html.hpp"
#include "report/sections.hpp"
#include "report/svg.hpp"

namespace grids::core {
namespace {

/// One curve: the values of a loss over steps, in one split.
struct Curve {
  std::string split;
  std::vector<Svg::Point> points;  // step, value
};

/// Not more than `most` of the points, evenly chosen, the last one kept.
std::vector<Svg::Point> thinned(const std::vector<Svg::Point>& points, size_t most) {
  if (points.size() <= most) return points;
  std::vector<Svg::Point> result;
  for (size_t i = 0; i < most; ++i) result.push_back(points[i * (points.size() - 1) / (most - 1)]);
  return result;
}

std::string draw_curves(const std::string& title, const std::vector<Curve>& curves) {
  Svg::Point low{INFINITY, INFINITY};
  Svg::Point high{-INFINITY, -INFINITY};
  for (const Curve& curve : curves) {
    for (const auto& point : curve.points) {
      if (!std::isfinite(point.y)) continue;
      low = {std::min(low.x, point.x), std::min(low.y, point.y)};
      high = {std::max(high.x, point.x), std::max(high.y, point.y)};
    }
  }
  constexpr double kWidth = 320;
  constexpr double kHeight = 190;
  Svg svg(kWidth, kHeight, title);
  svg.text(4, 13, shortened(title, 44), Anchor::kStart, "st");
  if (!std::isfinite(low.y)) {
    svg.text(kWidth / 2, kHeight / 2, "no finite values", Anchor::kMiddle);
    return svg.str();
  }
  const auto y_marks = ticks(low.y, high.y, 4);
  const auto x_marks = ticks(low.x, high.x, 4);
  const Scale x{low.x, std::max(high.x, low.x + 1), 50, kWidth - 14};
  const Scale y{y_marks.front(), y_marks.back(), kHeight - 24, 26};
  for (const double mark : y_marks) {
    svg.line(x.from, y(mark), x.to, y(mark), "#e4e4e0");
    svg.text(x.from - 6, y(mark) + 4, tick_text(mark), Anchor::kEnd);
  }
  for (const double mark : x_marks) {
    if (mark > x.high || mark < x.low) continue;
    svg.text(x(mark), kHeight - 8, count_text(mark), Anchor::kMiddle);
  }
  for (const Curve& curve : curves) {
    std::vector<Svg::Point> line;
    for (const auto& point : thinned(curve.points, 250)) {
      if (std::isfinite(point.y)) line.push_back({x(point.x), y(point.y)});
    }
    const bool training = curve.split == "train";
    svg.polyline(line, training ? "#8a8a85" : "#d55e00", training ? 1.2 : 2);
  }
  return svg.str();
}

/// Nested options as rows "a.b.c | value".
void flatten(const nlohmann::json& value, const std::string& name,
             std::vector<std::vector<std::string>>& rows) {
  if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) {
      flatten(inner, name.empty() ? key : fmt::format("{}.{}", name, key), rows);
    }
    return;
  }
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  rows.push_back({"<code>" + escape_html(name) + "</code>", escape_html(text)});
}

std::string files_table(const std::vector<FileRecord>& files) {
  std::vector<std::vector<std::string>> rows;
  rows.reserve(files.size());
  for (const auto& file : files) {
    rows.push_back({escape_html(file.path), count_text(static_cast<double>(file.bytes)),
                    "<code>" + escape_html(file.sha256) + "</code>"});
  }
  return html_table({{"File"}, {"Bytes", true}, {"SHA-256"}}, rows);
}

std::string manifest_part(const Manifest& manifest) {
  std::string html = "<div class=\"columns\">";
  html += html_table({{"What"}, {"Value"}},
                     {{"Command", "<code>grids " + escape_html(manifest.command) + "</code>"},
                      {"Version", escape_html(manifest.version)},
                      {"Seed", std::to_string(manifest.seed)},
                      {"Threads", std::to_string(manifest.threads)}});
  if (!manifest.stages.empty()) {
    std::vector<std::vector<std::string>> rows;
    double total = 0;
    for (const auto& stage : manifest.stages) {
      rows.push_back({escape_html(stage.name), fmt::format("{:.1f} s", stage.seconds)});
      total += stage.seconds;
    }
    rows.push_back({"<b>all</b>", fmt::format("<b>{:.1f} s</b>", total)});
    html += html_table({{"Stage"}, {"Time", true}}, rows);
  }
  html += "</div>";
  if (!manifest.inputs.empty()) html += "<h3>Input files</h3>" + files_table(manifest.inputs);
  std::vector<std::vector<std::string>> options;
  flatten(nlohmann::json::parse(manifest.options, nullptr, false), "", options);
  if (!options.empty()) {
    html +=
        html_details(fmt::format("All {}", counted(static_cast<double>(options.size()), "option")),
                     html_table({{"Option"}, {"Value"}}, options));
  }
  return html;
}

bool consists_of(const std::string& text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string::npos;
}

/// A table as it is, whatever its columns.
std::string plain_table(const Table& table) {
  std::vector<HtmlColumn> columns;
  for (const auto& name : table.columns()) columns.push_back({escape_html(name), true});
  std::vector<std::vector<std::string>> rows;
  for (size_t row = 0; row < table.rows(); ++row) {
    std::vector<std::string> cells;
    for (size_t i = 0; i < columns.size(); ++i) {
      const auto& text = table.row(row)[i];
      const bool number = consists_of(text, "0123456789.-+eE");
      if (!text.empty() && !number && text != "NA") columns[i].number = false;
      const bool whole = consists_of(text, "0123456789") && text.size() < 15;
      cells.push_back(whole ? count_text(std::stod(text)) : escape_html(text));
    }
    rows.push_back(std::move(cells));
  }
  return html_table(columns, rows);
}

}  // namespace

std::string training_section(const Results& results, Page& page) {
  const Table* training = results.find("training.tsv");
  if (training == nullptr) {
    return missing_file("training.tsv", "there are no learning curves of the surrogate");
  }
  std::vector<std::string> order;
  std::map<std::string, std::vector<Curve>> panels;
  for (const CurvePoint& point : curve_columns().read(*training)) {
    const std::string title = point.stage + ": " + point.loss;
    auto& curves = panels[title];
    if (curves.empty()) order.push_back(title);
    auto found = std::find_if(curves.begin(), curves.end(),
                              [&](const Curve& curve) { return curve.split == point.split; });
    if (found == curves.end()) found = curves.insert(curves.end(), {point.split, {}});
    found->points.push_back({static_cast<double>(point.step), point.value});
  }
  // Terms that only training cells have are of interest to few.
  std::string judged;
  std::string others;
  for (const auto& title : order) {
    const auto& curves = panels[title];
    const bool validated = std::any_of(curves.begin(), curves.end(), [](const Curve& curve) {
      return curve.split == "validation";
    });
    (validated ? judged : others) += draw_curves(title, curves);
  }
  if (judged.empty()) std::swap(judged, others);
  std::string html = html_figure(
      page.next_figure(), "<div class=\"panels\">" + judged + "</div>",
      "Losses of the surrogate over training steps, by stage: on training cells (grey) and on "
      "validation cells (orange), which decide which weights are kept.");
  if (!others.empty()) {
    html +=
        html_details("Losses on training cells only", "<div class=\"panels\">" + others + "</div>");
  }
  return html;
}

std::string run_section(const Results& results, Page&) {
  std::string html;
  const bool several = results.manifests.size() > 1;
  for (const auto& manifest : results.manifests) {
    if (several) html += "<h3>grids " + escape_html(manifest.command) + "</h3>";
    html += manifest_part(manifest);
  }
  if (results.manifests.empty()) {
    html += missing_file("manifest.json", "versions, options and input files were not recorded");
  }
  if (const Table* prepare = results.find("prepare.tsv")) {
    html += "<h3>From raw files to the study</h3>" + plain_table(*prepare);
  } else {
    html += missing_file("prepare.tsv", "the steps of preparation were not recorded");
  }
  return html;
}

}  // namespace grids::core
