/// Which genes in which types `grids compare` is asked for.
#pragma once

#include <vector>

#include "pipeline/compare_into.hpp"
#include "pipeline/target_arguments.hpp"

namespace grids::core {

/// Adds to the problems what does not go together.
void check_compared(const TargetArguments& targets, const CompareArguments& arguments,
                    Problems& problems);

/// Without L; every L is checked against the study. `truth` may be null where no planted genes are
/// asked for. Throws Error(kInput) for names that the study does not have.
std::vector<ExplainTarget> compared_targets(const TargetArguments& targets,
                                            const CompareArguments& arguments, const Study& study,
                                            const SimulatedTruth* truth,
                                            const std::vector<int64_t>& sizes);

}  // namespace grids::core
