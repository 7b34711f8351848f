// The paper's second update rule: beam search over whole subsets.
#include "explain/explainer.hpp"
#include "search/beam.hpp"

namespace grids {
namespace {

class BeamExplainer : public Explainer {
 public:
  std::string_view name() const override { return "grids-beam"; }
  std::string_view summary() const override {
    return "beam search over whole sets, led by the gradient and checked exactly (the paper)";
  }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context& context) const override {
    const auto& search = options.search;
    auto found = beam_search(objective,
                             {.set_size = search.set_size,
                              .width = options.beam_width,
                              .candidates = search.candidates,
                              .max_steps = search.max_steps,
                              .restarts = search.restarts,
                              .stream = search.stream,
                              .initial = search.initial,
                              .informed_start = search.informed_start},
                             context);
    return {std::move(found.subset), found.value,       found.evaluations, found.steps,
            found.local_optimum,     found.budget_spent};
  }
};

}  // namespace

const Explainer& beam_explainer() {
  static const BeamExplainer method;
  return method;
}

}  // namespace grids
