/// Beam search over whole subsets (paper, section 3.2, second update rule): keep the best few
/// subsets found so far, change each by the swaps that the transition matrix (Eq. 14) likes best,
/// wherever in the subset they are, evaluate the changed ones exactly, keep the best few of all.
///
/// The paper says no more than that the beam "consistently maintains the best choices up to the
/// beam size at each step"; here a step is a swap, so that every subset of the beam has L members
/// and an exact value. Unlike coordinate descent it follows several subsets and is not bound to
/// the order of the members.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "search/coordinate_descent.hpp"
#include "search/objective.hpp"

namespace grids::core {

struct BeamOptions {
  /// L, the members of a subset.
  int64_t set_size = 10;
  /// Subsets that are kept. Larger values cost time in proportion and give up fewer detours.
  int64_t width = 4;
  /// Swaps of each subset that are evaluated exactly: those with the lowest transition values.
  int64_t candidates = 32;
  /// Steps after which the search stops even if it still improves; 0 = 50 for each member.
  int64_t max_steps = 0;
  /// Random initial subsets to start from; the best result is kept.
  int64_t restarts = 1;
  /// As in SearchOptions: the same stream gives the same initial subsets there and here.
  uint64_t stream = 0;
  /// Where the first start begins; empty = a random subset.
  std::vector<Feature> initial = {};
  bool informed_start = false;  ///< as in SearchOptions

  void describe(OptionSet& set);
};

/// Always on all cells. A step changes every subset of the beam that has not been changed before
/// (its swaps would be the same again) and keeps the `width` best of old and new, of equal values
/// the subset that is first in lexicographic order. When none is left, the best subset is checked
/// as coordinate descent would, every member against the `candidates` features of the lowest d_j:
/// a better one goes on from there, otherwise it is a local optimum.
///
/// The trace tells, for each step, which swap made the best subset (no features when it stayed),
/// `coordinate` counting the members of the subset before the swap in ascending order. Keeps to
/// the objective's budget and throws as coordinate_descent does.
SearchResult beam_search(Objective& objective, const BeamOptions& options, const Context& context);

/// The `count` swaps of a member of `subset` for a feature that is allowed and no member with the
/// lowest transition values d_in − d_out, best first; of equal ones the smaller `in`, then the
/// smaller `out`.
std::vector<Edit> best_swaps(std::span<const double> gains, std::span<const Feature> subset,
                             std::span<const Feature> allowed, int64_t count);

}  // namespace grids::core
