/// Explaining away: of two peaks a, b that are open together (open_together.hpp), does one merely
/// stand in for the other?
///
/// Where ATAC misses a cause a, an open b that goes along with it says that a is likelier open: b
/// predicts without causing. Where a is seen open, b then says nothing more. So four rates are
/// compared by likelihood, that where neither is open being one of them:
///
///     b stands in for a:  one rate where a is open, a smaller effect where b alone is
///     a stands in for b:  the same with a and b exchanged
///     both matter:        a rate of its own where a, b and both are open
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "cis/gene_problem.hpp"
#include "cis/term_regression.hpp"

namespace grids::core {

enum class Cause { kFirst, kSecond, kBoth };

/// The likeliest fit of some terms, weights in their order.
using TermFitter = std::function<TermFit(const std::vector<WindowTerm>&)>;

/// `terms` hold one of the two peaks or both, and whatever else the gene has.
Cause judge_companions(const std::vector<WindowTerm>& terms, int32_t first, int32_t second,
                       const TermFitter& fit);

/// `terms` with one peak in the place of another; what becomes the same is there once.
std::vector<WindowTerm> with_exchanged(const std::vector<WindowTerm>& terms, int32_t peak,
                                       int32_t by);

}  // namespace grids::core
