// CXPlain (cxplain.hpp): the L features with the largest predicted share of what masks do towards
// the goal. Published settings: blocks of 4 neighbouring features, a U-Net 1 unit wide, Adam at
// 1e-3, batches of 64, at most 2,000 epochs, stopped after 10 without gain (digits: blocks of 2 ×
// 2, Adam at 5e-4, batches of 128, 500 epochs).
#include "methods/cxplain.hpp"
#include "methods/scores.hpp"

namespace grids::core {
namespace {

class CxplainExplainer : public Explainer {
 public:
  std::string_view name() const override { return "cxplain"; }
  std::string_view summary() const override {
    return "a network that predicts each cell's effects of masked blocks";
  }
  std::vector<OwnOptions> own_options() const override { return {owns<CxplainOptions>()}; }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context& context) const override {
    require_features(objective.allowed, options.set_size);
    CxplainOptions own = options.methods.get<CxplainOptions>();
    own.image_height = options.image_height;
    own.image_width = options.image_width;
    const int64_t before = objective.evaluations;
    const auto found = cxplain_importance(objective, own, options.stream, context);
    ScoredFeatures scored{found.importance, found.low, found.high};
    if (own.networks == 1) scored.low = scored.high = {};
    return conclude(objective, highest(found.importance, objective, options.set_size), before,
                    found.reduced, scored);
  }
};

}  // namespace

const Explainer& cxplain_explainer() {
  static const CxplainExplainer method;
  return method;
}

}  // namespace grids::core
