#include "evaluate/compare_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "base/nan.hpp"
#include "base/paired_tests.hpp"

namespace grids {
namespace {

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
std::vector<double> column(const std::vector<const ComparedSet*>& sets, const Of& of) {
  std::vector<double> values;
  values.reserve(sets.size());
  for (const ComparedSet* set : sets) values.push_back(static_cast<double>(of(*set)));
  return values;
}

/// L, allowance, method → sets; methods in the order of their first rows.
using Group = std::tuple<int64_t, Allowance>;
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
  std::string method;
  int64_t sets = 0;
  int64_t tested = 0;
  double share_called = 0;
  double median_z = kNaN;
  double mean_slope = kNaN;
  Planted planted;
};

Standing standing(const std::string& method, const std::vector<const ComparedSet*>& sets) {
  Standing result{method, static_cast<int64_t>(sets.size()), 0, 0, kNaN, kNaN, Planted(sets)};
  int64_t called = 0;
  for (const ComparedSet* set : sets) {
    result.tested += std::isnan(set->p) ? 0 : 1;
    called += set->q < kCalledQ ? 1 : 0;
  }
  result.share_called = ratio(called, result.sets);
  result.median_z = median(column(sets, [](const ComparedSet& set) { return set.z; }));
  result.mean_slope = mean(column(sets, [](const ComparedSet& set) { return set.slope; }));
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

/// Means over genes and seeds: cell type → average change, relative change in percent.
std::map<std::string, std::pair<double, double>> type_means(
    const std::vector<const ComparedSet*>& sets) {
  std::map<std::string, std::vector<const ComparedSet*>> by_type;
  for (const ComparedSet* set : sets) by_type[set->cell_type].push_back(set);
  std::map<std::string, std::pair<double, double>> means;
  for (const auto& [type, own] : by_type) {
    means[type] = {mean(column(own, [](const ComparedSet& s) { return s.average_change; })),
                   100 * mean(column(own, [](const ComparedSet& s) { return s.relative_change; }))};
  }
  return means;
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
  Table table({"L", "allowance", "method", "sets", "tested", "share_called", "median_z",
               "mean_slope", "recall", "recall_with_partners"});
  for (const auto& [group, methods] : grouped(sets)) {
    std::vector<Standing> standings;
    for (const auto& [method, own] : methods) standings.push_back(standing(method, own));
    std::stable_sort(standings.begin(), standings.end(), ranks_before);
    for (const Standing& entry : standings) {
      table.add({std::to_string(std::get<0>(group)), allowance_name(std::get<1>(group)),
                 entry.method, std::to_string(entry.sets), std::to_string(entry.tested),
                 format_number(entry.share_called), format_number(entry.median_z),
                 format_number(entry.mean_slope), format_number(entry.planted.recall()),
                 format_number(entry.planted.recall_with_partners())});
    }
  }
  return table;
}

Table own_objective_table(std::span<const ComparedSet> sets, const std::string& reference,
                          ChangeDirection direction) {
  Table table({"L", "allowance", "method", "sets", "average_change", "relative_change",
               "relative_sd_seeds", "change_cp100k", "pairs", "t_p", "wilcoxon_p",
               "wilcoxon_p_targets", "reference_further", "objective", "objective_t_p",
               "objective_wilcoxon_p", "evaluations", "seconds", "budget_spent"});
  const auto relative = [sign = direction == ChangeDirection::kDown ? 1 : -1](const auto& set) {
    return sign * set.relative_change;
  };
  const auto objective = [](const auto& set) { return set.objective; };
  const auto groups = grouped(sets);
  for (const auto& [group, methods] : groups) {
    const auto other =
        std::get<1>(group) == Allowance::kEqual ? Allowance::kUnlimited : Allowance::kEqual;
    const auto* rows = find_method(groups, group, reference);
    if (rows == nullptr) rows = find_method(groups, {std::get<0>(group), other}, reference);
    std::vector<std::pair<double, std::vector<std::string>>> lines;
    for (const auto& [method, own] : methods) {
      Differences against, on_training;
      if (rows != nullptr && method != reference) {
        against = differences(*rows, own, relative);
        on_training = differences(*rows, own, objective);
      }
      const auto& pairs = against.of_pairs;
      const auto further =
          std::count_if(pairs.begin(), pairs.end(), [](double d) { return d > 0; });
      const auto mean_of = [&own = own](const auto& of) {
        return format_number(mean(column(own, of)));
      };
      const double order = mean(column(own, relative));
      lines.push_back(
          {std::isnan(order) ? std::numeric_limits<double>::infinity() : order,
           {std::to_string(std::get<0>(group)), allowance_name(std::get<1>(group)), method,
            std::to_string(own.size()), mean_of([](const auto& s) { return s.average_change; }),
            mean_of([](const auto& s) { return s.relative_change; }),
            format_number(deviation_between_seeds(own)),
            mean_of([](const auto& s) { return s.change_cp100k; }), std::to_string(pairs.size()),
            format_number(paired_t_test(pairs).p), format_number(signed_rank_test(pairs).p),
            format_number(signed_rank_test(against.of_targets).p),
            format_number(ratio(further, static_cast<int64_t>(pairs.size()))), mean_of(objective),
            format_number(paired_t_test(on_training.of_pairs).p),
            format_number(signed_rank_test(on_training.of_pairs).p),
            format_number(median(column(own, [](const auto& s) { return s.evaluations; }))),
            format_number(median(column(own, [](const auto& s) { return s.seconds; }))),
            mean_of([](const auto& s) { return s.budget_spent ? 1 : 0; })}});
    }
    std::stable_sort(lines.begin(), lines.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& line : lines) table.add(std::move(line.second));
  }
  return table;
}

Table table_by_type(std::span<const ComparedSet> sets) {
  const auto methods = methods_of(sets);
  std::vector<std::string> columns = {"L", "cell_type"};
  for (const auto& method : methods) {
    columns.push_back(method + " average_change");
    columns.push_back(method + " relative_percent");
  }
  Table table(columns);
  for (const auto& [group, own] : grouped(sets)) {
    if (std::get<1>(group) != Allowance::kEqual) continue;
    std::map<std::string, std::map<std::string, std::pair<double, double>>> means;  // type, method
    for (const auto& [method, rows] : own) {
      for (const auto& [type, values] : type_means(rows)) means[type][method] = values;
    }
    std::map<std::string, std::pair<std::vector<double>, std::vector<double>>> all;
    const auto size = std::to_string(std::get<0>(group));
    for (const auto& [type, by_method] : means) {
      std::vector<std::string> line = {size, type};
      for (const auto& method : methods) {
        const auto found = by_method.find(method);
        const auto values = found == by_method.end() ? std::pair{kNaN, kNaN} : found->second;
        line.push_back(format_number(values.first));
        line.push_back(format_number(values.second));
        all[method].first.push_back(values.first);
        all[method].second.push_back(values.second);
      }
      table.add(std::move(line));
    }
    std::vector<std::string> line = {size, "mean"};
    for (const auto& method : methods) {
      line.push_back(format_number(mean(all[method].first)));
      line.push_back(format_number(mean(all[method].second)));
    }
    table.add(std::move(line));
  }
  return table;
}

Table table_by_method(std::span<const ComparedSet> sets) {
  std::vector<std::string> columns = {"method"};
  std::map<std::string, std::map<std::string, std::string>> cells;  // method, column
  for (const auto& [group, own] : grouped(sets)) {
    if (std::get<1>(group) != Allowance::kEqual) continue;
    for (const auto& [method, rows] : own) {
      for (const auto& [type, values] : type_means(rows)) {
        const auto start = fmt::format("{} L={} ", type, std::get<0>(group));
        cells[method][start + "average_change"] = format_number(values.first);
        cells[method][start + "relative_percent"] = format_number(values.second);
      }
    }
  }
  for (const auto& [method, own] : cells) {
    for (const auto& [name, text] : own) {
      if (std::find(columns.begin(), columns.end(), name) == columns.end()) columns.push_back(name);
    }
  }
  std::sort(columns.begin() + 1, columns.end());
  Table table(columns);
  for (const auto& method : methods_of(sets)) {
    if (!cells.contains(method)) continue;
    std::vector<std::string> line = {method};
    for (size_t c = 1; c < columns.size(); ++c) {
      const auto found = cells[method].find(columns[c]);
      line.push_back(found == cells[method].end() ? "NA" : found->second);
    }
    table.add(std::move(line));
  }
  return table;
}

Table recall_table(std::span<const ComparedSet> sets, const std::string& objective) {
  Table table({"objective", "L", "allowance", "kind", "planted", "method", "sets", "members",
               "recall", "recall_with_partners", "whole_sets"});
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
        const Planted planted(own);
        table.add({objective, std::to_string(std::get<0>(group)),
                   allowance_name(std::get<1>(group)), regulation_name(kind.first),
                   std::to_string(kind.second), method, std::to_string(own.size()),
                   std::to_string(planted.members), format_number(planted.recall()),
                   format_number(planted.recall_with_partners()),
                   format_number(ratio(planted.whole, static_cast<int64_t>(own.size())))});
      }
    }
  }
  return table;
}

}  // namespace grids
