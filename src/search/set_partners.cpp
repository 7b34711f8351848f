#include "search/set_partners.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "base/at.hpp"

namespace grids::core {
namespace {

/// A change below this share of the unmasked rate is rounding of single-precision outputs.
constexpr double kRounding = 1e-6;

double rate(float output) {
  return std::expm1(std::max(double{output}, 0.0));
}

double mean_rate(std::span<const float> outputs) {
  double sum = 0;
  for (const float output : outputs) sum += rate(output);
  return sum / static_cast<double>(outputs.size());
}

/// The cells of an objective with only its target computed.
std::unique_ptr<MaskState> target_state(const Objective& objective,
                                        std::span<const Feature> subset) {
  return objective.model->begin(subset, objective.cells, {objective.outputs.data(), 1});
}

/// The further change of the mean rate by masking each feature in addition to the state's subset.
std::vector<double> further_changes(const MaskState& state, std::span<const Feature> features) {
  const Measure measure{MeasureKind::kRate, 1, {}};
  const auto cells = static_cast<double>(state.outputs().size());
  std::vector<double> changes(features.size());
  state.summed_changes(features, measure,
                       [&](size_t feature, int64_t, std::span<const double> sums) {
                         changes[feature] = sums[0] / cells;
                       });
  return changes;
}

/// The mean rate without each of the state's members.
std::vector<double> rates_without(const MaskState& state, std::span<const Feature> members) {
  std::vector<Edit> drops;
  drops.reserve(members.size());
  for (const Feature member : members) drops.push_back({member, kNoFeature});
  std::vector<double> unchanged;
  unchanged.reserve(state.outputs().size());
  for (const float output : state.outputs()) unchanged.push_back(rate(output));
  std::vector<double> rates(members.size());
  state.outputs_after(
      drops, [&](size_t drop, std::span<const int32_t> positions, const OutputRows& outputs) {
        // In the order of the cells, as mean_rate adds: the same number as of the state after it.
        double sum = 0;
        size_t next = 0;
        for (size_t cell = 0; cell < unchanged.size(); ++cell) {
          const bool touched = next < positions.size() && at(positions[next]) == cell;
          sum += touched ? rate(outputs[next][0]) : unchanged[cell];
          next += touched ? 1 : 0;
        }
        rates[drop] = sum / static_cast<double>(unchanged.size());
      });
  return rates;
}

/// Drops members of `state` while enough of the change remains; leaves `result.minimal` masked.
void drop_backwards(MaskState& state, double keep, SetPartners& result) {
  auto& members = result.minimal;
  while (!members.empty()) {
    const auto rates = rates_without(state, members);
    size_t best = 0;
    double best_share = 0;
    for (size_t i = 0; i < members.size(); ++i) {
      const double share = (rates[i] - result.rate) / result.change;
      if (i == 0 || share >= best_share) {
        best = i;
        best_share = share;
      }
    }
    if (!(best_share >= keep)) return;
    state.apply({members[best], kNoFeature});
    result.minimal_change = rates[best] - result.rate;
    members.erase(members.begin() + static_cast<std::ptrdiff_t>(best));
  }
}

/// Those allowed features without the minimal sub-set that are worth an exact single change,
/// ascending.
std::vector<Feature> candidates_of(const Objective& objective, const MaskState& unmasked,
                                   const SetPartners& found, int64_t count) {
  std::vector<Feature> features;
  for (const Feature feature : objective.allowed) {
    const bool masked =
        std::find(found.minimal.begin(), found.minimal.end(), feature) != found.minimal.end();
    if (!masked) features.push_back(feature);
  }
  if (static_cast<int64_t>(features.size()) <= count) return features;
  // The gradient of the rate, taken before the clamp as losses do.
  std::vector<float> cotangent;
  for (const float output : unmasked.outputs()) {
    cotangent.push_back(static_cast<float>(1 + rate(output)));
  }
  std::vector<double> scores(at(objective.model->shape().features));
  unmasked.gains_of(cotangent, features, scores);
  if (found.change > 0) {
    for (double& score : scores) score = -score;
  }
  features = lowest(scores, features, count);
  std::sort(features.begin(), features.end());
  return features;
}

}  // namespace

void PartnerOptions::describe(OptionSet& set) {
  set.inner("keep", keep, above(0).at_most(1));
  set.inner("least-single", least_single, above(0).at_most(1));
  set.inner("most-after", most_after, at_least(0).below(1));
  set.value("--partners", limit,
            "Most partners listed for a set: peaks that change the prediction alone, and no longer "
            "once the set is masked",
            at_least(0));
  set.inner("candidates", candidates, at_least(1));
}

SetPartners find_partners(const Objective& objective, std::span<const Feature> subset,
                          const PartnerOptions& options) {
  validate(options, "partners");
  const auto unmasked = target_state(objective, {});
  const auto masked = target_state(objective, subset);
  SetPartners result;
  result.rate = mean_rate(unmasked->outputs());
  result.change = mean_rate(masked->outputs()) - result.rate;
  if (!(std::abs(result.change) > kRounding * result.rate)) return result;
  result.minimal.assign(subset.begin(), subset.end());
  result.minimal_change = result.change;
  drop_backwards(*masked, options.keep, result);
  if (options.limit == 0) return result;

  std::vector<Partner> strong;
  const auto candidates = candidates_of(objective, *unmasked, result, options.candidates);
  const auto singles = further_changes(*unmasked, candidates);
  std::vector<Feature> features;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (!(singles[i] / result.change >= options.least_single)) continue;
    strong.push_back({candidates[i], singles[i], 0});
    features.push_back(candidates[i]);
  }
  const auto after = further_changes(*masked, features);
  for (size_t i = 0; i < strong.size(); ++i) {
    strong[i].after = after[i];
    if (after[i] / strong[i].single <= options.most_after) {
      result.partners.push_back(strong[i]);
    }
  }
  std::stable_sort(
      result.partners.begin(), result.partners.end(),
      [](const Partner& a, const Partner& b) { return std::abs(a.single) > std::abs(b.single); });
  if (static_cast<int64_t>(result.partners.size()) > options.limit) {
    result.partners.resize(at(options.limit));
  }
  return result;
}

std::vector<Feature> with_partners(std::span<const Feature> subset, const SetPartners& found) {
  std::vector<Feature> exchanged;
  const auto add = [&](Feature feature) {
    const bool there = std::find(exchanged.begin(), exchanged.end(), feature) != exchanged.end();
    if (!there && exchanged.size() < subset.size()) exchanged.push_back(feature);
  };
  for (const Feature feature : found.minimal) add(feature);
  for (const Partner& partner : found.partners) add(partner.feature);
  for (const Feature feature : subset) add(feature);
  return exchanged;
}

}  // namespace grids::core
