#include "validate/pair_groups.hpp"

#include <algorithm>

namespace grids::core {
namespace {

/// The group of this name, which is made where it is not there yet.
PairGroup& group_of(std::vector<PairGroup>& groups, const PairSet& set, const std::string& type) {
  const auto same = std::find_if(groups.begin(), groups.end(), [&](const PairGroup& group) {
    return group.method == set.method && group.set_size == set.set_size && group.cell_type == type;
  });
  if (same != groups.end()) return *same;
  groups.push_back({set.method, set.set_size, type, {}});
  return groups.back();
}

}  // namespace

std::vector<PairGroup> pair_groups(const Pairs& pairs) {
  std::vector<PairGroup> over_all, by_type, groups;
  for (size_t i = 0; i < pairs.sets.size(); ++i) {
    const PairSet& set = pairs.sets[i];
    group_of(over_all, set, kEveryType).sets.push_back(static_cast<int32_t>(i));
    group_of(by_type, set, set.cell_type).sets.push_back(static_cast<int32_t>(i));
  }
  for (const auto& whole : over_all) {
    groups.push_back(whole);
    for (const auto& part : by_type) {
      const bool of_it = part.method == whole.method && part.set_size == whole.set_size;
      if (of_it && part.sets.size() < whole.sets.size()) groups.push_back(part);
    }
  }
  return groups;
}

ValidationRow row_of(const PairGroup& group, std::string what, std::string subset) {
  ValidationRow row;
  row.what = std::move(what);
  row.method = group.method;
  row.set_size = group.set_size;
  row.subset = std::move(subset);
  row.cell_type = group.cell_type;
  return row;
}

}  // namespace grids::core
