#include "validate/peak_peers.hpp"

#include <algorithm>

#include "base/at.hpp"
#include "base/indices.hpp"

namespace grids::core {

PeakPeers::PeakPeers(std::span<const double> openness)
    : order_(indices_below(static_cast<int64_t>(openness.size()))), rank_(openness.size()) {
  std::stable_sort(order_.begin(), order_.end(),
                   [&](int32_t a, int32_t b) { return openness[at(a)] < openness[at(b)]; });
  for (size_t i = 0; i < order_.size(); ++i) rank_[at(order_[i])] = static_cast<int64_t>(i);
}

std::span<const int32_t> PeakPeers::around(int32_t peak, int64_t reach) const {
  const int64_t rank = rank_[at(peak)];
  const int64_t first = std::max<int64_t>(0, rank - reach);
  const int64_t last = std::min(static_cast<int64_t>(order_.size()), rank + reach + 1);
  return std::span(order_).subspan(at(first), at(last - first));
}

double PeakPeers::quantile(int32_t peak) const {
  return static_cast<double>(rank_[at(peak)]) / static_cast<double>(order_.size());
}

}  // namespace grids::core
