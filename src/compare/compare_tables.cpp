#include "compare/compare_tables.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "base/nan.hpp"
#include "evaluate/set_columns.hpp"
#include "math/paired_tests.hpp"

namespace grids::core {
namespace {

constexpr const char* kMeanChange =
    "mean over genes and seeds of `average_change` of `subsets.tsv`";
constexpr const char* kMeanPercent = "the same of `relative_change`, in percent";
constexpr const char* kRecallOfAll =
    "planted members found ÷ members, over all sets together; NA without `--truth`";
constexpr const char* kRecallAgain = "the same with partners, as in `recovery.tsv`";

double median(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return kNaN;
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  double count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    count += 1;
  }
  return count > 0 ? sum / count : kNaN;
}

template <typename Of>
std::vector<double> values(const std::vector<const ComparedSet*>& sets, const Of& of) {
  std::vector<double> result;
  result.reserve(sets.size());
  for (const ComparedSet* set : sets) result.push_back(static_cast<double>(std::invoke(of, *set)));
  return result;
}

/// L and allowance → method → sets; methods in the order of their first rows.
struct Group {
  int64_t set_size = 0;
  Allowance allowance = Allowance::kEqual;

  bool operator<(const Group& other) const {
    return std::tie(set_size, allowance) < std::tie(other.set_size, other.allowance);
  }
};
using MethodSets = std::vector<std::pair<std::string, std::vector<const ComparedSet*>>>;

std::map<Group, MethodSets> grouped(std::span<const ComparedSet> sets) {
  std::map<Group, MethodSets> groups;
  for (const ComparedSet& set : sets) {
    MethodSets& methods = groups[{set.set_size, set.allowance}];
    auto found = std::find_if(methods.begin(), methods.end(),
                              [&](const auto& entry) { return entry.first == set.method; });
    if (found == methods.end()) found = methods.insert(methods.end(), {set.method, {}});
    found->second.push_back(&set);
  }
  return groups;
}

double ratio(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : kNaN;
}

/// Planted members of some sets, and how many were found.
struct Planted {
  int64_t members = 0;
  int64_t found = 0;
  double with_partners = 0;
  int64_t whole = 0;

  explicit Planted(const std::vector<const ComparedSet*>& sets) {
    for (const ComparedSet* set : sets) {
      if (set->members == 0) continue;
      members += set->members;
      found += set->members_found;
      with_partners += set->recall_with_partners * static_cast<double>(set->members);
      whole += set->members_found == set->members ? 1 : 0;
    }
  }
  double recall() const { return ratio(found, members); }
  double recall_with_partners() const {
    return members > 0 ? with_partners / static_cast<double>(members) : kNaN;
  }
};

struct Standing {
  Group group;
  std::string method;
  int64_t sets = 0;
  int64_t tested = 0;
  double share_called = 0;
  double median_z = kNaN;
  double mean_slope = kNaN;
  Planted planted;
};

Standing standing(const Group& group, const std::string& method,
                  const std::vector<const ComparedSet*>& sets) {
  Standing result{group, method, std::ssize(sets), 0, 0, kNaN, kNaN, Planted(sets)};
  int64_t called = 0;
  for (const ComparedSet* set : sets) {
    result.tested += std::isnan(set->p) ? 0 : 1;
    called += set->q < kCalledQ ? 1 : 0;
  }
  result.share_called = ratio(called, result.sets);
  result.median_z = median(values(sets, [](const ComparedSet& set) { return set.z; }));
  result.mean_slope = mean(values(sets, [](const ComparedSet& set) { return set.slope; }));
  return result;
}

bool ranks_before(const Standing& a, const Standing& b) {
  if (a.share_called != b.share_called) return a.share_called > b.share_called;
  if (std::isnan(a.median_z) || std::isnan(b.median_z)) {
    return !std::isnan(a.median_z) && std::isnan(b.median_z);
  }
  return a.median_z > b.median_z;
}

using TargetName = std::pair<std::string, std::string>;

/// How much further the reference goes, pair by pair.
struct Differences {
  std::vector<double> of_pairs;
  std::vector<double> of_targets;  ///< seeds averaged
};

/// `of`: lower goes further.
template <typename Of>
Differences differences(const std::vector<const ComparedSet*>& reference,
                        const std::vector<const ComparedSet*>& others, const Of& of) {
  std::map<std::pair<TargetName, uint64_t>, double> known;
  for (const ComparedSet* set : reference) {
    known[{{set->cell_type, set->gene}, set->seed}] = of(*set);
  }
  Differences result;
  std::map<TargetName, std::vector<double>> by_target;
  for (const ComparedSet* set : others) {
    const auto found = known.find({{set->cell_type, set->gene}, set->seed});
    if (found == known.end() || std::isnan(found->second) || std::isnan(of(*set))) continue;
    result.of_pairs.push_back(of(*set) - found->second);
    by_target[found->first.first].push_back(result.of_pairs.back());
  }
  for (const auto& [target, values] : by_target) result.of_targets.push_back(mean(values));
  return result;
}

/// How far a method's sets of one target lie apart between seeds: the standard deviation of the
/// relative change, root mean square over the targets with two seeds or more; NaN without any.
double deviation_between_seeds(const std::vector<const ComparedSet*>& sets) {
  std::map<TargetName, std::vector<double>> by_target;
  for (const ComparedSet* set : sets) {
    if (!std::isnan(set->relative_change)) {
      by_target[{set->cell_type, set->gene}].push_back(set->relative_change);
    }
  }
  std::vector<double> variances;
  for (const auto& [target, changes] : by_target) {
    if (changes.size() < 2) continue;
    const double centre = mean(changes);
    double squares = 0;
    for (const double change : changes) squares += (change - centre) * (change - centre);
    variances.push_back(squares / static_cast<double>(changes.size() - 1));
  }
  return std::sqrt(mean(variances));
}

const std::vector<const ComparedSet*>* find_method(const std::map<Group, MethodSets>& groups,
                                                   const Group& group, const std::string& method) {
  const auto found = groups.find(group);
  if (found == groups.end()) return nullptr;
  for (const auto& [name, sets] : found->second) {
    if (name == method) return &sets;
  }
  return nullptr;
}

/// Means over genes and seeds.
struct Change {
  double average = kNaN;
  double relative_percent = kNaN;
};

std::map<std::string, Change> type_means(const std::vector<const ComparedSet*>& sets) {
  std::map<std::string, std::vector<const ComparedSet*>> by_type;
  for (const ComparedSet* set : sets) by_type[set->cell_type].push_back(set);
  std::map<std::string, Change> means;
  for (const auto& [type, own] : by_type) {
    means[type] = {mean(values(own, [](const ComparedSet& s) { return s.average_change; })),
                   100 * mean(values(own, [](const ComparedSet& s) { return s.relative_change; }))};
  }
  return means;
}

Columns<Standing> held_out_columns() {
  return {"held_out.tsv",
          "a row for each L, allowance and method, ranked by `share_called`, then `median_z`",
          {{column::kAskedSize, [](const Standing& row) { return row.group.set_size; }},
           {column::kAllowance,
            [](const Standing& row) { return allowance_name(row.group.allowance); }},
           {column::kMethod, &Standing::method},
           {column::kSets, &Standing::sets},
           {"tested", "sets that have a p", &Standing::tested},
           {"share_called",
            "sets with q < 0.05, of all of them: one that cannot be tested is not called",
            &Standing::share_called},
           {"median_z", "of `contrast_z` over the tested sets", &Standing::median_z},
           {"mean_slope", "of `contrast_slope` over the tested sets", &Standing::mean_slope},
           {column::kRecall.saying(kRecallOfAll),
            [](const Standing& row) { return row.planted.recall(); }},
           {column::kRecallWithPartners.saying(kRecallAgain),
            [](const Standing& row) { return row.planted.recall_with_partners(); }}}};
}

/// A method's sets, and how much further the reference goes.
struct OwnObjective {
  Group group;
  std::string method;
  const std::vector<const ComparedSet*>* sets = nullptr;
  double order = kNaN;      ///< mean relative change, negated where it is to rise
  Differences against;      ///< in relative change on test cells
  Differences on_training;  ///< in the objective on training cells

  template <typename Of>
  double mean_of(const Of& of) const {
    return mean(values(*sets, of));
  }
  double reference_further() const {
    const auto& pairs = against.of_pairs;
    return ratio(std::count_if(pairs.begin(), pairs.end(), [](double d) { return d > 0; }),
                 std::ssize(pairs));
  }
};

bool goes_further(const OwnObjective& a, const OwnObjective& b) {
  const auto last = [](double order) {
    return std::isnan(order) ? std::numeric_limits<double>::infinity() : order;
  };
  return last(a.order) < last(b.order);
}

Columns<OwnObjective> own_objective_columns() {
  using Row = OwnObjective;
  using Set = ComparedSet;
  return {
      "own_objective.tsv",
      "a row for each L, allowance and method, the one that goes furthest first; tests are paired "
      "and one-sided, against the sets of `grids` with the same target, L and seed (its own row: "
      "NA)",
      {{column::kAskedSize, [](const Row& row) { return row.group.set_size; }},
       {column::kAllowance, [](const Row& row) { return allowance_name(row.group.allowance); }},
       {column::kMethod, &Row::method},
       {column::kSets, [](const Row& row) { return row.sets->size(); }},
       {column::kAverageChange.saying("mean over the sets, as in `subsets.tsv`"),
        [](const Row& row) { return row.mean_of(&Set::average_change); }},
       {column::kRelativeChange.saying("mean over the sets, as in `subsets.tsv`"),
        [](const Row& row) { return row.mean_of(&Set::relative_change); }},
       {"relative_sd_seeds",
        "standard deviation of the relative change between seeds of a target (root mean square "
        "over targets), the error bar of methods that sample",
        [](const Row& row) { return deviation_between_seeds(*row.sets); }},
       {column::kChangeCp100k.saying("mean over the sets, as in `subsets.tsv`"),
        [](const Row& row) { return row.mean_of(&Set::change_cp100k); }},
       {"pairs", "sets that are compared with one of `grids`",
        [](const Row& row) { return row.against.of_pairs.size(); }},
       {"t_p", "t-test that `grids` goes further in relative change",
        [](const Row& row) { return paired_t_test(row.against.of_pairs).p; }},
       {"wilcoxon_p", "the same by ranks",
        [](const Row& row) { return signed_rank_test(row.against.of_pairs).p; }},
       {"wilcoxon_p_targets", "the same over targets, seeds averaged first",
        [](const Row& row) { return signed_rank_test(row.against.of_targets).p; }},
       {"reference_further", "share of pairs in which `grids` goes further",
        [](const Row& row) { return row.reference_further(); }},
       {column::kObjective.saying("mean of what is minimised, on training cells"),
        [](const Row& row) { return row.mean_of(&Set::objective); }},
       {"objective_t_p", "t-test that `grids` is lower there",
        [](const Row& row) { return paired_t_test(row.on_training.of_pairs).p; }},
       {"objective_wilcoxon_p", "the same by ranks",
        [](const Row& row) { return signed_rank_test(row.on_training.of_pairs).p; }},
       {column::kEvaluations.saying("median of the model evaluations of a set"),
        [](const Row& row) {
          return median(values(*row.sets, [](const Set& set) { return set.evaluations; }));
        }},
       {column::kBudgetSpent.saying("share of sets at which the method would have gone on"),
        [](const Row& row) {
          return row.mean_of([](const Set& set) { return set.budget_spent ? 1 : 0; });
        }}}};
}

/// Of one type and L, or of all types of that L.
struct TypeMeans {
  int64_t set_size = 0;
  std::string cell_type;
  std::map<std::string, Change> by_method;

  Change of(const std::string& method) const {
    const auto found = by_method.find(method);
    return found == by_method.end() ? Change{} : found->second;
  }
};

Columns<TypeMeans> type_columns(const std::vector<std::string>& methods) {
  std::vector<Column<TypeMeans>> columns = {
      {column::kAskedSize, &TypeMeans::set_size},
      {column::kCellType.saying("or `mean`: over the types"), &TypeMeans::cell_type}};
  for (const auto& method : methods) {
    columns.push_back({method + " average_change", kMeanChange,
                       [method](const TypeMeans& row) { return row.of(method).average; }});
    columns.push_back({method + " relative_percent", kMeanPercent,
                       [method](const TypeMeans& row) { return row.of(method).relative_percent; }});
  }
  return {"table1.tsv",
          "the layout of the paper's Table 1, at equal allowance: a row for each L and cell type, "
          "two columns for each method",
          std::move(columns)};
}

/// Of one method, in each type with each L.
struct MethodMeans {
  std::string method;
  std::map<std::string, Change> places;

  Change at(const std::string& place) const {
    const auto found = places.find(place);
    return found == places.end() ? Change{} : found->second;
  }
};

/// `places`: sorted.
Columns<MethodMeans> method_columns(const std::vector<std::string>& places) {
  std::vector<Column<MethodMeans>> columns = {{column::kMethod, &MethodMeans::method}};
  for (const auto& place : places) {
    columns.push_back({place + " average_change", kMeanChange,
                       [place](const MethodMeans& row) { return row.at(place).average; }});
    columns.push_back({place + " relative_percent", kMeanPercent,
                       [place](const MethodMeans& row) { return row.at(place).relative_percent; }});
  }
  return {"table2.tsv",
          "the layout of Table 2: a row for each method, two columns for each cell type and L",
          std::move(columns)};
}

struct Recall {
  std::string objective;
  Group group;
  std::string kind;
  int64_t planted_members = 0;
  std::string method;
  int64_t sets = 0;
  Planted planted;
};

Columns<Recall> recall_columns() {
  return {
      "recall_by_kind.tsv",
      "planted members found ÷ members",
      {{column::kRecallObjective, &Recall::objective},
       {column::kAskedSize, [](const Recall& row) { return row.group.set_size; }},
       {column::kAllowance, [](const Recall& row) { return allowance_name(row.group.allowance); }},
       {column::kKind, &Recall::kind},
       {column::kPlantedMembers, &Recall::planted_members},
       {column::kMethod, &Recall::method},
       {column::kSets, &Recall::sets},
       {column::kMembers, [](const Recall& row) { return row.planted.members; }},
       {column::kRecall.saying("members found ÷ members, over the sets together"),
        [](const Recall& row) { return row.planted.recall(); }},
       {column::kRecallWithPartners.saying(kRecallAgain),
        [](const Recall& row) { return row.planted.recall_with_partners(); }},
       {"whole_sets", "share of sets that were found whole",
        [](const Recall& row) { return ratio(row.planted.whole, row.sets); }}}};
}

}  // namespace

std::vector<std::string> methods_of(std::span<const ComparedSet> sets) {
  std::vector<std::string> methods;
  for (const ComparedSet& set : sets) {
    if (std::find(methods.begin(), methods.end(), set.method) == methods.end()) {
      methods.push_back(set.method);
    }
  }
  return methods;
}

Table held_out_table(std::span<const ComparedSet> sets) {
  std::vector<Standing> rows;
  for (const auto& [group, methods] : grouped(sets)) {
    std::vector<Standing> standings;
    for (const auto& [method, own] : methods) standings.push_back(standing(group, method, own));
    std::stable_sort(standings.begin(), standings.end(), ranks_before);
    rows.insert(rows.end(), standings.begin(), standings.end());
  }
  return held_out_columns().table(rows);
}

TableText describe_held_out() {
  return held_out_columns().describe();
}

Table own_objective_table(std::span<const ComparedSet> sets, const std::string& reference,
                          ChangeDirection direction) {
  const double sign = direction == ChangeDirection::kDown ? 1 : -1;
  const auto relative = [sign](const ComparedSet& set) { return sign * set.relative_change; };
  const auto objective = [](const ComparedSet& set) { return set.objective; };
  std::vector<OwnObjective> rows;
  const auto groups = grouped(sets);
  for (const auto& [group, methods] : groups) {
    const auto other =
        group.allowance == Allowance::kEqual ? Allowance::kUnlimited : Allowance::kEqual;
    const auto* of_reference = find_method(groups, group, reference);
    if (of_reference == nullptr) {
      of_reference = find_method(groups, {group.set_size, other}, reference);
    }
    const auto first = rows.size();
    for (const auto& [method, own] : methods) {
      OwnObjective row{group, method, &own, mean(values(own, relative)), {}, {}};
      if (of_reference != nullptr && method != reference) {
        row.against = differences(*of_reference, own, relative);
        row.on_training = differences(*of_reference, own, objective);
      }
      rows.push_back(std::move(row));
    }
    std::stable_sort(rows.begin() + static_cast<std::ptrdiff_t>(first), rows.end(), goes_further);
  }
  return own_objective_columns().table(rows);
}

TableText describe_own_objective() {
  return own_objective_columns().describe();
}

Table table_by_type(std::span<const ComparedSet> sets) {
  const auto methods = methods_of(sets);
  std::vector<TypeMeans> rows;
  for (const auto& [group, own] : grouped(sets)) {
    if (group.allowance != Allowance::kEqual) continue;
    std::map<std::string, std::map<std::string, Change>> means;  // type, method
    for (const auto& [method, of_method] : own) {
      for (const auto& [type, change] : type_means(of_method)) means[type][method] = change;
    }
    TypeMeans all{group.set_size, "mean", {}};
    for (const auto& method : methods) {
      std::vector<double> average, relative;
      for (auto& [type, by_method] : means) {  // a method without sets of a type: NaN
        average.push_back(by_method[method].average);
        relative.push_back(by_method[method].relative_percent);
      }
      all.by_method[method] = {mean(average), mean(relative)};
    }
    for (auto& [type, by_method] : means) {
      rows.push_back({group.set_size, type, std::move(by_method)});
    }
    rows.push_back(std::move(all));
  }
  return type_columns(methods).table(rows);
}

TableText describe_table_by_type() {
  return type_columns({"METHOD"}).describe();
}

Table table_by_method(std::span<const ComparedSet> sets) {
  std::map<std::string, std::map<std::string, Change>> means;  // method, "TYPE L=10"
  std::set<std::string> places;
  for (const auto& [group, own] : grouped(sets)) {
    if (group.allowance != Allowance::kEqual) continue;
    for (const auto& [method, of_method] : own) {
      for (const auto& [type, change] : type_means(of_method)) {
        const auto place = fmt::format("{} L={}", type, group.set_size);
        means[method][place] = change;
        places.insert(place);
      }
    }
  }
  std::vector<MethodMeans> rows;
  for (const auto& method : methods_of(sets)) {
    if (means.contains(method)) rows.push_back({method, means[method]});
  }
  return method_columns({places.begin(), places.end()}).table(rows);
}

TableText describe_table_by_method() {
  return method_columns({"TYPE L=10"}).describe();
}

Table recall_table(std::span<const ComparedSet> sets, const std::string& objective) {
  std::vector<Recall> rows;
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
                        std::ssize(own), Planted(own)});
      }
    }
  }
  return recall_columns().table(rows);
}

TableText describe_recall() {
  return recall_columns().describe();
}

}  // namespace grids::core
