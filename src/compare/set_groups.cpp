#include "compare/set_groups.hpp"

#include <algorithm>

namespace grids::core {

std::map<SetGroup, MethodSets> grouped(std::span<const ComparedSet> sets) {
  std::map<SetGroup, MethodSets> groups;
  for (const ComparedSet& set : sets) {
    MethodSets& methods = groups[{set.set_size, set.allowance}];
    auto found = std::find_if(methods.begin(), methods.end(),
                              [&](const auto& entry) { return entry.first == set.method; });
    if (found == methods.end()) found = methods.insert(methods.end(), {set.method, {}});
    found->second.push_back(&set);
  }
  return groups;
}

std::vector<std::string> methods_of(std::span<const ComparedSet> sets) {
  std::vector<std::string> methods;
  for (const ComparedSet& set : sets) add_once(methods, set.method);
  return methods;
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

double share_of(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : kNaN;
}

PlantedMembers::PlantedMembers(const SetList& sets) {
  for (const ComparedSet* set : sets) {
    if (set->members == 0) continue;
    members += set->members;
    found += set->members_found;
    with_partners += set->recall_with_partners * static_cast<double>(set->members);
    whole += set->members_found == set->members ? 1 : 0;
  }
}

std::vector<std::pair<std::string, MeanChange>> type_means(const SetList& sets) {
  std::vector<std::string> types;
  std::map<std::string, SetList> of_type;
  for (const ComparedSet* set : sets) {
    add_once(types, set->cell_type);
    of_type[set->cell_type].push_back(set);
  }
  std::vector<std::pair<std::string, MeanChange>> means;
  for (const auto& type : types) {
    const auto& own = of_type[type];
    means.emplace_back(
        type, MeanChange{
                  mean_known(values_of(own, [](const ComparedSet& s) { return s.average_change; })),
                  100 * mean_known(values_of(
                            own, [](const ComparedSet& s) { return s.relative_change; }))});
  }
  return means;
}

}  // namespace grids::core
