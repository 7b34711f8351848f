#include "math/group_sample.hpp"

#include <algorithm>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "base/random.hpp"

namespace grids::core {
namespace {

/// The most cells of a group for which all groups together have no more than `most`.
int64_t share_of_group(std::vector<double> sizes, int64_t most) {
  std::sort(sizes.begin(), sizes.end());
  int64_t left = most;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const int64_t share = left / static_cast<int64_t>(sizes.size() - i);
    if (sizes[i] > static_cast<double>(share)) return share;
    left -= static_cast<int64_t>(sizes[i]);
  }
  return most;
}

}  // namespace

std::vector<double> group_sizes(std::span<const int32_t> groups, int64_t group_count) {
  std::vector<double> size(at(group_count));
  for (const int32_t group : groups) size[at(group)] += 1;
  return size;
}

std::vector<int32_t> group_sample(std::span<const int32_t> groups, int64_t group_count,
                                  int64_t most, uint64_t seed) {
  if (std::ssize(groups) <= most) return indices_below(std::ssize(groups));
  const auto share = at(share_of_group(group_sizes(groups, group_count), most));
  std::vector<std::vector<int32_t>> members(at(group_count));
  for (size_t i = 0; i < groups.size(); ++i) {
    members[at(groups[i])].push_back(static_cast<int32_t>(i));
  }
  std::vector<int32_t> drawn;
  for (size_t group = 0; group < members.size(); ++group) {
    auto& cells = members[group];
    if (cells.size() > share) {
      RandomStream random(seed, Purpose::kLayout, 1 + group);  // 0 is the map's
      random.shuffle(std::span(cells));
      cells.resize(share);
    }
    drawn.insert(drawn.end(), cells.begin(), cells.end());
  }
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

}  // namespace grids::core
