/// view_sets.tsv: sets that someone chose by hand and kept. Their status is `exploratory`, always:
/// who has looked, chosen and looked again has not tested.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/nan.hpp"
#include "io/columns.hpp"
#include "study/study.hpp"

namespace grids::core {

struct SavedSet {
  int64_t set = 0;
  std::string cell_type;
  std::string gene;
  std::vector<std::string> peaks;
  double rate_change = kNaN;
  double slope = kNaN;
  double slope_low = kNaN;
  double slope_high = kNaN;
  double p = kNaN;
  std::optional<int64_t> looks;  ///< nothing: not judged
  double p_adjusted = kNaN;
  std::string status;
  std::string note;
};

Columns<SavedSet> saved_set_columns();
TableText describe_saved_sets();

/// min(1, p × looks).
double adjusted_for_looks(double p, int64_t looks);

/// A BED line a peak, named by gene, type and number of the set.
std::string bed_of_sets(const Study& study, std::span<const SavedSet> sets);

}  // namespace grids::core
