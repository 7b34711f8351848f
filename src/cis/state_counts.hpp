/// The regression of one gene's counts on the columns of the state, for thousands of genes on the
/// same columns: the model of math/negative_binomial.hpp, with Newton's steps of which most take
/// the information of an earlier one. Near the maximum it hardly changes, and to sum it anew is
/// what a step costs.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace grids::core {

/// All borrowed.
struct StateCounts {
  std::span<const double> counts;
  std::span<const double> offset;  ///< log exposure
  std::vector<std::span<const double>> columns;
  std::span<const double> ridge;  ///< one a column
};

struct StateCountsFit {
  std::vector<double> coefficients;
  double dispersion = 0;
};

/// The maximum to 1e-6 of penalised log likelihood. `dispersion`: given, or estimated by likelihood
/// between 1e-4 and 1e3. `start`: coefficients, and a dispersion that is taken where none is given,
/// from which they are sought; coefficients may be empty.
StateCountsFit fit_state_counts(const StateCounts& rows, std::optional<double> dispersion,
                                StateCountsFit start);

}  // namespace grids::core
