/// The cells before any peak or gene: types, donors, depths, programme scores.
#pragma once

#include <string>
#include <vector>

#include "simulate/simulate.hpp"

namespace grids::core::simulation {

/// "00012": as many digits as the largest needs, so that names sort as the numbers do.
std::string numbered(const char* stem, int64_t number, int64_t largest);

struct CellPlan {
  std::vector<std::string> types;  ///< "type_1" …, largest first
  /// Those that are simulated, then the second cells of the doublets.
  CellTruth cells;
  /// For each cell of the result its second cell, or −1.
  std::vector<int32_t> second;
  /// types × programmes: the mean score of a type, which peaks and genes of the programme follow.
  std::vector<double> programme_mean;

  double mean_score(int32_t type, int32_t programme) const {
    return programme_mean[static_cast<size_t>(type) * static_cast<size_t>(cells.programmes) +
                          static_cast<size_t>(programme)];
  }
  /// Cells of the result.
  int64_t visible() const { return static_cast<int64_t>(second.size()); }
  /// Leaves the cells of the result.
  void drop_second_cells();
};

/// The first `types` programmes mark one type each and hardly vary within it; the others follow the
/// state.
CellPlan draw_cells(const SimulateOptions& options, uint64_t seed);

}  // namespace grids::core::simulation
