// SuSiE (single_effects.hpp) on the peaks of the gene's window: log1p of counts per 100,000 (or the
// values given), without what cell type, donor and log open peaks explain of them and of the peaks.
//
// Ranked by the posterior inclusion probability; a peak whose posterior mean acts against the goal
// counts with minus its probability. Ties go to the larger effect. Where no effect has any
// evidence, all are equal, and the nearest peaks remain.
#include "math/single_effects.hpp"
#include "methods/target_data.hpp"

namespace grids::core {
namespace {

class SusieExplainer : public Explainer {
 public:
  std::string_view name() const override { return "susie"; }
  std::string_view summary() const override {
    return "fine-mapping of the gene's window by a sum of single effects";
  }
  bool needs_data() const override { return true; }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context&) const override {
    const TargetData& data = require_data(options, name());
    const auto features = window_features(data, objective.allowed);
    std::vector<std::span<const int32_t>> variables;
    variables.reserve(features.size());
    for (const Feature feature : features) {
      variables.push_back(data.measured->by_feature.row(feature));
    }
    const auto fit = fit_single_effects(
        single_effects_input(variables, data.normalised, data.measured->covariates));
    std::vector<Standing> standings;
    for (size_t j = 0; j < features.size(); ++j) {
      const double towards = data.wanted * fit.effect[j];
      const double probability = towards < 0 ? -fit.inclusion[j] : fit.inclusion[j];
      standings.push_back({features[j], 0, probability, towards});
    }
    return explanation_of(objective, data, std::move(standings), options.set_size);
  }
};

}  // namespace

const Explainer& susie_explainer() {
  static const SusieExplainer method;
  return method;
}

}  // namespace grids::core
