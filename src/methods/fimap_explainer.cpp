// FIMAP (fimap.hpp): the L features whose gates are least likely to stay closed.
#include "methods/fimap.hpp"
#include "methods/scores.hpp"

namespace grids::core {
namespace {

class FimapExplainer : public Explainer {
 public:
  std::string_view name() const override { return "fimap"; }
  std::string_view summary() const override {
    return "a network that learns gates of each cell, the fewest that reach the goal";
  }
  std::vector<OwnOptions> own_options() const override { return {owns<FimapOptions>()}; }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context& context) const override {
    require_features(objective.allowed, options.set_size);
    const int64_t before = objective.evaluations;
    const auto gates = fimap_gates(objective, options.set_size, options.methods.get<FimapOptions>(),
                                   options.stream, context);
    return conclude(objective, highest(gates.scores, objective, options.set_size), before,
                    gates.reduced, {gates.scores, {}, {}});
  }
};

}  // namespace

const Explainer& fimap_explainer() {
  static const FimapExplainer method;
  return method;
}

}  // namespace grids::core
