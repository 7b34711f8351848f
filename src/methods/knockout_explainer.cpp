// The L features that change the objective most when masked alone, evaluated exactly: one feature
// at a time over all cells, best first. It costs an evaluation for each feature and cell. Where
// the budget does not afford every feature, those with the best gradient are evaluated, and the
// others follow in the order of their gradient (as `greedy` does with fewer candidates).
#include <algorithm>
#include <limits>

#include "methods/scores.hpp"

namespace grids::core {
namespace {

/// Features evaluated between two looks at whether the user wants to stop.
constexpr size_t kFeaturesAtOnce = 2048;

class KnockoutExplainer : public Explainer {
 public:
  std::string_view name() const override { return "knockout"; }
  std::string_view summary() const override {
    return "the features that change the prediction most when masked alone, evaluated exactly";
  }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context& context) const override {
    require_features(objective.allowed, options.set_size);
    const int64_t before = objective.evaluations;
    const auto all = static_cast<int64_t>(objective.allowed.size());
    const int64_t masks =
        evaluations_left(objective) / std::max<int64_t>(1, objective.cell_count());
    if (masks >= all) {
      auto ranked = by_value(objective, objective.allowed, context);
      ranked.resize(static_cast<size_t>(options.set_size));
      return conclude(objective, std::move(ranked), before, false);
    }
    std::vector<double> gain(static_cast<size_t>(objective.model->shape().features), 0.0);
    on_affordable_cells(objective, kGradientEvaluations, options.stream, context,
                        [&](Objective& part) { gain = gains(part, *begin(part, {})); });
    const int64_t exact = std::max<int64_t>(0, masks - kGradientEvaluations);
    auto ranked = lowest(gain, objective.allowed, std::max(exact, options.set_size));
    const auto evaluated = by_value(
        objective, std::span(ranked).first(static_cast<size_t>(std::min(exact, all))), context);
    std::copy(evaluated.begin(), evaluated.end(), ranked.begin());
    ranked.resize(static_cast<size_t>(options.set_size));
    return conclude(objective, std::move(ranked), before, true);
  }

 private:
  /// The features by the value that masking each alone gives, ties to the smaller index.
  static std::vector<Feature> by_value(Objective& objective, std::span<const Feature> features,
                                       const Context& context) {
    const auto state = begin(objective, {});
    std::vector<std::pair<double, Feature>> ranked;
    std::vector<Edit> edits;
    for (size_t first = 0; first < features.size(); first += kFeaturesAtOnce) {
      context.check_cancelled();
      const auto block =
          features.subspan(first, std::min(kFeaturesAtOnce, features.size() - first));
      edits.clear();
      for (const Feature feature : block) edits.push_back({kNoFeature, feature});
      const auto values = values_after(objective, *state, edits);
      for (size_t i = 0; i < block.size(); ++i) ranked.emplace_back(values[i], block[i]);
    }
    std::sort(ranked.begin(), ranked.end());
    std::vector<Feature> order;
    order.reserve(ranked.size());
    for (const auto& [value, feature] : ranked) order.push_back(feature);
    return order;
  }
};

}  // namespace

const Explainer& knockout_explainer() {
  static const KnockoutExplainer method;
  return method;
}

}  // namespace grids::core
