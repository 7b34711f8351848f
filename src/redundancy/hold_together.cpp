// What sets of a run, and rows of one set, have to do with each other.
#include <fmt/core.h>

#include <cmath>

#include "base/nan.hpp"
#include "math/random_effects.hpp"
#include "math/statistics.hpp"
#include "redundancy/judge_redundancy.hpp"

namespace grids::core {

void pool_types(SetRedundancy& all, std::span<SetRedundancy> types) {
  std::vector<Estimate> shares;
  for (const auto& type : types) {
    // A ratio says nothing where the total change is not certain.
    if (std::isfinite(type.result.hidden_low) && type.result.hidden_error > 0) {
      shares.push_back({type.result.hidden, type.result.hidden_error});
    }
  }
  if (shares.empty()) return;
  const auto effects = random_effects(shares);
  const double reach = normal_upper_quantile(0.025) * effects.error;
  all.result.hidden = effects.mean;
  all.result.hidden_error = effects.error;
  all.result.hidden_low = effects.mean - reach;
  all.result.hidden_high = effects.mean + reach;
  all.note = fmt::format("hidden share: mean of {} types by random effects, spread {:.2g}",
                         shares.size(), std::sqrt(effects.between));
  for (auto& type : types) {
    if (std::isfinite(type.result.hidden_low) && type.result.hidden_error > 0) {
      type.hidden_pooled = drawn_to_mean({type.result.hidden, type.result.hidden_error}, effects);
    }
  }
}

void hold_together(std::vector<SetRedundancy>& sets, const RedundancyOptions& options) {
  std::vector<CallOfRun> held(sets.size());
  for (size_t i = 0; i < sets.size(); ++i) {
    const auto& result = sets[i].result;
    held[i] = {result.call, result.reason, result.p_redundant, result.p_cooperative, kNaN};
  }
  hold_together(std::span(held), options);
  for (size_t i = 0; i < sets.size(); ++i) {
    sets[i].result.call = held[i].call;
    sets[i].result.reason = held[i].reason;
    sets[i].result.q = held[i].q;
  }
}

void hold_together(std::span<CallOfRun> calls, const RedundancyOptions& options) {
  std::vector<double> redundant, cooperative;
  int64_t judged = 0;
  for (const auto& entry : calls) {
    redundant.push_back(entry.p_redundant);
    cooperative.push_back(entry.p_cooperative);
    judged += std::isnan(entry.p_redundant) ? 0 : 1;
  }
  const auto q_redundant = benjamini_hochberg(redundant);
  const auto q_cooperative = benjamini_hochberg(cooperative);
  for (size_t i = 0; i < calls.size(); ++i) {
    auto& entry = calls[i];
    entry.q = entry.call == RedundancyCall::kCooperative   ? q_cooperative[i]
              : entry.call == RedundancyCall::kIndependent ? kNaN
                                                           : q_redundant[i];
    const bool tested = is_called(entry.call) && entry.call != RedundancyCall::kIndependent;
    if (judged > options.many_sets && tested && !(entry.q <= options.q_most)) {
      entry.reason = fmt::format("q: {} but for {} judged sets", call_name(entry.call), judged);
      entry.call = RedundancyCall::kNotCalled;
    }
  }
}

}  // namespace grids::core
