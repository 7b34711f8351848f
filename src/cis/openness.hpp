/// What ATAC misses: how likely each peak of a window is open in each row, given what was observed.
///
/// A latently open peak is observed in row i with probability s_i = 1 − (1 − capture)^√depth_i, the
/// same for all peaks; a closed one never. A peak is observed in p = (share of the type's rows) ×
/// (open peaks of the row ÷ mean of the type) of such rows, so it is open in p / s of them, and
/// where it is observed closed
///
///     P(open | closed) = π (1 − s) / (1 − π s),   π = p / s (capped).
///
/// Peaks of the window that are open together far more often than types and depths explain tell of
/// each other: where that is asked for, the odds are multiplied by the likelihood ratio of what is
/// observed of a few such neighbours.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cis/gene_problem.hpp"

namespace grids::core {

/// s_i at a capture in (0, 1], from the open peaks of each row (in the whole cell) relative to
/// their median: depth is what makes depth × s as much larger. All 1 at capture 1.
std::vector<double> seen_probability(std::span<const double> open_peaks, double capture);

/// Probabilities in [0, 1], 1 where observed open.
class Beliefs {
 public:
  Beliefs(size_t peaks, size_t rows) : rows_(rows), values_(peaks * rows) {}

  size_t rows() const { return rows_; }
  size_t peaks() const { return rows_ == 0 ? 0 : values_.size() / rows_; }
  /// Of one peak in all rows.
  std::span<const float> peak(int32_t peak) const {
    return {values_.data() + static_cast<size_t>(peak) * rows_, rows_};
  }
  std::span<const float> values() const { return values_; }  ///< peaks × rows
  std::span<float> peak(int32_t peak) {
    return {values_.data() + static_cast<size_t>(peak) * rows_, rows_};
  }

 private:
  size_t rows_;
  std::vector<float> values_;  // peaks × rows
};

/// `open_peaks` and `seen` (s) as above, one a row; at most `neighbours` tell of a peak.
Beliefs openness_beliefs(const GeneProblem& problem, std::span<const double> open_peaks,
                         std::span<const double> seen, size_t neighbours = 0);

}  // namespace grids::core
