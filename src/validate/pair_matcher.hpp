/// The peaks that a pair is matched with: see matched_pairs.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "validate/pairs.hpp"
#include "validate/peak_peers.hpp"
#include "validate/place_finder.hpp"

namespace grids::core {

class PairMatcher {
 public:
  explicit PairMatcher(const Pairs& pairs);

  /// The set whose members are matched next, which no match is among.
  void begin(const PairSet& set);
  /// Peaks for a member of it; none where there is no match.
  std::vector<int32_t> matches(int32_t peak) const;

 private:
  std::vector<int32_t> as_far(const PairGene& gene, int32_t peak, int64_t distance) const;
  std::vector<int32_t> far_away(const PairGene& gene, int32_t peak) const;
  std::vector<int32_t> open_as_often(int32_t peak, const std::vector<int32_t>& candidates) const;

  const Pairs& pairs_;
  PlaceFinder finder_;
  std::optional<PeakPeers> peers_;
  const PairSet* set_ = nullptr;
  std::vector<char> member_;  ///< of each peak: of the set at hand
};

}  // namespace grids::core
