#include "evaluate/recovery_sums.hpp"

namespace grids::core {

void RecoverySums::add(const RecoveredPeaks& set) {
  ++sets;
  if (set.members > 0) {
    const auto members = static_cast<double>(set.members);
    found.add(static_cast<double>(set.members_found), members);
    with_partners.add(static_cast<double>(set.members_with_partners), members);
    chance.add(set.expected_by_chance, members);
    chance_near_tss.add(set.expected_near_tss, members);
    whole.add(set.members_found == set.members ? 1 : 0);
    whole_with_partners.add(set.members_with_partners == set.members ? 1 : 0);
  }
  bystanders.add(static_cast<double>(set.bystanders_found));
  near_tss_share.add(set.near_tss_share);
  near_tss_chance.add(set.near_tss_chance);
  programme.add(set.programme.share);
  programme_chance.add(set.programme.chance);
  gene_programme.add(set.gene_programme.share);
  gene_programme_chance.add(set.gene_programme.chance);
}

}  // namespace grids::core
