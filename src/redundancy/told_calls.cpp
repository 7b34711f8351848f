#include "redundancy/told_calls.hpp"

#include <fmt/core.h>

#include <utility>

#include "base/at.hpp"
#include "redundancy/interplay_sets.hpp"
#include "redundancy/redundancy_words.hpp"

namespace grids::core {
namespace {

/// More lines are read by nobody.
constexpr size_t kMostCallsTold = 100;

}  // namespace

std::vector<ToldCall> told_calls(const Study& study, std::span<const SetRedundancy> sets) {
  std::vector<ToldCall> told;
  told.reserve(sets.size());
  for (const auto& set : sets) {
    const auto& result = set.result;
    const ExplainTarget target{set.target.type, set.target.gene, 0};
    ToldCall one;
    one.call.call = result.call;
    one.call.reason = result.reason;
    one.call.p_redundant = result.p_redundant;
    one.call.p_cooperative = result.p_cooperative;
    one.call.q = kNaN;
    one.name =
        fmt::format("{} in {}", study.genes.names[at(target.gene)], type_name(study, target));
    if (is_called(result.call)) one.sentence = redundancy_sentence(facts_of(set));
    one.interplay = set.interplay.held_out;
    one.types_differ = set.types_differ;
    told.push_back(std::move(one));
  }
  return told;
}

void hold_together(std::vector<ToldCall>& sets, const RedundancyOptions& options) {
  std::vector<CallOfRun> calls;
  calls.reserve(sets.size());
  for (const auto& set : sets) calls.push_back(set.call);
  hold_together(std::span(calls), options);
  for (size_t i = 0; i < sets.size(); ++i) sets[i].call = std::move(calls[i]);
}

void tell_calls(std::span<const ToldCall> sets, const Context& context) {
  if (sets.empty()) return;
  std::vector<RedundancyCall> calls;
  size_t told = 0;
  for (const auto& set : sets) {
    calls.push_back(set.call.call);
    if (!is_called(set.call.call) || ++told > kMostCallsTold) continue;
    context.reporter.info(fmt::format("{}: {}", set.name, set.sentence));
  }
  if (told > kMostCallsTold) {
    context.reporter.info(
        fmt::format("… and {} more called sets (see redundancy.tsv)", told - kMostCallsTold));
  }
  context.reporter.info(
      fmt::format("do the elements of a set stand in for one another? Of {} {}: {} (see "
                  "redundancy.tsv)",
                  sets.size(), sets.size() == 1 ? "set" : "sets", count_calls(calls)));
}

void tell_interplay(std::span<const ToldCall> sets, const Context& context) {
  std::vector<Contrast> slopes;
  for (const auto& set : sets) {
    if (!set.types_differ) slopes.push_back(set.interplay);
  }
  tell_interplay(pooled_interplay(slopes), context);
}

}  // namespace grids::core
