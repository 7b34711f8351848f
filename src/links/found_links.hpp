/// links.tsv of what was found: by `explain`, which judges sets against measured expression, and by
/// `redundancy`, which does not and knows sets that would have done as well.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "evaluate/set_summary.hpp"
#include "io/table.hpp"
#include "links/link.hpp"
#include "redundancy/judge_redundancy.hpp"
#include "redundancy/search_and_judge.hpp"
#include "study/study.hpp"

namespace grids::core {

/// Sets in their order; peaks of each by rank, then its partners outside of it. `redundant`: what
/// was judged of them, in any order, among rows that are of no set (a type of several); may be
/// empty.
std::vector<Link> links_of(const Study& study, std::span<const EvaluatedSet> sets,
                           std::span<const SetRedundancy> redundant);

/// Which of `redundant` is what was judged of this very set; −1: none.
int64_t row_judged_as(std::span<const SetRedundancy> redundant, const EvaluatedSet& set);

/// The same of a portion of `redundancy`: found sets, each followed by those that would have done.
/// Calls are as in `found.sets`, not yet held together.
std::vector<Link> links_of(const Study& study, const RedundancyFindings& found);

/// The table with the calls of redundancy.tsv, in which they were held together over the run.
Table with_final_calls(const Table& links, const Table& redundancy);

}  // namespace grids::core
