/// What a shard of a comparison leaves, and a whole comparison read from all of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compare/comparison.hpp"
#include "explain/targets.hpp"
#include "io/table.hpp"
#include "pipeline/portions.hpp"

namespace grids::core {

/// A shard's targets, and where they stand among all.
struct OwnTargets {
  std::vector<ExplainTarget> targets;
  std::vector<int64_t> places;

  /// Of the first target of this type and gene, by name.
  int64_t place_of(const Study& study, const std::string& type, const std::string& gene) const;
};

/// The tables that a portion keeps.
std::vector<Table> kept_comparison(const Study& study, const OwnTargets& own,
                                   const ComparedRuns& found);

/// The runs and targets of a whole comparison.
struct WholeComparison {
  ComparedRuns found;
  std::vector<ExplainTarget> targets;
};

/// Reads one portion after the other; q is made anew over the targets of each run. Throws
/// Error(kInput) where portions are not of one comparison.
WholeComparison read_comparison(const PortionFiles& portions);

}  // namespace grids::core
