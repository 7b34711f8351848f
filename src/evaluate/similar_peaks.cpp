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
  std::vector<int64_t> taken;  // places, ascending
  for (const int32_t member : members) taken.push_back(place_[at(member)]);
  std::sort(taken.begin(), taken.end());
  std::vector<int32_t> set;
  for (const int32_t member : members) {
    for (int64_t reach = count_;; reach *= 2) {
      const auto window = window_about(member, reach, taken);
      if (window.free() == 0 && reach < 2 * peaks()) continue;
      if (window.free() == 0) return set;  // L takes more than half of all peaks
      const int64_t place = window.free_place(random.below(static_cast<uint32_t>(window.free())));
      set.push_back(order_[at(place)]);
      taken.insert(std::lower_bound(taken.begin(), taken.end(), place), place);
      break;
    }
  }
  std::sort(set.begin(), set.end());
  return set;
}

int64_t SimilarPeaks::Window::free_place(int64_t i) const {
  int64_t place = first + i;
  for (const int64_t other : taken) {
    if (other > place) break;
    ++place;
  }
  return place;
}

std::vector<int32_t> SimilarPeaks::free_within(int32_t member, int64_t reach,
                                               std::span<const int32_t> taken) const {
  std::vector<int32_t> result;
  const auto window = window_about(member, reach, {});
  for (int64_t i = window.first; i < window.last; ++i) {
    const int32_t peak = order_[at(i)];
    if (std::find(taken.begin(), taken.end(), peak) == taken.end()) result.push_back(peak);
  }
  return result;
}

SimilarPeaks::Window SimilarPeaks::window_about(int32_t member, int64_t reach,
                                                std::span<const int64_t> taken) const {
  const int64_t middle = place_[at(member)];
  Window window;
  window.first = std::clamp<int64_t>(middle - reach / 2, 0, std::max<int64_t>(0, peaks() - reach));
  window.last = std::min(peaks(), window.first + reach);
  const auto begin = std::lower_bound(taken.begin(), taken.end(), window.first);
  window.taken = {begin, std::lower_bound(begin, taken.end(), window.last)};
  return window;
}

}  // namespace grids::core
