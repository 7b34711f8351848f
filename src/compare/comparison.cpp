#include "compare/comparison.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <iterator>

#include "compare/compare_runs.hpp"
#include "evaluate/set_columns.hpp"

namespace grids::core {
namespace {

void append(std::vector<ComparedSet>& all, std::vector<ComparedSet> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

/// The reference's sets of one L, told as the unlimited ones that they are.
std::vector<ComparedSet> as_unlimited(const std::vector<ComparedSet>& sets, int64_t size) {
  std::vector<ComparedSet> unlimited;
  for (const ComparedSet& set : sets) {
    if (set.method != kComparisonReference || set.set_size != size) continue;
    unlimited.push_back(set);
    unlimited.back().allowance = Allowance::kUnlimited;
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
  void compare(const std::vector<ExplainTarget>& targets, Comparison& result) {
    const auto surrogate_run = [&](const CompareRun& run) { return on_surrogate(targets, run); };
    append(result.sets, all_methods(targets, surrogate_run));
    for (const auto& method : options_.unlimited) {
      if (equal_to_reference() && method == kComparisonReference) {  // it had no limit above
        append(result.sets, as_unlimited(result.sets, targets.front().set_size));
        continue;
      }
      for (int64_t s = 0; s < options_.seeds; ++s) {
        append(result.sets, surrogate_run({method, seed(s), Allowance::kUnlimited}));
      }
    }
    if (!result.truth) return;
    for (const TruthCells which : {TruthCells::kAll, TruthCells::kRedundant}) {
      auto& sets = which == TruthCells::kAll ? result.truth->all : result.truth->redundant;
      append(sets, all_methods(targets, [&](const CompareRun& run) {
               return on_truth(targets, run, which);
             }));
    }
  }

  Table skipped() const {
    Table table = compared_skipped_columns().table({});
    for (const auto& line : skipped_) table.add(line);
    return table;
  }

  int64_t reused() const { return runs_.reused(); }

 private:
  using Run = std::function<std::vector<ComparedSet>(const CompareRun&)>;

  bool equal_to_reference() const { return options_.budget == 0; }
  uint64_t seed(int64_t s) const { return context_.seed + static_cast<uint64_t>(s); }

  /// Every method with every seed at an equal budget.
  std::vector<ComparedSet> all_methods(const std::vector<ExplainTarget>& targets,
                                       const Run& run_one) const {
    std::vector<ComparedSet> sets;
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
        auto found = run_one(run);
        if (sets_budget) budgets.push_back(budgets_of(study_, targets, found));
        append(sets, std::move(found));
      }
    }
    return sets;
  }

  std::vector<ComparedSet> on_surrogate(const std::vector<ExplainTarget>& targets,
                                        const CompareRun& run) {
    auto finished = runs_.run("surrogate", targets, run, [&](const Context& context) {
      auto compared = compare_run(study_, surrogate_, targets, run, options_.each, context);
      if (truth_ != nullptr) {
        add_recovery(compared.found, study_, truth_->truth, compared.sets);
      }
      return FinishedRun{std::move(compared.sets), skipped_rows(study_, compared.skipped)};
    });
    const auto columns = compared_skipped_columns();
    for (const auto& row : finished.skipped) {
      auto line = columns.cells({row, run.method});
      if (std::find(skipped_.begin(), skipped_.end(), line) == skipped_.end()) {
        skipped_.push_back(std::move(line));
      }
    }
    return std::move(finished.sets);
  }

  std::vector<ComparedSet> on_truth(const std::vector<ExplainTarget>& targets,
                                    const CompareRun& run, TruthCells which) {
    const auto name = fmt::format("truth-{}", truth_cells_name(which));
    return runs_
        .run(name, targets, run,
             [&](const Context& context) {
               return FinishedRun{compare_on_truth(study_, *truth_, targets, run,
                                                   {which, options_.each.explain}, context),
                                  {}};
             })
        .sets;
  }

  const Study& study_;
  const StudySurrogate& surrogate_;
  const SimulatedTruth* truth_;
  const ComparisonOptions& options_;
  const Context& context_;
  CompareRuns runs_;
  std::vector<TableRow> skipped_;  // lines of skipped.tsv; seeds skip the same
};

}  // namespace

Comparison compare_methods(const Study& study, const StudySurrogate& surrogate,
                           const std::vector<ExplainTarget>& targets, const SimulatedTruth* truth,
                           const ComparisonOptions& options, const Context& context) {
  Comparison result;
  if (truth != nullptr) result.truth.emplace();
  MethodRuns runs(study, surrogate, targets.size(), truth, options, context);
  std::vector<ExplainTarget> sized = targets;
  for (const int64_t size : options.sizes) {
    for (auto& target : sized) target.set_size = size;
    runs.compare(sized, result);
  }
  if (options.types) {
    result.types = compare_types(study, surrogate, sized, {options.methods.front(), context.seed},
                                 options.each, context);
  }
  result.skipped = runs.skipped();
  result.reused = runs.reused();
  return result;
}

TableText describe_compared_skipped() {
  return compared_skipped_columns().describe();
}

}  // namespace grids::core
