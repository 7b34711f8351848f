#include "search/greedy.hpp"

#include <algorithm>
#include <limits>

namespace grids::core {
namespace {

/// Additions evaluated between two looks at whether the user wants to stop.
constexpr size_t kAdditionsAtOnce = 2048;

struct Addition {
  Feature feature = kNoFeature;
  double value = std::numeric_limits<double>::infinity();
};

std::vector<Feature> candidates_of(Objective& objective, const MaskState& state, int64_t count) {
  const auto subset = state.subset();
  const auto members = static_cast<int64_t>(subset.size());
  auto features = count == 0 ? objective.allowed
                             : lowest(gains(objective, state), objective.allowed, count + members);
  std::erase_if(features, [&](Feature feature) {
    return std::binary_search(subset.begin(), subset.end(), feature);
  });
  if (count > 0 && static_cast<int64_t>(features.size()) > count) {
    features.resize(static_cast<size_t>(count));
  }
  return features;
}

/// Candidates of a round, 0 = all: what was asked for, or fewer where the budget would not last for
/// all rounds and the ranks of the members.
int64_t affordable_candidates(const Objective& objective, const GreedyOptions& options) {
  const auto all = static_cast<int64_t>(objective.allowed.size());
  const int64_t wanted = options.candidates == 0 ? all : options.candidates;
  const int64_t gradient = options.candidates == 0 ? 0 : kGradientEvaluations;
  const int64_t cells = objective.cell_count();
  if (objective.affords(cells * options.set_size * (wanted + gradient + 1))) {
    return options.candidates;
  }
  const int64_t masks = (objective.budget - objective.evaluations) / std::max<int64_t>(1, cells);
  return std::max<int64_t>(1, masks / options.set_size - 1 - kGradientEvaluations);
}

Addition best_addition(Objective& objective, const MaskState& state, int64_t count,
                       const Context& context) {
  const auto features = candidates_of(objective, state, count);
  Addition best;
  std::vector<Edit> edits;
  for (size_t first = 0; first < features.size(); first += kAdditionsAtOnce) {
    context.check_cancelled();
    edits.clear();
    const size_t end = std::min(features.size(), first + kAdditionsAtOnce);
    for (size_t i = first; i < end; ++i) edits.push_back({kNoFeature, features[i]});
    const auto values = values_after(objective, state, edits);
    for (size_t i = 0; i < values.size(); ++i) {
      const Feature feature = edits[i].in;
      if (best.feature == kNoFeature || values[i] < best.value ||
          (values[i] == best.value && feature < best.feature)) {
        best = {feature, values[i]};
      }
    }
  }
  return best;
}

}  // namespace

void GreedyOptions::describe(OptionSet& set) {
  set.inner("set-size", set_size, at_least(1));
  set.value("--greedy-candidates", candidates,
            "Features tried in a round, the best by gradient; 0 = every one", at_least(0));
}

SearchResult greedy_search(Objective& objective, const GreedyOptions& options,
                           const Context& context) {
  validate(options, "search");
  require_features(objective.allowed, options.set_size);
  const int64_t evaluations_before = objective.evaluations;
  SearchResult result;
  const int64_t candidates = affordable_candidates(objective, options);
  result.budget_spent = candidates != options.candidates;
  const auto state = begin(objective, {});
  for (; result.steps < options.set_size; ++result.steps) {
    const Addition best = best_addition(objective, *state, candidates, context);
    state->apply({kNoFeature, best.feature});
    result.value = best.value;
    result.trace.push_back(
        {result.steps, static_cast<size_t>(result.steps), kNoFeature, best.feature, best.value});
  }
  result.subset = rank_members(objective, *state).members;
  result.evaluations = objective.evaluations - evaluations_before;
  return result;
}

}  // namespace grids::core
