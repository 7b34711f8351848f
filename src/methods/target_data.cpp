#include "methods/target_data.hpp"

#include <algorithm>
#include <tuple>

#include "base/at.hpp"
#include "base/error.hpp"

namespace grids::core {
namespace {

/// All allowed features on the target's chromosome, the nearest first.
std::vector<Feature> by_distance(const TargetData& data, std::span<const Feature> allowed) {
  std::vector<Feature> features;
  for (const Feature feature : allowed) {
    if (data.distance[at(feature)] != kElsewhere) features.push_back(feature);
  }
  std::stable_sort(features.begin(), features.end(), [&](Feature a, Feature b) {
    return data.distance[at(a)] < data.distance[at(b)];
  });
  return features;
}

}  // namespace

const TargetData& require_data(const ExplainerOptions& options, std::string_view method) {
  if (options.data != nullptr) return *options.data;
  throw usage_error(
      "the method '{}' looks at measured cells, which a model alone does not have; choose a method "
      "that explains the model",
      method);
}

std::vector<Feature> window_features(const TargetData& data, std::span<const Feature> allowed) {
  const auto cells = static_cast<int64_t>(data.measured->cells());
  std::vector<Feature> features;
  for (const Feature feature : allowed) {
    const int64_t distance = data.distance[at(feature)];
    if (distance == kElsewhere || distance > data.window) continue;
    const auto open = static_cast<int64_t>(data.measured->by_feature.row(feature).size());
    if (open >= kLeastCells && cells - open >= kLeastCells) features.push_back(feature);
  }
  return features;
}

Explanation explanation_of(Objective& objective, const TargetData& data,
                           std::vector<Standing> standings, int64_t set_size) {
  const auto near = by_distance(data, objective.allowed);
  if (static_cast<int64_t>(near.size()) < set_size) {
    throw input_error("{} peaks that may be masked lie on the gene's chromosome, for a set of {}",
                      near.size(), set_size);
  }
  const auto order = [&](const Standing& s) {
    return std::tuple(s.tier, -s.score, -s.second, data.distance[at(s.feature)], s.feature);
  };
  std::sort(standings.begin(), standings.end(),
            [&](const Standing& a, const Standing& b) { return order(a) < order(b); });
  Explanation explanation;
  auto& subset = explanation.subset;
  std::vector<uint8_t> taken(data.distance.size());
  const auto take = [&](Feature feature) {
    if (static_cast<int64_t>(subset.size()) == set_size || taken[at(feature)] != 0) return;
    taken[at(feature)] = 1;
    subset.push_back(feature);
  };
  for (const Standing& standing : standings) take(standing.feature);
  for (const Feature feature : near) take(feature);
  auto members = subset;
  std::sort(members.begin(), members.end());
  const int64_t before = objective.evaluations;
  explanation.objective = value(objective, *begin(objective, members));
  explanation.evaluations = objective.evaluations - before;
  return explanation;
}

}  // namespace grids::core
