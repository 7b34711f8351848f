/// What was found of redundancy, in words: for logs and pages.
#pragma once

#include <span>
#include <string>

#include "base/nan.hpp"
#include "redundancy/judge_redundancy.hpp"

namespace grids::core {

/// What a sentence is made of; changes are relative, −0.1 = 10 % less.
struct RedundancyFacts {
  RedundancyCall call = RedundancyCall::kNotCalled;
  std::string reason;
  int64_t elements = 0;
  /// Of the judged elements, by size of the change; NaN: not known.
  double least_alone = kNaN, most_alone = kNaN;
  double together = kNaN;
  double hidden = kNaN, low = kNaN, high = kNaN;

  /// One more judged element, masked alone.
  void add_alone(double change);
};

RedundancyFacts facts_of(const SetRedundancy& set);

/// "any one of the 3 elements suffices; masked alone in cells as they are, each changes the
/// prediction by -2.0 to -6.0 %, all together by -48.0 %; measured in cells that chose neither:
/// hidden share 0.81 (0.50 to 1.00)".
std::string redundancy_sentence(const RedundancyFacts& facts);

/// "stand-ins or proxies": a call as sentences have it.
std::string call_title(RedundancyCall call);

/// "6 redundant, 3 independent, 16 not called".
std::string count_calls(std::span<const RedundancyCall> calls);

}  // namespace grids::core
