/// The cells before any peak or gene: types, donors, depths, programme scores.
#pragma once

#include <string>
#include <vector>

#include "simulate/simulate.hpp"

namespace grids::core::simulation {

struct CellPlan {
  std::vector<std::string> types;  ///< "type_1" …, largest first
  CellTruth cells;
  /// types × programmes: the mean score of a type, which peaks and genes of the programme follow.
  std::vector<double> programme_mean;

  double mean_score(int32_t type, int32_t programme) const {
    return programme_mean[static_cast<size_t>(type) * static_cast<size_t>(cells.programmes) +
                          static_cast<size_t>(programme)];
  }
};

/// The first `types` programmes mark one type each and hardly vary within it; the others follow the
/// state.
CellPlan draw_cells(const SimulateOptions& options, uint64_t seed);

}  // namespace grids::core::simulation
