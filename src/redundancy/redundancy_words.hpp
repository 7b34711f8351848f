/// What was found of redundancy, in words: for logs and pages.
#pragma once

#include <span>
#include <string>

#include "redundancy/judge_redundancy.hpp"

namespace grids::core {

/// What a sentence is made of; changes are relative, −0.1 = 10 % less.
struct RedundancyFacts {
  RedundancyCall call = RedundancyCall::kNotCalled;
  std::string reason;
  int64_t elements = 0;
  double least_alone = 0, most_alone = 0;  ///< of the judged elements, by size of the change
  double together = 0;
  double hidden = 0, low = 0, high = 0;
  std::string cells_from;
};

RedundancyFacts facts_of(const SetRedundancy& set);

/// "any one of the 3 elements suffices: masked alone, each changes the prediction by −2 to −6 %,
/// all together by −48 %; measured in cells that chose neither terms nor set: hidden share 0.81
/// (0.5 to 1)".
std::string redundancy_sentence(const RedundancyFacts& facts);

/// "6 redundant, 3 independent, 16 not called".
std::string count_calls(std::span<const RedundancyCall> calls);

/// A line for each called set and one for all of them.
void tell_redundancy(const Study& study, std::span<const SetRedundancy> sets,
                     const Context& context);

}  // namespace grids::core
