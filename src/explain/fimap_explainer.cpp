// FIMAP (fimap.hpp): the L features whose gates are least likely to stay closed.
#include "explain/fimap.hpp"
#include "explain/scores.hpp"

namespace grids {
namespace {

class FimapExplainer : public Explainer {
 public:
  std::string_view name() const override { return "fimap"; }
  std::string_view summary() const override {
    return "a network that learns gates of each cell, the fewest that reach the goal";
  }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context& context) const override {
    const auto& search = options.search;
    require_features(objective.allowed, search.set_size);
    const int64_t before = objective.evaluations;
    const auto gates =
        fimap_gates(objective, search.set_size, options.fimap, search.stream, context);
    return conclude(objective, highest(gates.scores, objective, search.set_size), before,
                    gates.reduced, {gates.scores, {}, {}});
  }
};

}  // namespace

const Explainer& fimap_explainer() {
  static const FimapExplainer method;
  return method;
}

}  // namespace grids
