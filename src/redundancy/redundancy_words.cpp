#include "redundancy/redundancy_words.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/at.hpp"

namespace grids::core {
namespace {

constexpr RedundancyCall kCalls[] = {
    RedundancyCall::kRedundant,         RedundancyCall::kQuorum,
    RedundancyCall::kCooperative,       RedundancyCall::kIndependent,
    RedundancyCall::kStandInsOrProxies, RedundancyCall::kNotCalled};

/// "−2 to −6 %", or one number where both look alike.
std::string percents(double least, double most) {
  const auto first = fmt::format("{:+.1f}", 100 * least),
             second = fmt::format("{:+.1f}", 100 * most);
  return first == second ? first + " %" : fmt::format("{} to {} %", first, second);
}

std::string claim(const RedundancyFacts& facts) {
  const bool pair = facts.elements == 2;
  const std::string all = pair ? "two elements" : fmt::format("{} elements", facts.elements);
  switch (facts.call) {
    case RedundancyCall::kRedundant:
      return fmt::format("{} of the {} suffices", pair ? "either" : "any one", all);
    case RedundancyCall::kQuorum:
      return fmt::format("the {} make good the loss of one, but none suffices alone", all);
    case RedundancyCall::kCooperative:
      return fmt::format("the {} are needed together", all);
    case RedundancyCall::kIndependent:
      return fmt::format("the {} act independently", all);
    case RedundancyCall::kStandInsOrProxies:
      return fmt::format(
          "the {} stand in for each other, or one goes along with the other: the cells cannot tell",
          all);
    case RedundancyCall::kNotCalled:
      return "not called: " + facts.reason;
  }
  return "";
}

}  // namespace

void RedundancyFacts::add_alone(double change) {
  if (!(std::abs(change) >= std::abs(least_alone))) least_alone = change;
  if (!(std::abs(change) <= std::abs(most_alone))) most_alone = change;
}

RedundancyFacts facts_of(const SetRedundancy& set) {
  RedundancyFacts facts;
  facts.call = set.result.call;
  facts.reason = set.result.reason;
  facts.elements = static_cast<int64_t>(set.judged);
  for (size_t i = 0; i < set.judged; ++i) facts.add_alone(set.elements[i].alone);
  facts.together = set.change_as_cells;
  facts.hidden = set.result.hidden;
  facts.low = set.result.hidden_low;
  facts.high = set.result.hidden_high;
  return facts;
}

std::string redundancy_sentence(const RedundancyFacts& facts) {
  std::string words = claim(facts);
  if (facts.call == RedundancyCall::kNotCalled) return words;
  if (std::isfinite(facts.least_alone)) {
    words += fmt::format(
        "; masked alone in cells as they are, each changes the prediction by {}, all together by "
        "{}",
        percents(facts.least_alone, facts.most_alone), percents(facts.together, facts.together));
  }
  words += fmt::format("; measured in cells that chose neither: hidden share {:.2f}", facts.hidden);
  if (std::isfinite(facts.low)) words += fmt::format(" ({:.2f} to {:.2f})", facts.low, facts.high);
  return words;
}

std::string call_title(RedundancyCall call) {
  if (call == RedundancyCall::kStandInsOrProxies) return "stand-ins or proxies";
  std::string name = call_name(call);
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::string count_calls(std::span<const RedundancyCall> calls) {
  std::string words;
  for (const auto call : kCalls) {
    const auto count = std::count(calls.begin(), calls.end(), call);
    if (count == 0) continue;
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", count, call_title(call));
  }
  return words;
}

}  // namespace grids::core
