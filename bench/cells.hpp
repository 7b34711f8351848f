/// The cells and the surrogate that everything is measured on: simulated once, kept for later runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "model/folded_surrogate.hpp"
#include "settings.hpp"
#include "study/study.hpp"

namespace grids::core::bench {

struct Cells {
  std::filesystem::path study_path, surrogate_path;
  Study study;
  SurrogateFile file;
  FoldedSurrogate surrogate;
  /// The cells that searches and knock-outs see, rows of the study, ascending: the first
  /// `Sizes::cells` training cells of `type`, the smallest type that has so many; where none has,
  /// all of the largest type, topped up with the first training cells of the others.
  std::vector<int32_t> cells;
  std::string type;
  /// The gene whose prediction varies most over these cells, among those that are predicted above 0
  /// in nine of ten.
  int32_t target = 0;
};

/// Simulates, prepares and draws weights, unless the folder holds them from an earlier run with the
/// same size and seed (small ones are always made anew).
///
/// The weights are random (tests/support/random_surrogate.hpp): costs do not depend on what a
/// surrogate has learned. So that predictions are not degenerate, the BatchNorms behind the
/// chromosome sums get the statistics of training cells, and the last layer's offsets put
/// predictions above 0 as training does.
Cells make_cells(const Settings& settings, const Sizes& sizes, const Context& context);

}  // namespace grids::core::bench
