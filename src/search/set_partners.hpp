/// What removal cannot tell about a found set. Where a change needs a *and* b, masking {a} or
/// {a, anything} changes as much as masking {a, b}: a search that masks has no reason to take b.
/// For a found set this finds
///
/// - the *minimal sub-set*: members that alone keep most of the set's change, none of which can go;
/// - the *partners*: features outside it that change much alone, and no longer once it is masked.
///   The sub-set needs them, or they need it.
///
/// "Change" is that of the mean rate of the objective's target over its cells, expm1 of the output
/// clamped at 0 (the scale of the loss `rate`), against the cells unmasked; whatever the loss is.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/described.hpp"
#include "search/objective.hpp"

namespace grids::core {

struct PartnerOptions {
  /// Share of the set's change that the minimal sub-set keeps. Larger values keep more members.
  double keep = 0.9;
  /// A partner's change when masked alone is at least this share of the set's. Larger values list
  /// fewer.
  double least_single = 0.2;
  /// Masked after the minimal sub-set, a partner changes at most this share of what it changes
  /// alone, in the same direction. Larger values list more.
  double most_after = 0.1;
  /// Partners listed, those of the largest single change. 0 = only the minimal sub-set.
  int64_t limit = 10;
  /// Features whose single change is computed exactly; of more, those whose masking changes the
  /// rate most in the set's direction by the gradient of the unmasked cells. Larger values cost
  /// time in proportion.
  int64_t candidates = 1024;

  void describe(OptionSet& set);
};

struct Partner {
  Feature feature = kNoFeature;
  double single = 0;  ///< change of the mean rate when it alone is masked
  double after = 0;   ///< the further change when it is masked after the minimal sub-set

  bool operator==(const Partner&) const = default;
};

struct SetPartners {
  double rate = 0;               ///< mean rate of the unmasked cells
  double change = 0;             ///< of the mean rate when the set is masked
  std::vector<Feature> minimal;  ///< in the order of the set; empty when the set changes nothing
  double minimal_change = 0;     ///< when only these are masked
  /// The largest single change first (in the direction of the set's), ties to the smaller index.
  /// Members of the set that the minimal sub-set can spare may be among them.
  std::vector<Partner> partners;
};

/// The minimal sub-set is found by dropping backwards: again and again the member without which
/// most of the change remains goes (of equals the last in `subset`), as long as `keep` of the set's
/// change remains. Each drop is judged with the earlier ones done. A prefix of the ranks would not
/// do: where two members are needed jointly, dropping either costs nothing, so both rank last.
///
/// Candidates for partners are the objective's allowed features without the minimal sub-set. All
/// changes are exact. `subset` has no duplicates; the objective is only read, its evaluations are
/// not counted. The result does not depend on the number of threads. Throws Error(kUsage) for
/// options that make no sense.
SetPartners find_partners(const Objective& objective, std::span<const Feature> subset,
                          const PartnerOptions& options = {});

/// The set with the members that it can spare exchanged for partners: the minimal sub-set, then the
/// partners, then what is left of the set, as many as the set has. Where a and b are needed jointly
/// and {a, anything} was found, it holds both.
std::vector<Feature> with_partners(std::span<const Feature> subset, const SetPartners& found);

}  // namespace grids::core
