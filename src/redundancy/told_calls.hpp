/// What a run tells of redundancy once calls are held together, from what was kept of each set: the
/// sets themselves need not be in memory.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "redundancy/judge_redundancy.hpp"

namespace grids::core {

/// A judged set.
struct ToldCall {
  CallOfRun call;
  std::string name;           ///< "CX3CR1 in Microglia"
  std::string sentence;       ///< as it is while the call stands (redundancy_words.hpp)
  Contrast interplay;         ///< held out
  bool types_differ = false;  ///< rows for each type follow: they have the interplay
};

std::vector<ToldCall> told_calls(const Study& study, std::span<const SetRedundancy> sets);

/// q over all of them; see `hold_together`.
void hold_together(std::vector<ToldCall>& sets, const RedundancyOptions& options);

/// A line for each called set, as far as there are few, and one for all of them.
void tell_calls(std::span<const ToldCall> sets, const Context& context);

/// What elements do together, over all sets; nothing where no fit has interplay.
void tell_interplay(std::span<const ToldCall> sets, const Context& context);

}  // namespace grids::core
