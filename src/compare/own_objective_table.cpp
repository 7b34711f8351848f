#include <algorithm>
#include <cmath>
#include <limits>

#include "compare/compare_tables.hpp"
#include "compare/set_groups.hpp"
#include "evaluate/set_columns.hpp"
#include "math/paired_tests.hpp"

namespace grids::core {
namespace {

using TargetName = std::pair<std::string, std::string>;

/// How much further the reference goes, pair by pair.
struct Differences {
  std::vector<double> of_pairs;
  std::vector<double> of_targets;  ///< seeds averaged
};

/// `of`: lower goes further.
template <typename Of>
Differences differences(const SetList& reference, const SetList& others, const Of& of) {
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
  for (const auto& [target, values] : by_target) result.of_targets.push_back(mean_known(values));
  return result;
}

/// How far a method's sets of one target lie apart between seeds: the standard deviation of the
/// relative change, root mean square over the targets with two seeds or more; NaN without any.
double deviation_between_seeds(const SetList& sets) {
  std::map<TargetName, std::vector<double>> by_target;
  for (const ComparedSet* set : sets) {
    if (!std::isnan(set->relative_change)) {
      by_target[{set->cell_type, set->gene}].push_back(set->relative_change);
    }
  }
  std::vector<double> variances;
  for (const auto& [target, changes] : by_target) {
    if (changes.size() < 2) continue;
    const double centre = mean_known(changes);
    double squares = 0;
    for (const double change : changes) squares += (change - centre) * (change - centre);
    variances.push_back(squares / static_cast<double>(changes.size() - 1));
  }
  return std::sqrt(mean_known(variances));
}

const SetList* find_method(const std::map<SetGroup, MethodSets>& groups, const SetGroup& group,
                           const std::string& method) {
  const auto found = groups.find(group);
  if (found == groups.end()) return nullptr;
  for (const auto& [name, sets] : found->second) {
    if (name == method) return &sets;
  }
  return nullptr;
}

/// A method's sets, and how much further the reference goes.
struct OwnObjective {
  SetGroup group;
  std::string method;
  const SetList* sets = nullptr;
  double order = kNaN;      ///< mean relative change, negated where it is to rise
  Differences against;      ///< in relative change on test cells
  Differences on_training;  ///< in the objective on training cells

  template <typename Of>
  double mean_of(const Of& of) const {
    return mean_known(values_of(*sets, of));
  }
  double reference_further() const {
    const auto& pairs = against.of_pairs;
    return share_of(std::count_if(pairs.begin(), pairs.end(), [](double d) { return d > 0; }),
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
          return median_known(values_of(*row.sets, [](const Set& set) { return set.evaluations; }));
        }},
       {column::kBudgetSpent.saying("share of sets at which the method would have gone on"),
        [](const Row& row) {
          return row.mean_of([](const Set& set) { return set.budget_spent ? 1 : 0; });
        }}}};
}

}  // namespace

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
      OwnObjective row{group, method, &own, mean_known(values_of(own, relative)), {}, {}};
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

}  // namespace grids::core
