/// Fisher's exact test of a two by two table.
#pragma once

#include <cstdint>

namespace grids::core {

/// Counts of things with and without a mark in two groups.
struct TwoByTwo {
  int64_t with_a = 0;
  int64_t without_a = 0;
  int64_t with_b = 0;
  int64_t without_b = 0;
};

/// P(at least as many of group a have the mark | margins), one-sided (Fisher 1935). 1 where a
/// margin is 0.
double fisher_upper_tail(const TwoByTwo& table);

struct OddsRatio {
  double value = 0;
  double low = 0;  ///< 95 % interval of Woolf (1955)
  double high = 0;
};

/// Odds of the mark in a ÷ in b, with ½ added to each count (Haldane 1956, Anscombe 1956).
OddsRatio odds_ratio(const TwoByTwo& table);

}  // namespace grids::core
