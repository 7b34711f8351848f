/// Sets of peaks, found and judged: what the stage `explain` hands to people.
#pragma once

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

/// Tells what came out in a line a set, in the order in which they stand (verdict.hpp), the
/// strongest signal no stronger than it is.
void tell_explained(const Study& study, const Explained& explained, const Context& context);

}  // namespace grids::core
