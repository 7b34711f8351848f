/// Drawing as inline SVG: shapes, axes, colours that colour-blind readers can tell apart.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace grids::core {

enum class Anchor { kStart, kMiddle, kEnd };

/// One drawing of a fixed size in its own units, scaled to the page by the browser. Coordinates are
/// rounded to a tenth. Colours are CSS; text is escaped here.
class Svg {
 public:
  /// `label` tells screen readers what is drawn.
  Svg(double width, double height, std::string_view label);

  void line(double x1, double y1, double x2, double y2, std::string_view colour, double width = 1);
  void rectangle(double x, double y, double width, double height, std::string_view fill,
                 std::string_view stroke = "none");
  /// `hint` is shown when the pointer rests on it; may be empty.
  void circle(double x, double y, double radius, std::string_view fill,
              std::string_view stroke = "none", std::string_view hint = {});
  void text(double x, double y, std::string_view words, Anchor anchor = Anchor::kStart,
            std::string_view css_class = {});
  /// Any element, as SVG.
  void raw(std::string_view element) { content_ += element; }

  /// Round dots of one colour as a single path: small even for thousands.
  struct Point {
    double x;
    double y;
  };
  void dots(const std::vector<Point>& points, double diameter, std::string_view colour);
  void polyline(const std::vector<Point>& points, std::string_view colour, double width = 1.5);

  std::string str() const;

 private:
  double width_;
  double height_;
  std::string label_;
  std::string content_;
};

/// "12.3", "4": a coordinate to a tenth.
std::string coordinate(double value);

/// A linear map from values to coordinates.
struct Scale {
  double low;
  double high;
  double from;
  double to;

  double operator()(double value) const {
    return from + (value - low) / (high - low) * (to - from);
  }
};

/// Round values (1, 2 or 5 times a power of ten) that cover [low, high] in about `count` steps,
/// from the last one not above `low` to the first one not below `high`.
std::vector<double> ticks(double low, double high, int count);

/// "0.05", "−20": a tick without superfluous digits.
std::string tick_text(double value);

/// A colour for the i-th category (Okabe & Ito, then Tol's muted); repeats after 14.
std::string category_colour(size_t i);

/// From light grey (0) to dark blue (1); monotone in lightness. NaN is white.
std::string sequential_colour(double share);

/// Blue (−1) over white (0) to red (1).
std::string diverging_colour(double value);

/// Black or white, whichever reads better on the colour ("#rrggbb").
std::string text_colour_on(std::string_view colour);

}  // namespace grids::core
