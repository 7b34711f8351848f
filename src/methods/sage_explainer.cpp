// SAGE by permutation sampling (sage.hpp): the L features with the lowest values, that is, those
// whose masking moves the objective furthest towards the goal on average. Published settings:
// permutations cut to the last L players, 256,000 of them (100,000 for L = 128), in batches of 512.
#include <cmath>
#include <limits>

#include "methods/sage.hpp"
#include "methods/scores.hpp"

namespace grids::core {
namespace {

/// Standard errors to either side of a value that make an interval of 95 %.
constexpr double kErrors = 1.959964;
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

class SageExplainer : public Explainer {
 public:
  std::string_view name() const override { return "sage"; }
  std::string_view summary() const override {
    return "Shapley values of the objective by permutation sampling";
  }
  std::vector<OwnOptions> own_options() const override { return {owns<SageOptions>()}; }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context& context) const override {
    require_features(objective.allowed, options.set_size);
    const int64_t before = objective.evaluations;
    const auto found = sage_values(objective, options.set_size, options.methods.get<SageOptions>(),
                                   options.stream, context);
    std::vector<double> low, high;
    for (size_t j = 0; j < found.values.size(); ++j) {
      const double reach = std::isfinite(found.errors[j]) ? kErrors * found.errors[j] : kUnknown;
      low.push_back(found.values[j] - reach);
      high.push_back(found.values[j] + reach);
    }
    return conclude(objective, lowest(found.values, objective.allowed, options.set_size), before,
                    found.budget_spent, {found.values, low, high});
  }
};

}  // namespace

const Explainer& sage_explainer() {
  static const SageExplainer method;
  return method;
}

}  // namespace grids::core
