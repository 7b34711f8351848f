/// What the tables of a comparison share: its sets by L, allowance and method, and figures over
/// them.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/nan.hpp"
#include "compare/compare.hpp"
#include "math/known_values.hpp"

namespace grids::core {

inline constexpr const char* kMeanChangeText =
    "mean over genes and seeds of `average_change` of `subsets.tsv`";
inline constexpr const char* kMeanPercentText = "the same of `relative_change`, in percent";
inline constexpr const char* kRecallWithPartnersText =
    "the same with partners, as in `recovery.tsv`";

/// The sets of one method, say.
using SetList = std::vector<const ComparedSet*>;

/// L and allowance.
struct SetGroup {
  int64_t set_size = 0;
  Allowance allowance = Allowance::kEqual;

  bool operator<(const SetGroup& other) const {
    return std::tie(set_size, allowance) < std::tie(other.set_size, other.allowance);
  }
};

/// By method, in the order of their first rows.
using MethodSets = std::vector<std::pair<std::string, SetList>>;

std::map<SetGroup, MethodSets> grouped(std::span<const ComparedSet> sets);

/// The methods of the sets, in the order of their first rows.
std::vector<std::string> methods_of(std::span<const ComparedSet> sets);

/// part ÷ whole; NaN of nothing.
double share_of(int64_t part, int64_t whole);

/// What `of` (a member or a function) says of each set.
template <typename Of>
std::vector<double> values_of(const SetList& sets, const Of& of) {
  std::vector<double> result;
  result.reserve(sets.size());
  for (const ComparedSet* set : sets) result.push_back(static_cast<double>(std::invoke(of, *set)));
  return result;
}

/// Planted members of some sets, and how many were found.
struct PlantedMembers {
  int64_t members = 0;
  int64_t found = 0;
  double with_partners = 0;
  int64_t whole = 0;  ///< sets with every member found

  explicit PlantedMembers(const SetList& sets);
  double recall() const { return share_of(found, members); }
  double recall_with_partners() const {
    return members > 0 ? with_partners / static_cast<double>(members) : kNaN;
  }
};

/// Means over genes and seeds.
struct MeanChange {
  double average = kNaN;
  double relative_percent = kNaN;
};

/// Of each cell type, in the order of their first rows.
std::vector<std::pair<std::string, MeanChange>> type_means(const SetList& sets);

/// Adds a name that is not there yet.
void add_once(std::vector<std::string>& names, const std::string& name);

}  // namespace grids::core
