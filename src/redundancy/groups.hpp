/// Groups of cells that the user names, such as conditions or time points, and how sets differ
/// between them: each group's cells are measured by a regression of their own, and the differences
/// from the group with most cells are tested.
///
/// Groups are compared as they are measured: a group with fewer cells has wider errors, not a
/// smaller difference. "Called in one and not in the other" is no difference.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/nan.hpp"
#include "io/columns.hpp"
#include "study/study.hpp"

namespace grids::core {

struct RedundancyOptions;
struct JudgedCells;
struct SetRedundancy;

/// The largest group comes first, equals by name.
struct CellGroups {
  std::string column;
  std::vector<std::string> names;
  std::vector<int32_t> codes;  ///< one a cell; −1: in none
};

/// Groups of fewer cells are left out.
inline constexpr int64_t kLeastCellsOfGroup = 20;
inline constexpr size_t kMostGroups = 20;

/// By a column that the study keeps, or its donors, batches or types. Throws Error(kInput) that
/// names column and study's columns where there is none, or its groups are too many or too few.
CellGroups cell_groups(const Study& study, const std::string& column);

/// Throws as `cell_groups` where these options name a column: before anything long is computed.
void require_groups(const Study& study, const RedundancyOptions& options);

/// What is known of a set in one group.
struct SetInGroup {
  int64_t cells = 0;              ///< measured
  double change_as_cells = kNaN;  ///< predicted, of all judged elements masked in cells as they are
  double log_change = kNaN;       ///< measured, log r(S) ÷ r(∅)
  double log_change_error = kNaN;  ///< standard
  double hidden = kNaN;            ///< NaN where the total change is within three errors of 0
  double hidden_error = kNaN;
  std::string problem;  ///< why nothing is measured, or empty
};

/// Fills the measured parts of `set.groups`; `cells` and `other_terms` as in `measure_set`.
void measure_in_groups(const Study& study, const JudgedCells& cells,
                       const std::vector<double>& other_terms, const RedundancyOptions& options,
                       SetRedundancy& set);

/// redundancy_groups.tsv, a row for each group of each set, with differences from the first group.
Table groups_table(const Study& study, const CellGroups& groups,
                   std::span<const SetRedundancy> sets);
TableText describe_groups();
/// What the table says as a whole, or why it says nothing: with redundancy.tsv of the same sets.
std::string groups_sentence(const Table& redundancy, const Table& groups);
/// The same rows with q over all of them: what portions of a run are held together by.
Table with_group_q(const Table& table);

}  // namespace grids::core
