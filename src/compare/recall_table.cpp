#include "compare/compare_tables.hpp"
#include "compare/set_groups.hpp"
#include "evaluate/set_columns.hpp"

namespace grids::core {
namespace {

struct KindRecall {
  std::string objective;
  SetGroup group;
  std::string kind;
  int64_t planted_members = 0;
  std::string method;
  int64_t sets = 0;
  PlantedMembers planted;
};

Columns<KindRecall> recall_columns() {
  return {"recall_by_kind.tsv",
          "planted members found ÷ members",
          {{column::kRecallObjective, &KindRecall::objective},
           {column::kAskedSize, [](const KindRecall& row) { return row.group.set_size; }},
           {column::kAllowance,
            [](const KindRecall& row) { return allowance_name(row.group.allowance); }},
           {column::kKind, &KindRecall::kind},
           {column::kPlantedMembers, &KindRecall::planted_members},
           {column::kMethod, &KindRecall::method},
           {column::kSets, &KindRecall::sets},
           {column::kMembers, [](const KindRecall& row) { return row.planted.members; }},
           {column::kRecall.saying("members found ÷ members, over the sets together"),
            [](const KindRecall& row) { return row.planted.recall(); }},
           {column::kRecallWithPartners.saying(kRecallWithPartnersText),
            [](const KindRecall& row) { return row.planted.recall_with_partners(); }},
           {"whole_sets", "share of sets that were found whole",
            [](const KindRecall& row) { return share_of(row.planted.whole, row.sets); }}}};
}

}  // namespace

Table recall_table(std::span<const ComparedSet> sets, const std::string& objective) {
  std::vector<KindRecall> rows;
  for (const auto& [group, methods] : grouped(sets)) {
    // Of each kind and number of planted members.
    std::map<std::pair<Regulation, int64_t>, MethodSets> kinds;
    for (const auto& [method, own] : methods) {
      for (const ComparedSet* set : own) {
        const auto kind = regulation_of(set->kind);
        if (!kind || set->members == 0) continue;
        MethodSets& of_kind = kinds[{*kind, set->members}];
        if (of_kind.empty() || of_kind.back().first != method) of_kind.push_back({method, {}});
        of_kind.back().second.push_back(set);
      }
    }
    for (const auto& [kind, of_kind] : kinds) {
      for (const auto& [method, own] : of_kind) {
        rows.push_back({objective, group, regulation_name(kind.first), kind.second, method,
                        std::ssize(own), PlantedMembers(own)});
      }
    }
  }
  return recall_columns().table(rows);
}

TableText describe_recall() {
  return recall_columns().describe();
}

}  // namespace grids::core
