#include "validate/share_interval.hpp"

#include <algorithm>
#include <tuple>

#include "math/statistics.hpp"

namespace grids::core {
namespace {

constexpr double kTail = 0.025;

/// P(X > hits) + ½ P(X = hits) of a binomial with share p, for whole or broken numbers: the mean of
/// the upper tails with and without `hits`.
double mid_upper_tail(double hits, double trials, double p) {
  const double with = hits > 0 ? incomplete_beta(p, hits, trials - hits + 1) : 1;
  const double without = hits < trials ? incomplete_beta(p, hits + 1, trials - hits) : 0;
  return (with + without) / 2;
}

/// The p at which the upper tail, which grows with it, is `wanted`.
double share_at(double hits, double trials, double wanted) {
  double low = 0, high = 1;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (mid_upper_tail(hits, trials, middle) < wanted ? low : high) = middle;
  }
  return (low + high) / 2;
}

/// The variance of the share over clusters.
double variance_over(std::span<const ClusterHits> clusters, double trials) {
  double excess = 0;
  for (const auto& cluster : clusters) excess += cluster.hits - cluster.expected;
  excess /= trials;
  double squares = 0;
  for (const auto& cluster : clusters) {
    const double beyond = cluster.hits - cluster.expected - excess * cluster.trials;
    squares += beyond * beyond;
  }
  const auto count = static_cast<double>(clusters.size());
  return squares / (trials * trials) * count / (count - 1);
}

}  // namespace

std::pair<double, double> binomial_interval(double hits, double trials) {
  return {hits <= 0 ? 0 : share_at(hits, trials, kTail),
          hits >= trials ? 1 : share_at(hits, trials, 1 - kTail)};
}

ShareInterval share_interval(std::span<const ClusterHits> clusters) {
  double trials = 0, hits = 0;
  for (const auto& cluster : clusters) {
    trials += cluster.trials;
    hits += cluster.hits;
  }
  ShareInterval result;
  if (trials <= 0) return result;
  result.value = hits / trials;
  if (clusters.size() < 2) return result;
  double effective = trials;
  const double variance = variance_over(clusters, trials);
  const double binomial = result.value * (1 - result.value) / trials;
  if (binomial > 0 && variance > 0) effective *= binomial / variance;
  const auto freedom = static_cast<double>(clusters.size()) - 1;
  const double wider = student_upper_quantile(kTail, freedom) / normal_upper_quantile(kTail);
  effective = std::min(effective / (wider * wider), trials * trials);
  std::tie(result.low, result.high) = binomial_interval(result.value * effective, effective);
  return result;
}

}  // namespace grids::core
