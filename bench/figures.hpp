/// What was measured, as a table for people and as JSON for programs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"

namespace grids::core::bench {

class Stopwatch;

struct Figure {
  std::string name;  ///< its key in the JSON
  double value = 0;
  std::string unit;
  std::optional<double> floor;  ///< what the arithmetic or the memory traffic alone would take
  std::string about;            ///< one line for the table
};

class Figures {
 public:
  explicit Figures(Reporter& reporter) : reporter_(reporter) {}

  /// Also tells it, so that a run that ends early has not measured in vain.
  void add(Figure figure);
  /// The same, with a warning when the stopwatch has a complaint.
  void add(Figure figure, const Stopwatch& watch);
  /// A text that belongs to the run: machine, seed.
  void remark(const std::string& name, const std::string& text);

  std::optional<double> value(const std::string& name) const;

  std::string table() const;
  /// One object: a number for each figure, a string for each remark, `floors`, a number for each
  /// figure that has one, and `busy`, the names of the figures whose stopwatch had a complaint.
  void write_json(const std::filesystem::path& path) const;

 private:
  Reporter& reporter_;
  std::vector<Figure> figures_;
  std::vector<std::pair<std::string, std::string>> remarks_;
  std::vector<std::string> busy_;
};

}  // namespace grids::core::bench
