#include "math/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"

namespace grids::core {

Ranking::Ranking(std::span<const double> scores, std::span<const uint8_t> positive)
    : order_(scores.size()), positive_(positive.begin(), positive.end()) {
  if (positive.size() != scores.size()) throw internal_error("ranking: a mark for each score");
  if (std::any_of(scores.begin(), scores.end(), [](double s) { return std::isnan(s); })) {
    throw internal_error("ranking: a score is no number");
  }
  std::iota(order_.begin(), order_.end(), 0U);
  std::sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  });
  for (size_t i = 0; i < order_.size(); ++i) {
    const bool last = i + 1 == order_.size() || scores[order_[i]] != scores[order_[i + 1]];
    if (last) ends_.push_back(static_cast<uint32_t>(i + 1));
  }
}

PrecisionRecall Ranking::curve(std::span<const double> weights, double recall) const {
  double positives = 0;
  for (size_t i = 0; i < weights.size(); ++i) positives += positive_[i] != 0 ? weights[i] : 0;
  PrecisionRecall result;
  if (!(positives > 0)) return result;
  // Sums of weights such as 0.1 need not reach the last digit of the whole.
  const double wanted = recall * positives * (1 - 1e-12);
  double taken = 0, found = 0, area = 0;
  size_t i = 0;
  for (const uint32_t end : ends_) {
    const double before = found;
    for (; i < end; ++i) {
      const double weight = weights[order_[i]];
      taken += weight;
      found += positive_[order_[i]] != 0 ? weight : 0;
    }
    if (found == before) continue;
    area += (found - before) / positives * (found / taken);
    if (std::isnan(result.precision) && found >= wanted) result.precision = found / taken;
  }
  result.average_precision = area;
  return result;
}

std::vector<double> mean_ranks(std::span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t first = 0; first < order.size();) {
    size_t end = first;
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    const double shared = static_cast<double>(first + end + 1) / 2;
    for (; first < end; ++first) ranks[order[first]] = shared;
  }
  return ranks;
}

double rank_correlation(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size()) throw internal_error("rank correlation: sides of different length");
  if (a.size() < 3) return kNaN;
  const auto x = mean_ranks(a), y = mean_ranks(b);
  const double mean = static_cast<double>(a.size() + 1) / 2;
  double xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean) * (x[i] - mean);
    yy += (y[i] - mean) * (y[i] - mean);
    xy += (x[i] - mean) * (y[i] - mean);
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : kNaN;
}

}  // namespace grids::core
