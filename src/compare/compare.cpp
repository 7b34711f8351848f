#include "compare/compare.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/at.hpp"
#include "compare/recovery.hpp"
#include "evaluate/set_columns.hpp"
#include "math/statistics.hpp"

namespace grids::core {
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
  set.exact_p = judged.contrast.p;
  set.q = judged.contrast.q;
  set.note = judged.contrast.note;
  return set;
}

constexpr std::string_view kExactP = "p_exact";

std::vector<Column<ComparedSet>> compared_set_columns() {
  using Set = ComparedSet;
  const auto read_allowance = [](Set& set, const Cell& cell) {
    set.allowance = cell.text() == allowance_name(Allowance::kUnlimited) ? Allowance::kUnlimited
                                                                         : Allowance::kEqual;
  };
  return {
      {column::kLearnedIn, &Set::cell_type},
      {column::kGene, &Set::gene},
      {column::kMethod, &Set::method},
      {column::kAskedSize, &Set::set_size},
      {column::kSeed, &Set::seed},
      {column::kAllowance, [](const Set& set) { return allowance_name(set.allowance); },
       read_allowance},
      {"budget", "the number; 0 = no limit (of `grids`, whose use is the budget of the others)",
       &Set::budget},
      {column::kEvaluations, &Set::evaluations},
      {column::kBudgetSpent, &Set::budget_spent},
      {"peaks_found", "what the method gave", [](const Set& set) { return set.peaks.size(); }},
      {column::kAverageChange, &Set::average_change},
      {column::kRelativeChange, &Set::relative_change},
      {column::kChangeCp100k, &Set::change_cp100k},
      {column::kObjective, &Set::objective},
      {column::kContrastSlope.saying("as `slope` in `contrasts.tsv`"), &Set::slope},
      {"contrast_z", "the normal quantile of p", &Set::z},
      {column::kContrastP.saying("as `p` in `contrasts.tsv`"), &Set::p},
      {column::kContrastQ.saying("Benjamini–Hochberg over the targets of one method, L and seed"),
       &Set::q},
      {column::kContrastNote.saying("as `note` in `contrasts.tsv`"), &Set::note},
      {column::kKind.saying("how the gene's set was planted, with `--truth`; else NA"), &Set::kind},
      {column::kMembers.saying("peaks planted, with `--truth`; else 0"), &Set::members},
      {column::kMembersFound, &Set::members_found},
      {column::kRecall.saying("the share of these; NA without"), &Set::recall},
      {column::kRecallWithPartners.saying("as in `recovery.tsv`"), &Set::recall_with_partners},
      {"peaks", "by rank, with commas", &Set::peaks}};
}

}  // namespace

const char* allowance_name(Allowance allowance) {
  return allowance == Allowance::kEqual ? "equal" : "unlimited";
}

ComparedRun compare_run(const Study& study, const StudySurrogate& surrogate,
                        const std::vector<ExplainTarget>& targets, const CompareRun& run,
                        const CompareOptions& options, const Context& outer) {
  const Context context = outer.with_seed(run.seed);
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
    compared.found.push_back(
        found_set(compared.sets.back(), judged.sets[i].peaks, judged.sets[i].partners));
  }
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

FoundSet found_set(const ComparedSet& set, std::vector<int32_t> peaks, SetPartners partners) {
  return {set.cell_type,    set.gene,           set.method, std::to_string(set.seed),
          std::move(peaks), std::move(partners)};
}

void add_recovery(std::span<const FoundSet> found, const Study& study, const Truth& truth,
                  std::span<ComparedSet> sets) {
  const auto recovered = measure_recovery(found, truth, study);
  for (size_t i = 0; i < sets.size(); ++i) {
    if (found[i].peaks.empty()) continue;
    sets[i].kind = regulation_name(recovered[i].kind);
    sets[i].members = recovered[i].members;
    sets[i].members_found = recovered[i].members_found;
    sets[i].recall = recovered[i].recall;
    sets[i].recall_with_partners = recovered[i].recall_with_partners;
  }
}

Columns<ComparedSet> compared_columns(const std::string& file) {
  return {file, "a row for each method, target, L and seed", compared_set_columns()};
}

Columns<ComparedSet> kept_set_columns() {
  auto columns = compared_set_columns();
  columns.push_back({kExactP, "all digits",
                     [](const ComparedSet& set) {
                       return std::isnan(set.exact_p) ? "NA" : fmt::format("{}", set.exact_p);
                     },
                     [](ComparedSet& set, const Cell& cell) { set.exact_p = cell.number(); }});
  return {"kept_sets.tsv", "a row for each set", std::move(columns)};
}

std::vector<ComparedSet> read_kept_sets(const Table& table) {
  if (table.has(kExactP)) return kept_set_columns().read(table);
  auto sets = compared_columns().read(table);
  for (auto& set : sets) set.exact_p = set.p;
  return sets;
}

}  // namespace grids::core
