#include "report/heat_map.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "report/html.hpp"
#include "report/svg.hpp"

namespace grids::core {
namespace {

constexpr double kLetter = 6.2;  // mean width of a letter at the size that labels have
constexpr double kRowHeight = 20;

size_t letters_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

double widest(const std::vector<std::string>& names, size_t most) {
  size_t letters = 0;
  for (const auto& name : names) letters = std::max(letters, std::min(most, letters_of(name)));
  return static_cast<double>(letters) * kLetter;
}

}  // namespace

std::string shortened(std::string_view text, size_t letters) {
  if (letters_of(text) <= letters) return std::string(text);
  std::string result;
  size_t kept = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80 && ++kept == letters) break;
    result.push_back(c);
  }
  return result + "…";
}

std::string draw_heat_map(const HeatMap& map) {
  constexpr size_t kRowLetters = 24;
  constexpr size_t kColumnLetters = 18;
  const double cell = map.texts.empty() ? 26 : 46;
  const double left = widest(map.rows, kRowLetters) + 12;
  // Column names stand at 45 degrees.
  const double name_height = widest(map.columns, kColumnLetters) * 0.75 + 14;
  const double top = name_height + (map.title.empty() ? 0 : 18);
  const double columns = static_cast<double>(map.columns.size());
  const double width = left + columns * cell + name_height * 0.8;
  Svg svg(width, top + static_cast<double>(map.rows.size()) * kRowHeight + 4, map.label);
  if (!map.title.empty()) svg.text(left, 12, map.title, Anchor::kStart, "st");
  for (size_t c = 0; c < map.columns.size(); ++c) {
    const double x = left + (static_cast<double>(c) + 0.5) * cell;
    svg.raw(fmt::format(
        "<text transform=\"translate({} {}) rotate(-45)\">{}<title>{}</title></text>\n",
        coordinate(x), coordinate(top - 6), escape_html(shortened(map.columns[c], kColumnLetters)),
        escape_html(map.columns[c])));
  }
  for (size_t r = 0; r < map.rows.size(); ++r) {
    const double y = top + static_cast<double>(r) * kRowHeight;
    svg.text(left - 6, y + 14, shortened(map.rows[r], kRowLetters), Anchor::kEnd);
    for (size_t c = 0; c < map.columns.size(); ++c) {
      const size_t i = r * map.columns.size() + c;
      const double x = left + static_cast<double>(c) * cell;
      const std::string colour = map.colour(map.values[i]);
      svg.raw(fmt::format(
          "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"><title>{}: {}</title>"
          "</rect>\n",
          coordinate(x), coordinate(y), coordinate(cell - 1), coordinate(kRowHeight - 1), colour,
          escape_html(map.rows[r] + ", " + map.columns[c]), number_text(map.values[i])));
      if (std::isnan(map.values[i])) {
        svg.line(x + 3, y + kRowHeight - 4, x + cell - 4, y + 3, "#bbbbbb");
      } else if (!map.texts.empty()) {
        svg.raw(fmt::format(
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" class=\"sv\" fill=\"{}\">{}</text>\n",
            coordinate(x + cell / 2 - 0.5), coordinate(y + 13.5), text_colour_on(colour),
            escape_html(map.texts[i])));
      }
    }
  }
  for (size_t i = 0; i < map.outlined.size(); ++i) {
    if (!map.outlined[i]) continue;
    const size_t row = i / map.columns.size();
    const size_t column = i % map.columns.size();
    const double x = left + static_cast<double>(column) * cell;
    const double y = top + static_cast<double>(row) * kRowHeight;
    svg.rectangle(x - 0.5, y - 0.5, cell, kRowHeight, "none", "#1a1a1a");
  }
  return svg.str();
}

}  // namespace grids::core
