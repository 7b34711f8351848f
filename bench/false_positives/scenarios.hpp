/// What is planted beside genes that nothing regulates, and whether the program is told of it.
#pragma once

#include <string>
#include <vector>

#include "simulate/simulate.hpp"

namespace grids::core::bench {

struct Scenario {
  std::string name;   ///< as --only spells it
  std::string about;  ///< in the table
  void (*plant)(SimulateOptions& options);
  /// The column of obs that names what cells come from, for `prepare`.
  std::string donor_column = "donor";
  /// Of the rate at which null sets are called at 0.05; 0 and 1: none.
  double low = 0;
  double high = 1;
};

const std::vector<Scenario>& scenarios();

}  // namespace grids::core::bench
