#include "report/svg.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "report/html.hpp"

namespace grids::core {
namespace {

struct Rgb {
  double red;
  double green;
  double blue;
};

std::string hex(Rgb colour) {
  const auto byte = [](double value) { return static_cast<int>(std::lround(value)); };
  return fmt::format("#{:02x}{:02x}{:02x}", byte(colour.red), byte(colour.green),
                     byte(colour.blue));
}

/// Linear between equally spaced colours, 0 … 1.
template <size_t kCount>
std::string interpolate(const std::array<Rgb, kCount>& ramp, double share) {
  const double position = std::clamp(share, 0.0, 1.0) * (kCount - 1);
  const auto left = std::min(static_cast<size_t>(position), kCount - 2);
  const double t = position - static_cast<double>(left);
  const Rgb& a = ramp[left];
  const Rgb& b = ramp[left + 1];
  return hex(
      {std::lerp(a.red, b.red, t), std::lerp(a.green, b.green, t), std::lerp(a.blue, b.blue, t)});
}

constexpr std::array<Rgb, 6> kSequential = {{{232, 232, 230},
                                             {184, 207, 222},
                                             {123, 173, 209},
                                             {66, 131, 184},
                                             {28, 85, 144},
                                             {8, 38, 84}}};

constexpr std::array<Rgb, 7> kDiverging = {{{33, 82, 148},
                                            {84, 142, 192},
                                            {173, 205, 226},
                                            {250, 250, 248},
                                            {245, 190, 164},
                                            {212, 105, 82},
                                            {152, 24, 43}}};

}  // namespace

std::string coordinate(double value) {
  const double rounded = std::round(value * 10) / 10;
  return fmt::format("{}", rounded == 0 ? 0.0 : rounded);
}

Svg::Svg(double width, double height, std::string_view label)
    : width_(width), height_(height), label_(label) {}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view colour, double width) {
  content_ += fmt::format(
      "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"{}\"/>\n",
      coordinate(x1), coordinate(y1), coordinate(x2), coordinate(y2), colour, width);
}

void Svg::rectangle(double x, double y, double width, double height, std::string_view fill,
                    std::string_view stroke) {
  content_ += fmt::format(
      "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\" stroke=\"{}\"/>\n",
      coordinate(x), coordinate(y), coordinate(width), coordinate(height), fill, stroke);
}

void Svg::circle(double x, double y, double radius, std::string_view fill, std::string_view stroke,
                 std::string_view hint) {
  content_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\" stroke=\"{}\"",
                          coordinate(x), coordinate(y), coordinate(radius), fill, stroke);
  content_ += hint.empty() ? std::string("/>\n")
                           : fmt::format("><title>{}</title></circle>\n", escape_html(hint));
}

void Svg::text(double x, double y, std::string_view words, Anchor anchor,
               std::string_view css_class) {
  constexpr const char* kAnchors[] = {"start", "middle", "end"};
  content_ +=
      fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"{}\"{}>{}</text>\n", coordinate(x),
                  coordinate(y), kAnchors[static_cast<size_t>(anchor)],
                  css_class.empty() ? std::string() : fmt::format(" class=\"{}\"", css_class),
                  escape_html(words));
}

void Svg::dots(const std::vector<Point>& points, double diameter, std::string_view colour) {
  if (points.empty()) return;
  // Moves of no length with round ends.
  std::string path;
  for (const Point& point : points) {
    path += fmt::format("M{} {}h0", coordinate(point.x), coordinate(point.y));
  }
  content_ += fmt::format(
      "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linecap=\"round\"/>\n",
      path, colour, diameter);
}

void Svg::polyline(const std::vector<Point>& points, std::string_view colour, double width) {
  if (points.empty()) return;
  std::string list;
  for (const Point& point : points) {
    if (!list.empty()) list += ' ';
    list += coordinate(point.x) + "," + coordinate(point.y);
  }
  content_ += fmt::format(
      "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" "
      "stroke-linejoin=\"round\"/>\n",
      list, colour, width);
}

std::string Svg::str() const {
  return fmt::format(
      "<svg viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
      "aria-label=\"{2}\">\n{3}</svg>\n",
      coordinate(width_), coordinate(height_), escape_html(label_), content_);
}

std::vector<double> ticks(double low, double high, int count) {
  if (!(high > low)) high = low + 1;
  const double rough = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = power;
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    step = factor * power;
    if (step >= rough * 0.999) break;
  }
  std::vector<double> result;
  const auto first = static_cast<int64_t>(std::floor(low / step + 1e-9));
  const auto last = static_cast<int64_t>(std::ceil(high / step - 1e-9));
  for (int64_t i = first; i <= last; ++i) result.push_back(static_cast<double>(i) * step);
  return result;
}

std::string tick_text(double value) {
  const std::string text = fmt::format("{:.6g}", value);
  return text.starts_with('-') ? fmt::format("\u2212{}", std::string_view(text).substr(1)) : text;
}

std::string category_colour(size_t i) {
  constexpr const char* kColours[] = {"#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00",
                                      "#56b4e9", "#882255", "#999933", "#332288", "#44aa99",
                                      "#b8860b", "#6b6b6b", "#aa4499", "#117733"};
  return kColours[i % std::size(kColours)];
}

std::string sequential_colour(double share) {
  return std::isnan(share) ? "#ffffff" : interpolate(kSequential, share);
}

std::string diverging_colour(double value) {
  return std::isnan(value) ? "#ffffff" : interpolate(kDiverging, (value + 1) / 2);
}

std::string text_colour_on(std::string_view colour) {
  // Relative luminance as in WCAG 2; above this one black has the larger contrast.
  const auto channel = [&](size_t at) {
    const double value = std::stoi(std::string(colour.substr(at, 2)), nullptr, 16) / 255.0;
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  };
  const double luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
  constexpr double kMiddle = 0.179;
  return luminance > kMiddle ? "#1a1a1a" : "#ffffff";
}

}  // namespace grids::core
