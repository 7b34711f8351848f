/// Does a larger model predict new cells better than a smaller one?
#pragma once

#include <cstdint>
#include <span>

#include "model/cis_path.hpp"

namespace grids::core {

/// Predictions of one gene for cells that neither model has seen.
struct GateInput {
  CisResponse response = CisResponse::kCounts;
  std::span<const double> values;   ///< counts, or log values
  std::span<const double> smaller;  ///< means by the smaller model
  std::span<const double> larger;
  std::span<const int32_t> type;  ///< of each cell
  double dispersion = 0;          ///< or residual variance
};

/// Sums over cells; those of several folds, each with a model of its own, are added up.
struct GateSums {
  double score = 0;
  double variance = 0;
  double saved = 0;
  double cells = 0;

  void operator+=(const GateSums& other);
};

/// In log mean = log smaller + intercept of type + b · (log larger − log smaller): the score of b
/// at 0 and its variance by the cells themselves, whatever their law; and the deviance that the
/// larger model saves.
GateSums gate_sums(const GateInput& input);

/// One-sided test of the score; `gain` is the mean deviance saved in a cell. p is NaN where the
/// models do not differ. `q` and `passed` are left to `judge`.
CisGate test_gate(const GateSums& sums);

/// q-values over the gates, and who passes: q at most `rate`, and a gain above 0.
void judge(std::span<CisGate*> gates, double rate);

}  // namespace grids::core
