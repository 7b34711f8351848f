// The paper's method: coordinate descent over subsets, led by the gradient.
#include "methods/explainer.hpp"
#include "search/coordinate_descent.hpp"

namespace grids::core {
namespace {

class GridsExplainer : public Explainer {
 public:
  std::string_view name() const override { return "grids"; }
  std::string_view summary() const override {
    return "coordinate descent over sets, led by the gradient and checked exactly (the paper)";
  }
  std::vector<OwnOptions> own_options() const override { return {owns<SearchOptions>()}; }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context& context) const override {
    SearchOptions search = options.methods.get<SearchOptions>();
    search.set_size = options.set_size;
    search.stream = options.stream;
    search.informed_start = search.rule == SearchRule::kMonotone;
    auto found = coordinate_descent(objective, search, context);
    std::vector<FeatureScore> scores;
    for (const double cost : found.costs) scores.push_back({cost});
    return {std::move(found.subset), found.value,        found.evaluations, found.steps,
            found.local_optimum,     found.budget_spent, std::move(scores)};
  }
};

}  // namespace

const Explainer& grids_explainer() {
  static const GridsExplainer method;
  return method;
}

}  // namespace grids::core
