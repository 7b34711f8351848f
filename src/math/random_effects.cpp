#include "math/random_effects.hpp"

#include <algorithm>
#include <cmath>

#include "base/nan.hpp"

namespace grids::core {
namespace {

struct Weighted {
  double weights = 0, squares = 0, mean = 0;
};

Weighted weighted_mean(std::span<const Estimate> groups, double between) {
  Weighted sums;
  for (const auto& group : groups) {
    const double weight = 1 / (group.error * group.error + between);
    sums.weights += weight;
    sums.squares += weight * weight;
    sums.mean += weight * group.value;
  }
  sums.mean /= sums.weights;
  return sums;
}

}  // namespace

RandomEffects random_effects(std::span<const Estimate> groups) {
  if (groups.empty()) return {kNaN, kNaN, kNaN};
  const Weighted fixed = weighted_mean(groups, 0);
  double heterogeneity = 0;
  for (const auto& group : groups) {
    const double deviation = (group.value - fixed.mean) / group.error;
    heterogeneity += deviation * deviation;
  }
  RandomEffects result;
  const double freedom = static_cast<double>(groups.size()) - 1;
  if (groups.size() > 1) {
    result.between =
        std::max(0.0, (heterogeneity - freedom) / (fixed.weights - fixed.squares / fixed.weights));
  }
  const Weighted random = weighted_mean(groups, result.between);
  result.mean = random.mean;
  result.error = 1 / std::sqrt(random.weights);
  return result;
}

double drawn_to_mean(const Estimate& group, const RandomEffects& effects) {
  const double own = effects.between / (effects.between + group.error * group.error);
  return own * group.value + (1 - own) * effects.mean;
}

}  // namespace grids::core
