/// Whether pairs of peak and gene hit something more often than pairs that lie as far apart, with
/// peaks that are open as often.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "validate/pair_groups.hpp"
#include "validate/pairs.hpp"
#include "validate/validation_row.hpp"

namespace grids::core {

/// What a kind of experiment says of pairs.
struct PairHits {
  std::string what;  ///< of the rows: "loops"
  /// The peaks that the experiment joins to the gene.
  std::function<std::vector<int32_t>(const PairGene&)> of;
  /// What each peak counts; empty: 1.
  std::vector<double> weights = {};
  /// Intervals are over genes, or over stretches of 1 Mb where the peaks lie.
  enum class Over : uint8_t { kGenes, kStretches } over = Over::kGenes;
  std::string note = {};  ///< of every row
  /// Whether the experiment says anything of a gene; empty: of every one. Pairs of which no gene is
  /// known have no share: it would look like a true 0.
  std::function<bool(const PairGene&)> knows = {};
};

/// Two rows of each group: the `share` of its pairs that hit beside that of matched pairs, and the
/// `odds_ratio` of the two (Mantel & Haenszel; chance = 1). A pair is matched with the peaks of the
/// same gene that are no members of its set, lie between two thirds and one and a half times as far
/// from it (plus 1 kb), and are open as often (a tenth of all peaks to either side by rank, more
/// where that leaves fewer than five); one on another chromosome or beyond 10 Mb with peaks that do
/// too. Pairs without a match do not count. The interval of the ratio is that of 1,000 resamples of
/// the clusters; NaN where fewer than five pairs or fewer than five matched ones hit.
std::vector<ValidationRow> matched_rows(const Pairs& pairs, const PairHits& hits,
                                        const Context& context);

}  // namespace grids::core
