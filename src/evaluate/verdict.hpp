/// The verdict of a set: what measured expression of cells that took no part says of its predicted
/// change, from two one-sided tests of the slope of the contrast (contrast.hpp).
///
///     q   Benjamini–Hochberg over the sets of a run, of p (slope above 0)
///     q½  the same of p½ (slope below ½)
///
/// - *borne out*: q ≤ 0.05 and p½ > 0.05: expression follows, by about as much as predicted;
/// - *overstated*: q ≤ 0.05 and p½ ≤ 0.05: it follows, by less than half. p½ is not corrected here:
///   more sets do not make praise cheaper;
/// - *contradicted*: q > 0.05 and q½ ≤ 0.05: these cells would have shown half of the change, and
///   do not;
/// - *undecided*: neither. `Contrast::detectable` says what the cells could have shown;
/// - *not judged*: fewer than 50 cells, or no slope: also where chromatin and RNA were measured in
///   different cells, of which none can bear out a change of the others.
///
/// The covariates of the contrast hold type and state: judged is what a set says of cells of one
/// type and state. What it says between types is not tested.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "evaluate/contrast.hpp"

namespace grids::core {

/// Of all tests behind a verdict.
inline constexpr double kVerdictLevel = 0.05;
/// Fewest cells of a contrast that is judged.
inline constexpr int64_t kJudgedCells = 50;

/// q, q½ and verdict of each set, among all of them: once for a run, and again for the sets of
/// tables that were put together or taken apart.
void add_verdicts(std::span<Contrast> contrasts);

/// "borne_out", as tables spell it.
const char* verdict_name(Verdict verdict);

/// "borne out", "not judged": for people.
std::string verdict_title(Verdict verdict);

/// What to know beside the title, or empty: "larger than predicted" where the interval of the slope
/// lies above 1, "opposite" where it lies below 0, what the cells could have shown, or why there is
/// no verdict.
std::string verdict_remark(const Contrast& contrast);

/// "3 borne out, 1 contradicted", verdicts that occur, in their order.
std::string count_verdicts(std::span<const Contrast> contrasts);

enum class ChangeDirection : uint8_t { kDown, kUp };

/// How far the measured change goes at least: that end of the interval of slope × predicted change
/// which is nearer to no change, positive in the asked direction. −∞ without an interval.
double assured_change(const Contrast& contrast, ChangeDirection asked);

/// The order in which sets are shown: by verdict, then the largest assured change first, then as
/// they come. One direction a set.
std::vector<size_t> order_of_standing(std::span<const Contrast> contrasts,
                                      std::span<const ChangeDirection> asked);

}  // namespace grids::core
