// Greedy forward selection: the best single addition, L times.
#include "methods/explainer.hpp"
#include "search/greedy.hpp"

namespace grids::core {
namespace {

class GreedyExplainer : public Explainer {
 public:
  std::string_view name() const override { return "greedy"; }
  std::string_view summary() const override {
    return "the best single addition, evaluated exactly, L times";
  }
  std::vector<OwnOptions> own_options() const override { return {owns<GreedyOptions>()}; }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context& context) const override {
    GreedyOptions own = options.methods.get<GreedyOptions>();
    own.set_size = options.set_size;
    auto found = greedy_search(objective, own, context);
    // Not a search that ends in a local optimum or before it: it has no steps to tell.
    return {std::move(found.subset), found.value, found.evaluations, 0, false, found.budget_spent};
  }
};

}  // namespace

const Explainer& greedy_explainer() {
  static const GreedyExplainer method;
  return method;
}

}  // namespace grids::core
