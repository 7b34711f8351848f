#include "redundancy/settings.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/at.hpp"

namespace grids::core {
namespace {

/// Cells of a stratum, at least, and parts by depth, at most: finer ones hold too few to compare.
constexpr int64_t kStratum = 100;
constexpr int64_t kMostDepths = 5;

}  // namespace

std::vector<Setting> settings_of(const Study& study, std::span<const Element> elements,
                                 std::span<const int32_t> cells) {
  std::vector<Setting> settings(cells.size(), 0);
  for (size_t i = 0; i < cells.size(); ++i) {
    for (size_t a = 0; a < elements.size(); ++a) {
      const auto& peaks = elements[a].peaks;
      const bool open = std::any_of(peaks.begin(), peaks.end(), [&](int32_t peak) {
        return study.open.contains(cells[i], peak);
      });
      if (open) settings[i] |= bit_of(a);
    }
  }
  return settings;
}

std::vector<Setting> used_settings(size_t elements) {
  const Setting all = all_open(elements);
  std::vector<Setting> used = {0, all};
  for (size_t a = 0; a < elements; ++a) {
    used.push_back(bit_of(a));
    used.push_back(all & ~bit_of(a));
  }
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  return used;
}

std::vector<int32_t> strata_of(const Study& study, std::span<const int32_t> cells) {
  std::map<std::pair<int32_t, int32_t>, std::vector<size_t>> groups;
  for (size_t i = 0; i < cells.size(); ++i) {
    const auto& batch = study.cells.batch;
    groups[{study.cells.type.codes[at(cells[i])], batch.empty() ? 0 : batch.codes[at(cells[i])]}]
        .push_back(i);
  }
  std::vector<int32_t> strata(cells.size());
  int32_t next = 0;
  for (auto& [key, members] : groups) {
    std::stable_sort(members.begin(), members.end(), [&](size_t a, size_t b) {
      return study.cells.open_peaks[at(cells[a])] < study.cells.open_peaks[at(cells[b])];
    });
    const auto size = std::ssize(members);
    const auto depths = std::clamp<int64_t>(size / kStratum, 1, kMostDepths);
    for (int64_t i = 0; i < size; ++i) {
      strata[members[at(i)]] = next + static_cast<int32_t>(i * depths / size);
    }
    next += static_cast<int32_t>(depths);
  }
  return strata;
}

}  // namespace grids::core
