/// Does what a fit says of elements *together* hold in cells that it has not seen?
///
/// Let D be what interplay adds in the fit: its log rate in a cell at the cell's own setting, minus
/// that of the nearest fit without interplay. In that one each element acts for itself, on the rate
/// or on its log (main_effects.hpp), whichever is likelier over the cells that the fit has seen,
/// were their counts as the fit expects them, type by type; beside what the fit says of these with
/// all elements closed. In cells held out
///
///     y ~ negative binomial,
///     log mean = log total RNA + covariates + c · fit's log rate with all elements closed
///                + the elements without interplay, their effects free + slope · D,
///
/// with covariates, robust variance, score test and interval of the held-out contrast
/// (evaluate/contrast.hpp), whose −δ is D here. Slope 1 = the interplay is as the fit has it, 0 =
/// there is none; p is one-sided, slope > 0.
///
/// Two choices keep the level:
/// - The effects are free, not a multiple of what the fit has: for additive pairs such a multiple
///   beside free log effects would span all four settings and leave nothing to test.
/// - The scale is that of the fit's expectation, not of the counts that it has seen. For stand-ins
///   it is the additive one, for elements that are needed jointly the multiplicative one: of the
///   two truths without interplay the one that is harder to tell from the fit. Where noisy counts
///   choose, they choose wrongly often enough to call 13 % of additive pairs at 0.05.
///
/// Beside it the test of GLiMMIRS (Zhou et al. 2024): log effects free, then a coefficient for each
/// pair of open elements, two-sided. Elements that add depart from it, too.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "base/nan.hpp"
#include "evaluate/contrast.hpp"
#include "redundancy/main_effects.hpp"

namespace grids::core {

/// The note where D is 0 everywhere.
inline constexpr const char* kNoInterplay = "the fit has no interplay of these elements";

/// What a fit says of some cells, natural log of the rate.
struct FitOfSettings {
  std::vector<double> closed;     ///< with all elements closed
  std::vector<double> own;        ///< with the elements as in the cell
  std::vector<Setting> settings;  ///< of each cell
  std::vector<int32_t> types;     ///< likewise
};

/// Cells that the fit has seen; their counts are not asked for.
struct SeenCells {
  std::vector<double> total_rna;
  FitOfSettings fit;
  double dispersion = 0;  ///< of the gene's counts, by the fit
};

struct Interplay {
  EffectScale without = EffectScale::kMultiplicative;
  Contrast held_out;        ///< slope, its interval, p, or a note why there are none
  double departure = kNaN;  ///< of log rates from multiplying, a pair of open elements
  double p_departure = kNaN;
};

/// `fit`: of `cells.cells`, in that order.
Interplay interplay_held_out(const Study& study, int32_t gene, size_t elements,
                             const SeenCells& seen, const ContrastCells& cells,
                             const FitOfSettings& fit, const ContrastOptions& options);

/// The nearest fit without interplay, for types in which each element is seen open; all on one
/// scale. None where there is none on either.
std::map<int32_t, MainEffects> nearest_without(const SeenCells& seen, size_t elements);

}  // namespace grids::core
