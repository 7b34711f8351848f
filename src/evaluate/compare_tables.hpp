/// What a comparison comes to: tables made of the rows of compare.tsv alone.
///
/// The first ranks methods by evidence that no method optimises; the second by what a search
/// optimises, which it must therefore win.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "evaluate/compare.hpp"
#include "evaluate/set_summary.hpp"
#include "io/table.hpp"

namespace grids {

/// Called at q below this.
inline constexpr double kCalledQ = 0.05;

/// held_out.tsv, a row for each L, allowance and method, within L and allowance ranked by
/// share_called, then median_z (NA last): L, allowance, method, sets, tested (that have a p),
/// share_called (q < 0.05, of all sets: one that cannot be tested is not called), median_z (of the
/// tested), mean_slope, recall and recall_with_partners (planted members found ÷ members, over all
/// sets together; NA without truth).
Table held_out_table(std::span<const ComparedSet> sets);

/// own_objective.tsv, ranked by mean relative change, the one that goes furthest first: L,
/// allowance, method, sets, average_change, relative_change (mean), relative_sd_seeds (standard
/// deviation between the seeds of a target, root mean square over targets: the error bar of methods
/// that sample), change_cp100k, then against `reference` at the same target, L and seed (its own
/// row: NA): pairs, t_p and wilcoxon_p (one-sided: the reference goes further in relative change),
/// wilcoxon_p_targets (the same over targets, seeds averaged), reference_further (share of pairs);
/// objective (mean, on training cells, lower is better: what methods minimise), objective_t_p and
/// objective_wilcoxon_p (the reference is lower); evaluations, seconds (medians) and budget_spent
/// (share). The reference's rows are those of the same allowance, else of the other.
Table own_objective_table(std::span<const ComparedSet> sets, const std::string& reference,
                          ChangeDirection direction);

/// The layout of the paper's Table 1, equal allowance: a row for each L and cell type, and one for
/// the mean over the types ("mean"); two columns for each method, "METHOD average_change" and
/// "METHOD relative_percent", means over genes and seeds.
Table table_by_type(std::span<const ComparedSet> sets);

/// The layout of Table 2, equal allowance: a row for each method; two columns for each cell type
/// and L, "TYPE L=10 average_change" and "TYPE L=10 relative_percent".
Table table_by_method(std::span<const ComparedSet> sets);

/// recall_by_kind.tsv, planted members found ÷ members: objective ("surrogate"), L, allowance,
/// kind, planted (members of a set, e.g. pairs apart from triples), method, sets, members, recall,
/// recall_with_partners, whole_sets (share of sets with every member). Empty without truth.
Table recall_table(std::span<const ComparedSet> sets, const std::string& objective);

/// The different values of a field, in the order of their first rows.
std::vector<std::string> methods_of(std::span<const ComparedSet> sets);

}  // namespace grids
