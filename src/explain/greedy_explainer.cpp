// Greedy forward selection: the best single addition, L times.
#include "explain/explainer.hpp"
#include "search/greedy.hpp"

namespace grids {
namespace {

class GreedyExplainer : public Explainer {
 public:
  std::string_view name() const override { return "greedy"; }
  std::string_view summary() const override {
    return "the best single addition, evaluated exactly, L times";
  }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context& context) const override {
    auto found = greedy_search(
        objective, {.set_size = options.search.set_size, .candidates = options.greedy_candidates},
        context);
    // Not a search that ends in a local optimum or before it: it has no steps to tell.
    return {std::move(found.subset), found.value, found.evaluations, 0, false, found.budget_spent};
  }
};

}  // namespace

const Explainer& greedy_explainer() {
  static const GreedyExplainer method;
  return method;
}

}  // namespace grids
