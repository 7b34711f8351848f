#include "evaluate/compare.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "base/at.hpp"
#include "base/statistics.hpp"
#include "evaluate/recovery.hpp"

namespace grids {
namespace {

ComparedSet compared_set(const Study& study, const ExplainedTarget& explained,
                         const EvaluatedSet& judged, const CompareRun& run, int64_t budget) {
  ComparedSet set;
  set.cell_type = type_name(study, explained.target);
  set.gene = study.genes.names[at(explained.target.gene)];
  set.method = explained.method;
  set.set_size = explained.target.set_size;
  set.seed = run.seed;
  set.allowance = run.allowance;
  set.budget = budget;
  set.evaluations = explained.explanation.evaluations;
  set.budget_spent = explained.explanation.budget_spent;
  set.seconds = explained.method_seconds;
  for (const int32_t peak : judged.peaks) set.peaks.push_back(study.peaks.names[at(peak)]);
  set.average_change = judged.change.average_change;
  set.relative_change = judged.change.relative_change;
  set.change_cp100k = judged.change.change_cp100k;
  set.objective = judged.objective;
  set.slope = judged.contrast.slope;
  set.z = normal_upper_quantile(judged.contrast.p);
  set.p = judged.contrast.p;
  set.q = judged.contrast.q;
  set.note = judged.contrast.note;
  return set;
}

void add_recovery(const Study& study, const JudgedSets& judged, const Truth& truth,
                  std::vector<ComparedSet>& sets) {
  const Table partners = partners_table(study, judged.sets);
  std::map<std::pair<std::string, std::string>, SetRecovery> found;
  for (auto& recovery :
       measure_recovery(subsets_table(study, judged.sets), truth, study, {}, nullptr, &partners)) {
    found[{recovery.cell_type, recovery.gene}] = recovery;
  }
  for (ComparedSet& set : sets) {
    const auto entry = found.find({set.cell_type, set.gene});
    if (entry == found.end()) continue;  // no peak, no row
    set.kind = regulation_name(entry->second.kind);
    set.members = entry->second.members;
    set.members_found = entry->second.members_found;
    set.recall = entry->second.recall;
    set.recall_with_partners = entry->second.recall_with_partners;
  }
}

}  // namespace

const char* allowance_name(Allowance allowance) {
  return allowance == Allowance::kEqual ? "equal" : "unlimited";
}

ComparedRun compare_run(const Study& study, const StudySurrogate& surrogate,
                        const std::vector<ExplainTarget>& targets, const CompareRun& run,
                        const CompareOptions& options, const Truth* truth, const Context& outer) {
  const Context context{run.seed, outer.pool, outer.reporter, outer.cancelled};
  ExplainStageOptions stage = options.explain;
  stage.method = run.method;
  stage.budget = 0;
  stage.budgets = run.budgets;
  auto result = explain(study, surrogate, targets, stage, context);
  const auto judged =
      judge_sets(study, surrogate, result.explained, stage.perturbation, options.judge, context);
  ComparedRun compared;
  compared.skipped = std::move(result.skipped);
  for (size_t i = 0; i < result.explained.size(); ++i) {
    const auto& target = result.explained[i].target;
    const auto place = std::find(targets.begin(), targets.end(), target) - targets.begin();
    compared.sets.push_back(compared_set(study, result.explained[i], judged.sets[i], run,
                                         run.budgets.empty() ? 0 : run.budgets[at(place)]));
  }
  if (truth != nullptr) add_recovery(study, judged, *truth, compared.sets);
  return compared;
}

std::vector<int64_t> budgets_of(const Study& study, const std::vector<ExplainTarget>& targets,
                                std::span<const ComparedSet> sets) {
  std::vector<int64_t> budgets;
  for (const ExplainTarget& target : targets) {
    const auto found = std::find_if(sets.begin(), sets.end(), [&](const ComparedSet& set) {
      return set.cell_type == type_name(study, target) &&
             set.gene == study.genes.names[at(target.gene)] && set.set_size == target.set_size;
    });
    budgets.push_back(found == sets.end() ? 1 : std::max<int64_t>(found->evaluations, 1));
  }
  return budgets;
}

Table compared_table(std::span<const ComparedSet> sets) {
  Table table({"cell_type",
               "gene",
               "method",
               "L",
               "seed",
               "allowance",
               "budget",
               "evaluations",
               "budget_spent",
               "seconds",
               "peaks_found",
               "average_change",
               "relative_change",
               "change_cp100k",
               "objective",
               "contrast_slope",
               "contrast_z",
               "contrast_p",
               "contrast_q",
               "contrast_note",
               "kind",
               "members",
               "members_found",
               "recall",
               "recall_with_partners",
               "peaks"});
  for (const ComparedSet& set : sets) {
    table.add({set.cell_type,
               set.gene,
               set.method,
               std::to_string(set.set_size),
               std::to_string(set.seed),
               allowance_name(set.allowance),
               std::to_string(set.budget),
               std::to_string(set.evaluations),
               set.budget_spent ? "yes" : "no",
               format_number(set.seconds),
               std::to_string(set.peaks.size()),
               format_number(set.average_change),
               format_number(set.relative_change),
               format_number(set.change_cp100k),
               format_number(set.objective),
               format_number(set.slope),
               format_number(set.z),
               format_number(set.p),
               format_number(set.q),
               set.note,
               set.kind,
               std::to_string(set.members),
               std::to_string(set.members_found),
               format_number(set.recall),
               format_number(set.recall_with_partners),
               fmt::format("{}", fmt::join(set.peaks, ","))});
  }
  return table;
}

std::vector<ComparedSet> parse_compared(const Table& table) {
  std::vector<ComparedSet> sets;
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto whole = [&](const char* column) {
      return static_cast<int64_t>(table.number(row, column));
    };
    ComparedSet set;
    set.cell_type = table.text(row, "cell_type");
    set.gene = table.text(row, "gene");
    set.method = table.text(row, "method");
    set.set_size = whole("L");
    set.seed = std::stoull(table.text(row, "seed"));
    set.allowance = table.text(row, "allowance") == allowance_name(Allowance::kUnlimited)
                        ? Allowance::kUnlimited
                        : Allowance::kEqual;
    set.budget = whole("budget");
    set.evaluations = whole("evaluations");
    set.budget_spent = table.text(row, "budget_spent") == "yes";
    set.seconds = table.number(row, "seconds");
    set.peaks = split_list(table.text(row, "peaks"));
    set.average_change = table.number(row, "average_change");
    set.relative_change = table.number(row, "relative_change");
    set.change_cp100k = table.number(row, "change_cp100k");
    set.objective = table.number(row, "objective");
    set.slope = table.number(row, "contrast_slope");
    set.z = table.number(row, "contrast_z");
    set.p = table.number(row, "contrast_p");
    set.q = table.number(row, "contrast_q");
    set.note = table.text(row, "contrast_note");
    set.kind = table.text(row, "kind");
    set.members = whole("members");
    set.members_found = whole("members_found");
    set.recall = table.number(row, "recall");
    set.recall_with_partners = table.number(row, "recall_with_partners");
    sets.push_back(std::move(set));
  }
  return sets;
}

}  // namespace grids
