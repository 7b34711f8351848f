/// Sets of peaks, found and judged: what the stage `explain` hands to people.
#pragma once

#include <string>
#include <vector>

#include "base/context.hpp"
#include "evaluate/judge_sets.hpp"
#include "explain/explain_stage.hpp"
#include "io/table.hpp"

namespace grids::core {

struct Explained {
  ExplainResult result;
  JudgedSets judged;  ///< of `result.explained`, in their order
  ChangeDirection direction = ChangeDirection::kDown;
};

/// Searches on training cells, judges on test cells; throws what `explain` throws.
Explained explain_and_judge(const Study& study, const StudySurrogate& surrogate,
                            const std::vector<ExplainTarget>& targets,
                            const ExplainStageOptions& options, const JudgeSetsOptions& judge,
                            const Context& context);

/// subsets.tsv, partners.tsv, set_summary.tsv, random_sets.tsv, contrasts.tsv, change_by_type.tsv,
/// off_target.tsv, skipped.tsv and timings.tsv, in this order.
std::vector<Table> explained_tables(const Study& study, const Explained& explained);

/// Where the predictions are to go.
ChangeDirection asked_direction(const ExplainStageOptions& options);

/// A set in words: what does not rest on the other sets of its run, and the contrast, which gets q
/// and verdict of them.
struct ToldSet {
  std::string name;     ///< "CX3CR1 in Microglia"
  std::string said;     ///< of its change
  std::string remarks;  ///< "; caution: …", or empty
  Contrast contrast;
};

/// A target that was not explained.
struct ToldSkip {
  std::string type;
  std::string gene;
  std::string reason;
  bool gate_a = false;   ///< see SkippedTarget
  bool doubted = false;  ///< likewise
};

/// What a run tells of its sets, which need not be in memory for that.
struct ToldExplained {
  std::vector<ToldSet> sets;
  std::vector<ToldSkip> skipped;
  ChangeDirection direction = ChangeDirection::kDown;
  bool from_counts = true;  ///< see CountMap
};

ToldExplained told_of(const Study& study, const Explained& explained);

/// q and verdict of each set, among all of them.
void add_verdicts(ToldExplained& told);

/// Tells what came out in a line a set, as far as there are few, in the order in which they stand
/// (verdict.hpp), the strongest signal no stronger than it is.
void tell_explained(const ToldExplained& told, const Context& context);

}  // namespace grids::core
