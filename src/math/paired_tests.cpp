#include "math/paired_tests.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/nan.hpp"
#include "math/statistics.hpp"

namespace grids::core {
namespace {

/// P(sum of a random half of the ranks ≥ `sum`): each rank is in it with probability ½. Twice the
/// ranks, so that shared ones are whole numbers.
double exact_upper_tail(const std::vector<int64_t>& doubled_ranks, int64_t sum) {
  std::vector<double> probability = {1};
  for (const int64_t rank : doubled_ranks) {
    std::vector<double> next(probability.size() + static_cast<size_t>(rank), 0.0);
    for (size_t i = 0; i < probability.size(); ++i) {
      next[i] += probability[i] / 2;
      next[i + static_cast<size_t>(rank)] += probability[i] / 2;
    }
    probability = std::move(next);
  }
  double tail = 0;
  for (size_t i = probability.size(); i-- > static_cast<size_t>(sum);) tail += probability[i];
  return std::min(tail, 1.0);
}

}  // namespace

PairedTest paired_t_test(std::span<const double> differences) {
  PairedTest test{static_cast<int64_t>(differences.size()), kNaN, kNaN};
  if (test.pairs < 2) return test;
  const auto n = static_cast<double>(test.pairs);
  double mean = 0;
  for (const double difference : differences) mean += difference / n;
  double squares = 0;
  for (const double difference : differences) squares += (difference - mean) * (difference - mean);
  if (squares == 0 && mean == 0) return test;
  test.statistic = mean / std::sqrt(squares / (n - 1) / n);
  test.p = std::isinf(test.statistic) ? (mean > 0 ? 0.0 : 1.0)
                                      : student_upper_tail(test.statistic, n - 1);
  return test;
}

PairedTest signed_rank_test(std::span<const double> differences) {
  std::vector<double> kept;
  for (const double difference : differences) {
    if (difference != 0) kept.push_back(difference);
  }
  std::sort(kept.begin(), kept.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  PairedTest test{static_cast<int64_t>(kept.size()), kNaN, kNaN};
  if (test.pairs < 2) return test;
  std::vector<int64_t> doubled(kept.size());
  int64_t sum = 0;  // of doubled ranks
  double ties = 0;
  for (size_t first = 0; first < kept.size();) {
    size_t last = first;
    while (last < kept.size() && std::abs(kept[last]) == std::abs(kept[first])) ++last;
    const auto rank = static_cast<int64_t>(first + 1 + last);  // first + 1 … last, twice the mean
    for (size_t i = first; i < last; ++i) {
      doubled[i] = rank;
      if (kept[i] > 0) sum += rank;
    }
    const auto equal = static_cast<double>(last - first);
    ties += equal * (equal * equal - 1);
    first = last;
  }
  test.statistic = static_cast<double>(sum) / 2;
  if (test.pairs <= kExactSignedRanks) {
    test.p = exact_upper_tail(doubled, sum);
    return test;
  }
  const auto n = static_cast<double>(test.pairs);
  const double variance = n * (n + 1) * (2 * n + 1) / 24 - ties / 48;
  test.p = normal_upper_tail((test.statistic - n * (n + 1) / 4) / std::sqrt(variance));
  return test;
}

}  // namespace grids::core
