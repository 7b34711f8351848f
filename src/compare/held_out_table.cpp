#include <algorithm>
#include <cmath>

#include "compare/compare_tables.hpp"
#include "compare/set_groups.hpp"
#include "evaluate/set_columns.hpp"

namespace grids::core {
namespace {

constexpr const char* kRecallOfAll =
    "planted members found ÷ members, over all sets together; NA without `--truth`";

struct MethodStanding {
  SetGroup group;
  std::string method;
  int64_t sets = 0;
  int64_t tested = 0;
  double share_called = 0;
  double median_z = kNaN;
  double mean_slope = kNaN;
  PlantedMembers planted;
};

MethodStanding standing(const SetGroup& group, const std::string& method, const SetList& sets) {
  MethodStanding result{group, method, std::ssize(sets), 0, 0, kNaN, kNaN, PlantedMembers(sets)};
  int64_t called = 0;
  for (const ComparedSet* set : sets) {
    result.tested += std::isnan(set->p) ? 0 : 1;
    called += set->q < kCalledQ ? 1 : 0;
  }
  result.share_called = share_of(called, result.sets);
  result.median_z = median_known(values_of(sets, [](const ComparedSet& set) { return set.z; }));
  result.mean_slope = mean_known(values_of(sets, [](const ComparedSet& set) { return set.slope; }));
  return result;
}

bool ranks_before(const MethodStanding& a, const MethodStanding& b) {
  if (a.share_called != b.share_called) return a.share_called > b.share_called;
  if (std::isnan(a.median_z) || std::isnan(b.median_z)) {
    return !std::isnan(a.median_z) && std::isnan(b.median_z);
  }
  return a.median_z > b.median_z;
}

Columns<MethodStanding> held_out_columns() {
  return {"held_out.tsv",
          "a row for each L, allowance and method, ranked by `share_called`, then `median_z`",
          {{column::kAskedSize, [](const MethodStanding& row) { return row.group.set_size; }},
           {column::kAllowance,
            [](const MethodStanding& row) { return allowance_name(row.group.allowance); }},
           {column::kMethod, &MethodStanding::method},
           {column::kSets, &MethodStanding::sets},
           {"tested", "sets that have a p", &MethodStanding::tested},
           {"share_called",
            "sets with q < 0.05, of all of them: one that cannot be tested is not called",
            &MethodStanding::share_called},
           {"median_z", "of `contrast_z` over the tested sets", &MethodStanding::median_z},
           {"mean_slope", "of `contrast_slope` over the tested sets", &MethodStanding::mean_slope},
           {column::kRecall.saying(kRecallOfAll),
            [](const MethodStanding& row) { return row.planted.recall(); }},
           {column::kRecallWithPartners.saying(kRecallWithPartnersText),
            [](const MethodStanding& row) { return row.planted.recall_with_partners(); }}}};
}

}  // namespace

Table held_out_table(std::span<const ComparedSet> sets) {
  std::vector<MethodStanding> rows;
  for (const auto& [group, methods] : grouped(sets)) {
    std::vector<MethodStanding> standings;
    for (const auto& [method, own] : methods) standings.push_back(standing(group, method, own));
    std::stable_sort(standings.begin(), standings.end(), ranks_before);
    rows.insert(rows.end(), standings.begin(), standings.end());
  }
  return held_out_columns().table(rows);
}

TableText describe_held_out() {
  return held_out_columns().describe();
}

}  // namespace grids::core
