/// The whole comparison: every method with every seed and size of set on the same targets, each run
/// at the budget that is its due, on the surrogate and, where cells are simulated, on the true
/// function.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "compare/compare.hpp"
#include "compare/compare_truth.hpp"
#include "compare/compare_types.hpp"
#include "io/columns.hpp"

namespace grids::core {

/// Whose evaluations the others get, and who is tested against them.
inline constexpr const char* kComparisonReference = "grids";

struct ComparisonOptions {
  /// Each once; the reference first if it is among them, as it must be where `budget` is 0.
  std::vector<std::string> methods;
  /// Methods that also run without a limit, at their own settings.
  std::vector<std::string> unlimited;
  std::vector<int64_t> sizes = {10};  ///< L
  int64_t seeds = 5;                  ///< the context's and those that follow it
  /// Model evaluations that every method has for a target; 0 = as many as the reference used there
  /// without a limit.
  int64_t budget = 0;
  /// Learn in every other type too (compare_types.hpp), with the first method and the last L.
  bool types = true;
  CompareOptions each;
  /// Where finished runs are kept (empty: nowhere), and all that each of them depends on
  /// (compare_runs.hpp).
  std::filesystem::path runs;
  std::string settings;
};

struct TrueFunctionSets {
  std::vector<ComparedSet> all;
  std::vector<ComparedSet> redundant;
};

struct Comparison {
  std::vector<ComparedSet> sets;          ///< on the surrogate
  std::optional<TrueFunctionSets> truth;  ///< where the cells are simulated
  std::optional<TypeMatrix> types;
  Table skipped;       ///< skipped.tsv
  int64_t reused = 0;  ///< sets that had been learned before
};

/// What is searched in a run.
enum class ComparedOn : uint8_t { kSurrogate, kTruth, kRedundantTruth };

/// One method with one seed, L and allowance.
struct RunOfComparison {
  ComparedOn on = ComparedOn::kSurrogate;
  std::string method;
  std::vector<ComparedSet> sets;  ///< in the order of the targets, as those below
  std::vector<SkippedRow> skipped;
};

/// All runs, in an order that depends on the options alone; q of a set is over the targets of its
/// run. Numbers of a target depend on no other one.
struct ComparedRuns {
  std::vector<RunOfComparison> runs;
  std::vector<TypeChange> changes;  ///< with `types`
  int64_t reused = 0;
};

/// `targets` without L: every size is tried on each. `truth` may be null. Throws as `explain` does.
ComparedRuns compare_in_runs(const Study& study, const StudySurrogate& surrogate,
                             const std::vector<ExplainTarget>& targets, const SimulatedTruth* truth,
                             const ComparisonOptions& options, const Context& context);

/// What is told of the runs on these targets.
Comparison comparison_of(const Study& study, const std::vector<ExplainTarget>& targets,
                         ComparedRuns runs, bool truth, const ComparisonOptions& options);

/// Both, one after the other.
Comparison compare_methods(const Study& study, const StudySurrogate& surrogate,
                           const std::vector<ExplainTarget>& targets, const SimulatedTruth* truth,
                           const ComparisonOptions& options, const Context& context);

/// The skipped.tsv of a comparison, which names methods.
TableText describe_compared_skipped();

}  // namespace grids::core
