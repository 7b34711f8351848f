// The paper's method: coordinate descent over subsets, led by the gradient.
#include "explain/explainer.hpp"

namespace grids {
namespace {

class GridsExplainer : public Explainer {
 public:
  std::string_view name() const override { return "grids"; }
  std::string_view summary() const override {
    return "coordinate descent over sets, led by the gradient and checked exactly (the paper)";
  }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context& context) const override {
    auto found = coordinate_descent(objective, options.search, context);
    return {std::move(found.subset), found.value,       found.evaluations, found.steps,
            found.local_optimum,     found.budget_spent};
  }
};

}  // namespace

const Explainer& grids_explainer() {
  static const GridsExplainer method;
  return method;
}

}  // namespace grids
