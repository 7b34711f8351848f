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
/// each other: the odds are multiplied by the likelihood ratio of what is observed of up to
/// `neighbours` of them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.hpp"
#include "cis/gene_problem.hpp"

namespace grids {

struct OpennessOptions {
  /// Probability that ATAC observes an open peak in a cell of median depth, in (0, 1]; 1: closed is
  /// closed.
  double capture = 1;
  /// Peaks that tell of a peak, at most; 0: each stands alone.
  int32_t neighbours = 3;
  /// Peaks tell of each other when they are open together this many standard deviations more often
  /// than expected. Of 5,000 pairs hardly one is by chance; smaller values let more in.
  double least_coaccess = 5;

  void add_problems(Problems& problems) const;
};

/// s_i, from the open peaks of each row (in the whole cell) relative to their median; 1 at capture
/// 1.
std::vector<double> seen_probability(std::span<const double> open_peaks, double capture);

/// Probabilities in [0, 1], 1 where observed open.
class Beliefs {
 public:
  Beliefs(size_t peaks, size_t rows) : rows_(rows), values_(peaks * rows), neighbours_(peaks) {}

  size_t rows() const { return rows_; }
  size_t peaks() const { return rows_ == 0 ? 0 : values_.size() / rows_; }
  /// Of one peak in all rows.
  std::span<const float> peak(int32_t peak) const {
    return {values_.data() + static_cast<size_t>(peak) * rows_, rows_};
  }
  /// Peaks that tell of a peak, most telling first.
  const std::vector<int32_t>& neighbours(int32_t peak) const {
    return neighbours_[static_cast<size_t>(peak)];
  }
  std::vector<int32_t>& neighbours(int32_t peak) { return neighbours_[static_cast<size_t>(peak)]; }
  bool tell_of_each_other(int32_t a, int32_t b) const;
  std::span<const float> values() const { return values_; }  ///< peaks × rows
  std::span<float> peak(int32_t peak) {
    return {values_.data() + static_cast<size_t>(peak) * rows_, rows_};
  }

 private:
  size_t rows_;
  std::vector<float> values_;  // peaks × rows
  std::vector<std::vector<int32_t>> neighbours_;
};

/// `open_peaks` as above, one a row.
Beliefs openness_beliefs(const GeneProblem& problem, std::span<const double> open_peaks,
                         const OpennessOptions& options);

}  // namespace grids
