/// Peaks that are open as often as another one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace grids::core {

class PeakPeers {
 public:
  /// `openness`: of each peak.
  explicit PeakPeers(std::span<const double> openness);

  /// The peaks whose rank by openness is within `reach` of that of the peak, itself among them.
  std::span<const int32_t> around(int32_t peak, int64_t reach) const;
  /// From 0 (most rarely open) to below 1.
  double quantile(int32_t peak) const;

 private:
  std::vector<int32_t> order_;  ///< the rarest first
  std::vector<int64_t> rank_;   ///< of each peak
};

}  // namespace grids::core
