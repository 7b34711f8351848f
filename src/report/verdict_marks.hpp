/// How verdicts look on the page.
#pragma once

#include <string>
#include <vector>

#include "report/results.hpp"

namespace grids::core {

/// The verdict as a badge, and its remark (verdict.hpp), as HTML.
std::string verdict_badge(const Contrast& contrast);

/// The colour of a set in figures.
const char* verdict_colour(Verdict verdict);

/// What the colours of the sets mean, as HTML; verdicts that occur, in their order.
std::string verdict_legend(const std::vector<SetView>& sets);

}  // namespace grids::core
