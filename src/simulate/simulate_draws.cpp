#include "simulate/simulate_draws.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace grids::core::simulation {
namespace {

constexpr double kTwo32 = 4294967296.0;

/// Counts uniform factors until their product falls below exp(−mean).
int64_t draw_small_poisson(RandomStream& random, double mean) {
  const double limit = std::exp(-mean);
  int64_t count = 0;
  for (double product = random.uniform(); product > limit; product *= random.uniform()) ++count;
  return count;
}

}  // namespace

int64_t draw_poisson(RandomStream& random, double mean) {
  // Ahrens & Dieter 1974: the time of the k-th event is gamma(k); if it falls within the span, k
  // events and the rest of the span remain, else k − 1 events spread uniformly over it.
  int64_t count = 0;
  while (mean > 16) {
    const auto k = static_cast<int64_t>(mean * 7 / 8);
    const double time = draw_gamma(random, static_cast<double>(k));
    if (time <= mean) {
      count += k;
      mean -= time;
      continue;
    }
    const double share = mean / time;
    for (int64_t i = 0; i + 1 < k; ++i) count += random.uniform() < share ? 1 : 0;
    return count;
  }
  return count + draw_small_poisson(random, mean);
}

double draw_gamma(RandomStream& random, double shape) {
  // Marsaglia & Tsang 2000; a shape below 1 is raised by one and mended by a power.
  if (shape < 1) {
    const double power = std::pow(1 - random.uniform(), 1 / shape);
    return power * draw_gamma(random, shape + 1);
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = random.normal();
    const double root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(1 - random.uniform()) < 0.5 * x * x + d * (1 - v + std::log(v))) return d * v;
  }
}

int64_t draw_negative_binomial(RandomStream& random, double mean, double overdispersion) {
  if (overdispersion <= 0) return draw_poisson(random, mean);
  const double factor = draw_gamma(random, 1 / overdispersion) * overdispersion;
  return draw_poisson(random, mean * factor);
}

AliasTable::AliasTable(std::span<const double> weights)
    : total_(std::accumulate(weights.begin(), weights.end(), 0.0)),
      keep_(weights.size(), ~0u),
      other_(weights.size()) {
  std::iota(other_.begin(), other_.end(), 0);
  if (total_ <= 0) return;
  std::vector<double> share(weights.begin(), weights.end());
  for (auto& s : share) s *= static_cast<double>(weights.size()) / total_;
  std::vector<size_t> poor, rich;
  for (size_t i = 0; i < share.size(); ++i) (share[i] < 1 ? poor : rich).push_back(i);
  while (!poor.empty() && !rich.empty()) {
    const size_t small = poor.back();
    const size_t large = rich.back();
    poor.pop_back();
    keep_[small] = static_cast<uint32_t>(std::min(share[small] * kTwo32, kTwo32 - 1));
    other_[small] = static_cast<int32_t>(large);
    share[large] -= 1 - share[small];
    if (share[large] < 1) {
      rich.pop_back();
      poor.push_back(large);
    }
  }
  // What is left differs from 1 by rounding only and keeps its own slot.
}

std::vector<int64_t> apportion(int64_t total, std::span<const double> weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<int64_t> counts(weights.size());
  std::vector<std::pair<double, size_t>> remainders;
  int64_t left = total;
  for (size_t i = 0; i < weights.size(); ++i) {
    const double exact = static_cast<double>(total) * weights[i] / sum;
    counts[i] = static_cast<int64_t>(exact);
    left -= counts[i];
    if (weights[i] > 0) remainders.emplace_back(static_cast<double>(counts[i]) - exact, i);
  }
  std::sort(remainders.begin(), remainders.end());
  for (size_t i = 0; left > 0; ++i, --left) ++counts[remainders[i % remainders.size()].second];
  return counts;
}

}  // namespace grids::core::simulation
