/// How verdicts look on the page.
#pragma once

#include <string>
#include <vector>

#include "report/results.hpp"

namespace grids::core {

/// Of sets found in cells that were not measured together: at the top of the page, and beside each.
inline constexpr const char* kUnpairedWords =
    "chromatin and RNA were measured in different cells: what was computed is the predicted change "
    "when masked in the surrogate, and nothing here was held against measured expression of the "
    "same cells";

/// Whether the interval of the slope is so wide that its number says nothing: 1 is as predicted.
bool tells_nothing(const Contrast& contrast);

/// The slope, or that these cells cannot tell it.
std::string slope_text(const Contrast& contrast);

/// "1.3 (1.05 to 1.55)", likewise.
std::string slope_text(double slope, double low, double high);

/// What to know beside the verdict, as `verdict_remark` but for readers of a page: what cells that
/// cannot tell could have shown, in words. Text.
std::string page_remark(const Contrast& contrast);

/// The verdict as a badge, and its remark, as HTML.
std::string verdict_badge(const Contrast& contrast);

/// The colour of a set in figures.
const char* verdict_colour(Verdict verdict);

/// What the colours of the sets mean, as HTML; verdicts that occur, in their order.
std::string verdict_legend(const std::vector<SetView>& sets);

}  // namespace grids::core
