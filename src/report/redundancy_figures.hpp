/// What the report draws of redundancy.
#pragma once

#include <string>
#include <vector>

#include "report/redundancy_view.hpp"

namespace grids::core {

/// The colour of a set in figures.
const char* call_colour(RedundancyCall call);

/// The call as a badge, as HTML; of a contradicted set this is said, and no call.
std::string call_badge(const RedundancyView& view);

/// What the colours mean, as HTML; calls that occur, in their order.
std::string call_legend(const std::vector<const RedundancyView*>& views);

/// "A", "B": how an element of a set is called beside its place.
std::string element_letter(size_t i);

/// Measured hidden shares with their intervals, a line a set; names beside them where the sets are
/// few.
std::string hidden_shares_figure(const std::vector<const RedundancyView*>& views);

/// Loss from the whole and gain on nothing of each judged element, as shares of the joint change,
/// and the sum of the losses beside the joint change itself.
std::string loss_and_gain_bars(const RedundancyView& view);

/// Predicted changes when masked in the surrogate, cells as they are: each judged element alone,
/// their sum, and all together.
std::string masked_change_bars(const RedundancyView& view);

}  // namespace grids::core
