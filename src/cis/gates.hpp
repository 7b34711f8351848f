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
  /// Means between the two, by what the larger model is surer of; empty: there is nothing between.
  std::span<const double> between = {};
  std::span<const int32_t> type;  ///< of each cell
  double dispersion = 0;          ///< or residual variance
};

/// Sums over cells; those of several folds, each with a model of its own, are added up.
struct GateSums {
  double score = 0;
  double variance = 0;
  /// Score and information of the step from what lies between to the larger model, at what lies
  /// between.
  double second_score = 0, second_information = 0;
  double saved = 0;
  double cells = 0;

  void operator+=(const GateSums& other);
};

/// How much of the second step a gene keeps beside the whole first one, 0.05 … 1: what held-out
/// cells bear out of it, by one step of Fisher scoring (the slope of a calibration; Copas 1983). 1
/// where the step is nothing.
double kept_share(const GateSums& sums);

/// In log mean = log smaller + intercept of type + b · (log larger − log smaller): the score of b
/// at 0 and its variance by the cells themselves, whatever their law; and the deviance that the
/// larger model saves.
GateSums gate_sums(const GateInput& input);

/// One-sided test of the score; `gain` is the mean deviance saved in a cell. p is NaN where the
/// models do not differ. `q` and `passed` are left to `judge`.
CisGate test_gate(const GateSums& sums);

/// What passes a gate besides q at most the rate.
enum class GateRule : uint8_t {
  kTested,   ///< nothing: what does not save deviance as it stands is shrunken until it does
  kAndGain,  ///< and a gain above 0
};

/// q-values over the gates, and who passes.
void judge(std::span<CisGate*> gates, double rate, GateRule rule);

}  // namespace grids::core
