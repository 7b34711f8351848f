// The paper's second update rule: beam search over whole subsets.
#include "methods/explainer.hpp"
#include "search/beam.hpp"

namespace grids::core {
namespace {

class BeamExplainer : public Explainer {
 public:
  std::string_view name() const override { return "grids-beam"; }
  std::string_view summary() const override {
    return "beam search over whole sets, led by the gradient and checked exactly (the paper)";
  }
  std::vector<OwnOptions> own_options() const override {
    return {owns<SearchOptions>(), owns<BeamOptions>()};
  }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context& context) const override {
    const auto& search = options.methods.get<SearchOptions>();
    BeamOptions own = options.methods.get<BeamOptions>();
    own.set_size = options.set_size;
    own.candidates = search.candidates;
    own.max_steps = search.max_steps;
    own.restarts = search.restarts;
    own.stream = options.stream;
    own.initial = search.initial;
    own.informed_start = search.rule == SearchRule::kMonotone;
    auto found = beam_search(objective, own, context);
    return {std::move(found.subset), found.value,       found.evaluations, found.steps,
            found.local_optimum,     found.budget_spent};
  }
};

}  // namespace

const Explainer& beam_explainer() {
  static const BeamExplainer method;
  return method;
}

}  // namespace grids::core
