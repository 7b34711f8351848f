#include "compare/comparison.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>

#include "compare/compare_runs.hpp"
#include "evaluate/set_columns.hpp"

namespace grids::core {
namespace {

void append(std::vector<ComparedSet>& all, std::vector<ComparedSet> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

/// The reference's sets of one L and seed, told as the unlimited ones that they are.
std::vector<ComparedSet> as_unlimited(const std::vector<RunOfComparison>& runs, int64_t size,
                                      uint64_t seed) {
  std::vector<ComparedSet> unlimited;
  for (const auto& run : runs) {
    if (run.on != ComparedOn::kSurrogate) continue;
    for (const ComparedSet& set : run.sets) {
      if (set.method != kComparisonReference || set.set_size != size || set.seed != seed) continue;
      unlimited.push_back(set);
      unlimited.back().allowance = Allowance::kUnlimited;
    }
  }
  return unlimited;
}

/// Sets that are learned altogether, for the progress.
int64_t sets_of(const ComparisonOptions& options, size_t targets, bool truth) {
  const size_t rounds = (truth ? 3 : 1) * options.methods.size() + options.unlimited.size();
  return static_cast<int64_t>(rounds * targets * options.sizes.size()) * options.seeds;
}

struct SkippedByMethod : SkippedRow {
  std::string method;
};

Columns<SkippedByMethod> compared_skipped_columns() {
  return {"skipped.tsv",
          "what was asked for and not compared",
          {{column::kLearnedIn, &SkippedRow::cell_type},
           {column::kGene, &SkippedRow::gene},
           {column::kMethod, &SkippedByMethod::method},
           {column::kAskedSize, &SkippedRow::set_size},
           {column::kReason, &SkippedRow::reason},
           {column::kGate, &SkippedRow::gate}}};
}

class MethodRuns {
 public:
  MethodRuns(const Study& study, const StudySurrogate& surrogate, size_t targets,
             const SimulatedTruth* truth, const ComparisonOptions& options, const Context& context)
      : study_(study),
        surrogate_(surrogate),
        truth_(truth),
        options_(options),
        context_(context),
        runs_(options.runs, options.settings, sets_of(options, targets, truth != nullptr),
              context) {}

  /// Targets of one L.
  void compare(const std::vector<ExplainTarget>& targets, std::vector<RunOfComparison>& runs) {
    all_methods(targets, runs, [&](const CompareRun& run) { return on_surrogate(targets, run); });
    for (const auto& method : options_.unlimited) {
      for (int64_t s = 0; s < options_.seeds; ++s) {
        if (equal_to_reference() && method == kComparisonReference) {  // it had no limit above
          runs.push_back({ComparedOn::kSurrogate,
                          method,
                          as_unlimited(runs, targets.front().set_size, seed(s)),
                          {}});
        } else {
          runs.push_back(on_surrogate(targets, {method, seed(s), Allowance::kUnlimited}));
        }
      }
    }
    if (truth_ == nullptr) return;
    for (const TruthCells which : {TruthCells::kAll, TruthCells::kRedundant}) {
      all_methods(targets, runs,
                  [&](const CompareRun& run) { return on_truth(targets, run, which); });
    }
  }

  int64_t reused() const { return runs_.reused(); }

 private:
  using Run = std::function<RunOfComparison(const CompareRun&)>;

  bool equal_to_reference() const { return options_.budget == 0; }
  uint64_t seed(int64_t s) const { return context_.seed + static_cast<uint64_t>(s); }

  /// Every method with every seed at an equal budget.
  void all_methods(const std::vector<ExplainTarget>& targets, std::vector<RunOfComparison>& runs,
                   const Run& run_one) const {
    std::vector<std::vector<int64_t>> budgets;  // of each seed
    for (const auto& method : options_.methods) {
      const bool sets_budget = equal_to_reference() && method == kComparisonReference;
      for (int64_t s = 0; s < options_.seeds; ++s) {
        CompareRun run{method, seed(s), Allowance::kEqual};
        if (!equal_to_reference()) {
          run.budgets.assign(targets.size(), options_.budget);
        } else if (!sets_budget) {
          run.budgets = budgets[static_cast<size_t>(s)];
        }
        runs.push_back(run_one(run));
        if (sets_budget) budgets.push_back(budgets_of(study_, targets, runs.back().sets));
      }
    }
  }

  RunOfComparison on_surrogate(const std::vector<ExplainTarget>& targets, const CompareRun& run) {
    auto finished = runs_.run("surrogate", targets, run, [&](const Context& context) {
      auto compared = compare_run(study_, surrogate_, targets, run, options_.each, context);
      if (truth_ != nullptr) {
        add_recovery(compared.found, study_, truth_->truth, compared.sets);
      }
      return FinishedRun{std::move(compared.sets), skipped_rows(study_, compared.skipped)};
    });
    return {ComparedOn::kSurrogate, run.method, std::move(finished.sets),
            std::move(finished.skipped)};
  }

  RunOfComparison on_truth(const std::vector<ExplainTarget>& targets, const CompareRun& run,
                           TruthCells which) {
    const auto name = fmt::format("truth-{}", truth_cells_name(which));
    auto finished = runs_.run(name, targets, run, [&](const Context& context) {
      return FinishedRun{
          compare_on_truth(study_, *truth_, targets, run, {which, options_.each.explain}, context),
          {}};
    });
    const auto on = which == TruthCells::kAll ? ComparedOn::kTruth : ComparedOn::kRedundantTruth;
    return {on, run.method, std::move(finished.sets), {}};
  }

  const Study& study_;
  const StudySurrogate& surrogate_;
  const SimulatedTruth* truth_;
  const ComparisonOptions& options_;
  const Context& context_;
  CompareRuns runs_;
};

/// Each line once: seeds skip the same.
Table skipped_table(const std::vector<RunOfComparison>& runs) {
  const auto columns = compared_skipped_columns();
  Table table = columns.table({});
  std::set<TableRow> known;
  for (const auto& run : runs) {
    for (const auto& row : run.skipped) {
      auto line = columns.cells({row, run.method});
      if (known.insert(line).second) table.add(std::move(line));
    }
  }
  return table;
}

}  // namespace

ComparedRuns compare_in_runs(const Study& study, const StudySurrogate& surrogate,
                             const std::vector<ExplainTarget>& targets, const SimulatedTruth* truth,
                             const ComparisonOptions& options, const Context& context) {
  ComparedRuns result;
  MethodRuns runs(study, surrogate, targets.size(), truth, options, context);
  std::vector<ExplainTarget> sized = targets;
  for (const int64_t size : options.sizes) {
    for (auto& target : sized) target.set_size = size;
    runs.compare(sized, result.runs);
  }
  if (options.types) {
    result.changes = changes_of_types(
        study, surrogate, sized, {options.methods.front(), context.seed}, options.each, context);
  }
  result.reused = runs.reused();
  return result;
}

Comparison comparison_of(const Study& study, const std::vector<ExplainTarget>& targets,
                         ComparedRuns runs, bool truth, const ComparisonOptions& options) {
  Comparison result;
  if (truth) result.truth.emplace();
  result.skipped = skipped_table(runs.runs);
  for (auto& run : runs.runs) {
    if (run.on == ComparedOn::kSurrogate) {
      append(result.sets, std::move(run.sets));
    } else if (result.truth) {
      const bool all = run.on == ComparedOn::kTruth;
      append(all ? result.truth->all : result.truth->redundant, std::move(run.sets));
    }
  }
  if (options.types) result.types = type_matrix(study, targets, runs.changes);
  result.reused = runs.reused;
  return result;
}

Comparison compare_methods(const Study& study, const StudySurrogate& surrogate,
                           const std::vector<ExplainTarget>& targets, const SimulatedTruth* truth,
                           const ComparisonOptions& options, const Context& context) {
  return comparison_of(study, targets,
                       compare_in_runs(study, surrogate, targets, truth, options, context),
                       truth != nullptr, options);
}

TableText describe_compared_skipped() {
  return compared_skipped_columns().describe();
}

}  // namespace grids::core
