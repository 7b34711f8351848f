/// timings.tsv of a comparison.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "compare/compare.hpp"
#include "evaluate/timings.hpp"
#include "io/columns.hpp"

namespace grids::core {

/// A row of the timings of a comparison.
struct ComparedTiming {
  std::string objective;  ///< what was searched, as in recall_by_kind.tsv
  const ComparedSet* set = nullptr;
  double seconds = ComparedSet::kNone;
};

std::vector<ComparedTiming> timings_of(std::span<const ComparedSet> sets,
                                       const std::string& objective);
Columns<ComparedTiming> compared_timing_columns();

}  // namespace grids::core
