/// What a comparison comes to: tables made of the rows of compare.tsv alone.
///
/// The first ranks methods by evidence that no method optimises; the second by what a search
/// optimises, which it must therefore win.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "compare/compare.hpp"
#include "evaluate/set_summary.hpp"
#include "io/columns.hpp"

namespace grids::core {

/// Called at q below this.
inline constexpr double kCalledQ = 0.05;

/// held_out.tsv, a row for each L, allowance and method, within L and allowance ranked by the share
/// of sets that are called, then the median z (NA last).
Table held_out_table(std::span<const ComparedSet> sets);
TableText describe_held_out();

/// own_objective.tsv, ranked by mean relative change, the one that goes furthest first. The sets of
/// `reference` that others are tested against are those of the same allowance, else of the other.
Table own_objective_table(std::span<const ComparedSet> sets, const std::string& reference,
                          ChangeDirection direction);
TableText describe_own_objective();

/// The layout of the paper's Table 1, equal allowance: a row for each L and cell type, and one for
/// the mean over the types; two columns for each method, means over genes and seeds.
Table table_by_type(std::span<const ComparedSet> sets);
TableText describe_table_by_type();

/// The layout of Table 2, equal allowance: a row for each method; two columns for each cell type
/// and L.
Table table_by_method(std::span<const ComparedSet> sets);
TableText describe_table_by_method();

/// recall_by_kind.tsv, planted members found ÷ members, of sets found on `objective` ("surrogate").
/// Empty without truth.
Table recall_table(std::span<const ComparedSet> sets, const std::string& objective);
TableText describe_recall();

/// The different values of a field, in the order of their first rows.
std::vector<std::string> methods_of(std::span<const ComparedSet> sets);

}  // namespace grids::core
