/// How often something else lies closer than what belongs together: the fraction of samples closer
/// than the true match (FOSCTTM; Liu, Huang, Singh, Vert & Noble 2019).
///
/// Distances are Euclidean. Candidates are sorted out by products of blocks in float; what these
/// cannot tell apart is decided in double, so that results depend neither on the processor nor on
/// the number of threads, and what lies in one place is a tie. No matrix of cells × cells is held.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"

namespace grids::core {

/// Things that were measured twice, in one space: row i of both sides belongs together.
struct MatchedPoints {
  std::span<const float> queries;     ///< rows × dimensions
  std::span<const float> candidates;  ///< rows × dimensions
  int64_t dimensions = 0;
  std::span<const int32_t> groups;    ///< of each row, from 0
  std::span<const int32_t> asked;     ///< rows whose queries are looked at, ascending
  std::span<const double> stand_for;  ///< how many rows each of these stands for, at least one
};

/// An entry for each row that was asked; NaN where there is no other row.
struct CloserShares {
  /// The share of the other candidates that lie closer to the query than its own; those as far as
  /// it count half. 0 = its own is the closest, ½ = as if places were drawn.
  std::vector<double> as_query;
  /// The share of the other queries to which this row's candidate lies closer than their own: what
  /// the row adds to the others' shares. A standard error needs both, since each row is asked and
  /// is what others are held against.
  std::vector<double> as_candidate;
};

struct CloserThanMatch {
  CloserShares of_all;    ///< among all rows
  CloserShares of_group;  ///< among rows of the same group alone
};

/// Throws Error(kCancelled) when the user asks to stop, Error(kInternal) when sizes disagree.
CloserThanMatch closer_than_match(const MatchedPoints& points, const Context& context);

}  // namespace grids::core
