/// How well scores put the positives first, and how alike two orders are.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/nan.hpp"

namespace grids::core {

/// What a precision-recall curve comes to.
struct PrecisionRecall {
  /// Σ (recall_k − recall_{k−1}) · precision_k over the thresholds k; not interpolated.
  double average_precision = kNaN;
  /// Precision at the highest threshold that reaches the wanted recall.
  double precision = kNaN;
};

/// Items in the order of their scores, the highest first. Items of equal score are taken together,
/// as one threshold, so that their order in the file cannot matter.
class Ranking {
 public:
  /// One score and one mark (1 = positive) an item. Scores may be infinite; NaN throws
  /// Error(kInternal).
  Ranking(std::span<const double> scores, std::span<const uint8_t> positive);

  /// Each item counts as often as its weight says (≥ 0): resampling and sub-sets are weights. NaN
  /// both where no positive counts.
  PrecisionRecall curve(std::span<const double> weights, double recall) const;

 private:
  std::vector<uint32_t> order_;
  std::vector<uint32_t> ends_;  ///< of the groups of equal scores in `order_`
  std::vector<uint8_t> positive_;
};

/// Ranks from 1, the lowest value first; equal values share their mean rank.
std::vector<double> mean_ranks(std::span<const double> values);

/// Spearman's correlation (1904): Pearson's of the mean ranks. NaN for fewer than three pairs and
/// where all values of a side are equal. Both sides have one length and no NaN.
double rank_correlation(std::span<const double> a, std::span<const double> b);

}  // namespace grids::core
