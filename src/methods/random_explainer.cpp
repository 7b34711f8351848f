// A random set of features: what any method must beat.
#include "base/error.hpp"
#include "base/random.hpp"
#include "methods/explainer.hpp"
#include "search/coordinate_descent.hpp"
#include "search/starts.hpp"

namespace grids::core {
namespace {

class RandomExplainer : public Explainer {
 public:
  std::string_view name() const override { return "random"; }
  std::string_view summary() const override { return "a random set, the first baseline"; }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context& context) const override {
    const int64_t before = objective.evaluations;
    const auto subset = random_subset(objective.allowed, options.set_size,
                                      {context.seed, Purpose::kRandomSets, options.stream});
    const auto state = begin(objective, subset);
    Explanation explanation;
    explanation.objective = value(objective, *state);
    explanation.subset = rank_members(objective, *state).members;
    explanation.evaluations = objective.evaluations - before;
    return explanation;
  }
};

}  // namespace

const Explainer& random_explainer() {
  static const RandomExplainer method;
  return method;
}

}  // namespace grids::core
