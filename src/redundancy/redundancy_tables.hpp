/// What was found of redundancy, as tables. Rows of one set share cell type, gene and `set`.
#pragma once

#include <span>

#include "io/columns.hpp"
#include "redundancy/judge_redundancy.hpp"

namespace grids::core {

/// redundancy.tsv, a row a set.
Table redundancy_table(const Study& study, std::span<const SetRedundancy> sets);
TableText describe_redundancy();

/// settings.tsv, all 2^n settings of the judged elements.
Table settings_table(const Study& study, std::span<const SetRedundancy> sets);
TableText describe_settings();

/// members.tsv, a row an element.
Table members_table(const Study& study, std::span<const SetRedundancy> sets);
TableText describe_members();

/// interactions.tsv, pairs of judged elements on both scales.
Table interactions_table(const Study& study, std::span<const SetRedundancy> sets);
TableText describe_interactions();

/// deletion.tsv, in the fit: rates as one element after the other goes, and by number open.
Table deletion_table(const Study& study, std::span<const SetRedundancy> sets);
TableText describe_deletion();

/// All of them, in this order, then those of design.hpp and interplay_sets.hpp, and that of
/// groups.hpp where sets were judged in groups by a column.
std::vector<Table> redundancy_tables(const Study& study, std::span<const SetRedundancy> sets,
                                     const std::string& contrast_groups = "");

}  // namespace grids::core
