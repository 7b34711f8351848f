/// A table of colours: rows × columns of values, names beside them.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace grids::core {

struct HeatMap {
  std::string label;  ///< for screen readers
  std::string title;  ///< above the columns; may be empty
  std::vector<std::string> rows;
  std::vector<std::string> columns;
  std::vector<double> values;      ///< rows × columns; NaN is left white and crossed
  std::vector<std::string> texts;  ///< written into the cells; empty for none
  std::vector<bool> outlined;      ///< cells with a frame; empty for none
  std::function<std::string(double)> colour;
};

/// As SVG. Long names are cut with an ellipsis; the whole name is in the hint.
std::string draw_heat_map(const HeatMap& map);

/// At most `letters` characters (UTF-8 code points), the last an ellipsis when something was cut.
std::string shortened(std::string_view text, size_t letters);

}  // namespace grids::core
