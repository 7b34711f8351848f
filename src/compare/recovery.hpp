/// On simulated cells: how much of what was planted did a search find?
///
/// Found sets are the rows of `subsets.tsv`, whoever wrote them; the truth is that of truth.hpp.
/// Recall is always shown beside what peaks drawn at random would give. Where it is known which
/// peaks follow which programme, shares tell whether a search found peaks of the cell type's
/// programme rather than elements of the gene.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "io/columns.hpp"
#include "search/set_partners.hpp"
#include "simulate/peak_truth.hpp"
#include "simulate/truth.hpp"
#include "study/study.hpp"

namespace grids::core {

struct RecoveryOptions {
  /// Distance (bp) from the TSS that counts as near, the window within which regulation is planted.
  int64_t window = 250'000;
  /// Chance of a programme: each found peak is compared with this many that are open in the most
  /// similar number of training cells of the type (as random sets are drawn, see judge_sets.hpp).
  /// Fewer match more closely. Ignored without peak truth.
  int64_t similar_peaks = 200;
};

/// How many of the found peaks follow a programme. NaN where that is not known.
struct ProgrammeShare {
  double share = std::numeric_limits<double>::quiet_NaN();
  /// Mean over the found peaks of the share among the peaks that are open as often as it in the
  /// type's training cells ("all": in all training cells), found peaks left out.
  double chance = std::numeric_limits<double>::quiet_NaN();
};

/// One found set: the rows that share cell type, gene, method, L and seed.
struct SetRecovery {
  std::string cell_type;  ///< or "all"
  std::string gene;
  std::string method;
  std::string seed;  ///< as subsets.tsv spells it
  /// As planted; `kNone` where the set does not act in the cell type ("all": in any).
  Regulation kind = Regulation::kNone;
  int64_t set_size = 0;  ///< L, the peaks found
  int64_t members = 0;   ///< of the planted set, whether or not the study kept them; 0 for kNone
  int64_t members_found = 0;
  int64_t bystanders_found = 0;
  double recall = 0;  ///< members_found ÷ members; NaN without members
  /// The same of the minimal sub-set, the partners and the rest of the set, in this order, the
  /// first L of them: where a and b are needed jointly, a search that closes peaks has no reason to
  /// take both. As above where partners are not given.
  int64_t members_with_partners = 0;
  double recall_with_partners = 0;
  /// Members found, on average, by L peaks drawn without replacement from all peaks of the study,
  /// and from those near the TSS (NaN when the gene has no position).
  double expected_by_chance = 0;
  double expected_near_tss = 0;
  double near_tss_share = 0;   ///< of the found peaks
  double near_tss_chance = 0;  ///< of all peaks
  /// Of the programme that marks the cell type: peaks with a positive `type_level`, i.e. open more
  /// in that type. NaN for "all" and for types that the truth does not know.
  ProgrammeShare programme;
  /// Of the programme that the gene follows (any positive `level`), where that is another than the
  /// type's; else NaN.
  ProgrammeShare gene_programme;
};

/// A set that was found.
struct FoundSet {
  std::string cell_type, gene, method, seed;  ///< as subsets.tsv spells them
  std::vector<int32_t> peaks;                 ///< of the study
  SetPartners partners = {};  ///< members of the minimal sub-set and partners; no changes are read
};

/// Without `peaks` (null) programmes are not known. Throws Error(kInput) that names the gene that
/// the truth or the study does not know, or a peak of the study that `peaks` does not know.
std::vector<SetRecovery> measure_recovery(std::span<const FoundSet> sets, const Truth& truth,
                                          const Study& study, const RecoveryOptions& options = {},
                                          const PeakTruth* peaks = nullptr);

/// The sets of subsets.tsv, in the order of their first rows; `partners` is the table of that name,
/// or null. Throws Error(kInput) as above, or for a peak that the study does not have, and names
/// the table.
std::vector<SetRecovery> measure_recovery(const Table& subsets, const Truth& truth,
                                          const Study& study, const RecoveryOptions& options = {},
                                          const PeakTruth* peaks = nullptr,
                                          const Table* partners = nullptr);

/// recovery.tsv.
Columns<SetRecovery> recovery_columns();

/// All sets of one method, kind and L.
struct KindRecovery {
  std::string method;
  Regulation kind = Regulation::kNone;
  int64_t set_size = 0;
  int64_t sets = 0;
  /// Members found ÷ members, over all sets together; NaN for kNone, as are the next four.
  double recall = 0;
  double recall_with_partners = 0;
  double recall_by_chance = 0;
  double recall_by_chance_near_tss = 0;
  double whole_sets = 0;  ///< share of sets with every member found
  double whole_sets_with_partners = 0;
  double bystanders_found = 0;  ///< a set
  double near_tss_share = 0;    ///< mean over sets; NaN when no gene has a position
  double near_tss_chance = 0;
  ProgrammeShare programme;  ///< means over the sets that have them
  ProgrammeShare gene_programme;
};

/// Sorted by method, L, then kind.
std::vector<KindRecovery> summarise_recovery(std::span<const SetRecovery> sets);

/// recovery_by_kind.tsv.
Columns<KindRecovery> recovery_by_kind_columns();

}  // namespace grids::core
