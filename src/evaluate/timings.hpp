/// timings.tsv: how long each set took. Times stand in no other table, so that two runs with the
/// same seed write the same bytes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "explain/explain_stage.hpp"
#include "io/columns.hpp"

namespace grids::core {

namespace column {

inline constexpr ColumnText kSeconds{
    "seconds", "of the whole target: the method, the minimal sub-set and partners, other genes"};
inline constexpr ColumnText kMethodSeconds{"method_seconds",
                                           "what the method took to choose the peaks"};

}  // namespace column

/// Of explained sets.
Table timings_table(const Study& study, const std::vector<ExplainedTarget>& explained);
TableText describe_timings();

}  // namespace grids::core
