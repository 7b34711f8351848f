/// Peaks that are open as often as others: what found sets are compared with.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "math/sparse.hpp"

namespace grids::core {

/// Peaks in the order of how often they are open in some cells, so that those around a peak are
/// open as often as it is.
class SimilarPeaks {
 public:
  /// `open`: cells × peaks. `count`: peaks that are called similar to a peak, itself included.
  SimilarPeaks(const CsrPattern& open, int64_t count);

  /// A set with one similar peak for each member; no member, none twice. When all similar peaks of
  /// a member are taken, looks further away.
  std::vector<int32_t> draw(std::span<const int32_t> members, RandomStream& random) const;

  /// The similar peaks of one member, without `taken`; empty when all of them are.
  std::vector<int32_t> free_around(int32_t member, std::span<const int32_t> taken) const {
    return free_within(member, count_, taken);
  }

 private:
  int64_t peaks() const { return static_cast<int64_t>(order_.size()); }
  std::vector<int32_t> free_within(int32_t member, int64_t reach,
                                   std::span<const int32_t> taken) const;

  /// Places in `order_` around a member, and those of them that are taken.
  struct Window {
    int64_t first = 0, last = 0;
    std::span<const int64_t> taken;  ///< ascending

    int64_t free() const { return last - first - std::ssize(taken); }
    /// The place of the i-th that is free.
    int64_t free_place(int64_t i) const;
  };
  /// As many places as `free_within` looks at; `taken`: places, ascending.
  Window window_about(int32_t member, int64_t reach, std::span<const int64_t> taken) const;

  int64_t count_;
  std::vector<int32_t> order_;  ///< peaks, the rarest first
  std::vector<int64_t> place_;  ///< of each peak in `order_`
};

}  // namespace grids::core
