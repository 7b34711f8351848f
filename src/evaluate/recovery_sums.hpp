/// On simulated cells: how much of what was planted a found set holds, and sums over sets. Made
/// where the truth is known (compare/recovery.hpp) and summed again by the report, from
/// recovery.tsv.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/nan.hpp"

namespace grids::core {

/// How many of the found peaks follow a programme. NaN where that is not known.
struct ProgrammeShare {
  double share = kNaN;
  /// Mean over the found peaks of the share among the peaks that are open as often as it in the
  /// type's training cells ("all": in all training cells), found peaks left out.
  double chance = kNaN;
};

/// What one found set holds of the set that was planted for its gene.
struct RecoveredPeaks {
  int64_t members = 0;  ///< of the planted set, whether or not the study kept them; 0 without one
  int64_t members_found = 0;
  int64_t bystanders_found = 0;
  /// Members among the minimal sub-set, the partners and the rest of the set, in this order, the
  /// first L of them: where a and b are needed jointly, a search that closes peaks has no reason to
  /// take both. As `members_found` where partners are not given.
  int64_t members_with_partners = 0;
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

/// A weighted sum of what is not NaN, and of the weights.
struct KnownSum {
  double total = 0;
  double weight = 0;

  void add(double value, double weight_of_it = 1) {
    if (std::isnan(value)) return;
    total += value;
    weight += weight_of_it;
  }
  /// NaN where nothing was known.
  double mean() const { return weight > 0 ? total / weight : kNaN; }
};

/// Over sets. What speaks of members leaves out sets that had none to find: their total is the
/// number found (or expected), their weight the number planted, their mean the recall.
struct RecoverySums {
  int64_t sets = 0;
  KnownSum found, with_partners, chance, chance_near_tss;  ///< members
  KnownSum whole, whole_with_partners;                     ///< sets with every member found
  KnownSum bystanders;
  KnownSum near_tss_share, near_tss_chance;
  KnownSum programme, programme_chance;
  KnownSum gene_programme, gene_programme_chance;

  void add(const RecoveredPeaks& set);
};

}  // namespace grids::core
