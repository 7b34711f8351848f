/// Which simulated peak follows which programme: what lets one tell whether a search found a
/// programme's peaks, or the elements of a gene.
///
/// Programmes are those of simulate.hpp: one for each cell type, in the order of `Truth::types`,
/// then those of the state.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/columns.hpp"
#include "simulate/truth.hpp"

namespace grids::core {

enum class PeakRole : uint8_t { kBackground, kPromoter, kCause, kBystander };

/// "background", "promoter", "cause", "bystander".
const char* peak_role_name(PeakRole role);

/// One entry a peak in each list.
struct PeakTruth {
  std::vector<std::string> names;
  std::vector<PeakRole> role;
  std::vector<int32_t> programme;  ///< −1: none
  /// Log popularity per unit of a cell's score on the programme, among the cells of a type; 0
  /// without a programme.
  std::vector<double> level;
  /// The same per unit of a type's mean score, which is high in the type that a programme marks.
  /// Positive: the peak is open more in the types of the programme. Lower for promoters, which are
  /// open in most types; 0 for causes and bystanders, whose openness in each type was drawn by
  /// itself.
  std::vector<double> type_level;
  /// Peaks × `Truth::batches`: log factor of the popularity; empty without batches.
  std::vector<double> batch_effects;

  int64_t size() const { return static_cast<int64_t>(names.size()); }
};

/// The type's name, "state 1" …, or "none" for −1.
std::string programme_name(const Truth& truth, int32_t programme);

/// `peaks.tsv`; what batches do only where there are some.
Table peak_truth_table(const Truth& truth, const PeakTruth& peaks);
TableText describe_peak_truth();
/// Throws Error(kInput) that names table, row and column.
PeakTruth parse_peak_truth(const Truth& truth, const Table& table);

}  // namespace grids::core
