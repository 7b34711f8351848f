/// Single peaks that the costs keep out of a gene's terms but that may belong to it: each with its
/// probability, and a prior of its weight as narrow as shrinks it by that.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cis/open_together.hpp"
#include "cis/term_trials.hpp"

namespace grids::core {

struct WeakTerm {
  WindowTerm term;
  double inclusion = 0;    ///< probability that it belongs to the gene
  double information = 0;  ///< about its weight
};

/// Beside the terms of `trial`, at most as many as there is room for: members of its kAny terms
/// first, then by gain. Probabilities are as if at most one of them belonged to the gene (but for
/// members of terms, each a question of its own), and at least `CisOptions::least_inclusion`.
/// Peaks in `barred`, and those that merely go along with a chosen or a likelier companion
/// (`companions` may be null), are left out.
std::vector<WeakTerm> weak_terms(const TermTrials& trials, const TermTrial& trial,
                                 const Companions* companions, std::span<const int32_t> barred);

/// Whether a peak is in any of the terms.
bool holds_peak(std::span<const WindowTerm> terms, int32_t peak);

}  // namespace grids::core
