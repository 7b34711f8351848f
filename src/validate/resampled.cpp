#include "validate/resampled.hpp"

#include <algorithm>
#include <cmath>

#include "base/random.hpp"
#include "math/statistics.hpp"

namespace grids::core {

std::vector<double> resampled_units(size_t units, uint64_t seed, std::string_view purpose,
                                    int64_t draw) {
  RandomStream random(seed, Purpose::kMethods, static_cast<uint64_t>(draw), stream_key(purpose));
  std::vector<double> times(units, 0);
  for (size_t i = 0; i < units; ++i) ++times[random.below(static_cast<uint32_t>(units))];
  return times;
}

DrawnInterval percentile_interval(std::vector<double> drawn) {
  const size_t draws = drawn.size();
  std::erase_if(drawn, [](double value) { return std::isnan(value); });
  if (drawn.empty() || 2 * drawn.size() < draws) return {};
  std::sort(drawn.begin(), drawn.end());
  return {sorted_quantile(drawn, 0.025), sorted_quantile(drawn, 0.975)};
}

}  // namespace grids::core
