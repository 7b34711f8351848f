#include "evaluate/similar_peaks.hpp"

#include <algorithm>
#include <numeric>

#include "base/at.hpp"

namespace grids::core {
SimilarPeaks::SimilarPeaks(const CsrPattern& open, int64_t count) : count_(count) {
  std::vector<int64_t> open_in(at(open.columns), 0);
  for (const int32_t peak : open.indices) ++open_in[at(peak)];
  order_.resize(open_in.size());
  std::iota(order_.begin(), order_.end(), 0);
  std::stable_sort(order_.begin(), order_.end(),
                   [&](int32_t a, int32_t b) { return open_in[at(a)] < open_in[at(b)]; });
  place_.resize(order_.size());
  for (size_t i = 0; i < order_.size(); ++i) place_[at(order_[i])] = static_cast<int64_t>(i);
}

std::vector<int32_t> SimilarPeaks::draw(std::span<const int32_t> members,
                                        RandomStream& random) const {
  std::vector<int32_t> taken(members.begin(), members.end());
  std::vector<int32_t> set;
  for (const int32_t member : members) {
    for (int64_t reach = count_;; reach *= 2) {
      const auto candidates = free_within(member, reach, taken);
      if (candidates.empty() && reach < 2 * peaks()) continue;
      if (candidates.empty()) return set;  // L takes more than half of all peaks
      set.push_back(candidates[random.below(static_cast<uint32_t>(candidates.size()))]);
      taken.push_back(set.back());
      break;
    }
  }
  std::sort(set.begin(), set.end());
  return set;
}

std::vector<int32_t> SimilarPeaks::free_within(int32_t member, int64_t reach,
                                               std::span<const int32_t> taken) const {
  const int64_t middle = place_[at(member)];
  const int64_t first =
      std::clamp<int64_t>(middle - reach / 2, 0, std::max<int64_t>(0, peaks() - reach));
  std::vector<int32_t> result;
  for (int64_t i = first; i < std::min(peaks(), first + reach); ++i) {
    const int32_t peak = order_[at(i)];
    if (std::find(taken.begin(), taken.end(), peak) == taken.end()) result.push_back(peak);
  }
  return result;
}

}  // namespace grids::core
