/// One-sided tests of paired differences: is the first of each pair larger?
#pragma once

#include <cstdint>
#include <span>

namespace grids::core {

struct PairedTest {
  int64_t pairs = 0;     ///< that count
  double statistic = 0;  ///< t, or the sum of the ranks of positive differences
  /// One-sided; NaN where there is nothing to test (fewer than two pairs, or all differences 0).
  double p = 0;
};

/// Student's t of the mean difference against 0. Differences that are all equal and positive give
/// p = 0 (negative: 1).
PairedTest paired_t_test(std::span<const double> differences);

/// Pairs up to which the signed-rank distribution is enumerated.
inline constexpr int64_t kExactSignedRanks = 50;

/// Wilcoxon's signed-rank test (1945). Differences of 0 are left out; equal ones share their mean
/// rank. Up to kExactSignedRanks pairs p is exact, given the ties; beyond, from the normal
/// approximation with the variance corrected for ties and no continuity correction.
PairedTest signed_rank_test(std::span<const double> differences);

}  // namespace grids::core
