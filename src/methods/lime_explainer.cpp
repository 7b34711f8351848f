// LIME's two ways from its cells' explanations (lime.hpp) to a global one.
//
// `lime`: the L features with the highest mean |coefficient| over the explained cells, the score of
// the published comparison. The absolute value ranks features that hold the objective the wrong way
// as high as those that hold it the right way.
//
// `lime-sp`: submodular pick (Ribeiro et al. 2016, Algorithm 2). A cell's explanation is its L
// features with the highest |coefficient|; a feature's importance is I_j = √(Σ |coefficient|) over
// the explanations that name it; cells are picked one after the other, each time the one that adds
// most importance of features not yet covered. The features of the picked cells by importance, then
// those of the others.
//
// Published settings: 2,048 neighbours a cell (1,024 for L = 128), each feature kept with
// probability 1/2, kernel width 0.25, scikit-learn's ridge penalty 1 with an intercept. It costs
// as many evaluations as there are neighbours, for each cell; how a budget below that is split is
// said at lime_cost.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/at.hpp"
#include "methods/lime.hpp"
#include "methods/scores.hpp"

namespace grids::core {
namespace {

class LimeExplainer : public Explainer {
 public:
  std::string_view name() const override { return "lime"; }
  std::string_view summary() const override {
    return "ridge regression on random masks of each cell, mean |coefficient| over cells";
  }
  std::vector<OwnOptions> own_options() const override { return {owns<LimeOptions>()}; }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context& context) const override {
    const auto& own = options.methods.get<LimeOptions>();
    require_features(objective.allowed, options.set_size);
    const int64_t before = objective.evaluations;
    std::vector<double> scores(at(objective.model->shape().features), 0.0);
    const auto cost = lime_coefficients(
        objective, own, options.stream, context, [&](const CellCoefficients& cell) {
          for (size_t i = 0; i < cell.features.size(); ++i) {
            scores[at(cell.features[i])] += std::abs(cell.coefficients[i]);
          }
        });
    return conclude(objective, highest(scores, objective, options.set_size), before, cost.reduced,
                    {scores, {}, {}});
  }
};

/// The features of a cell with the highest |coefficient|, ties to the smaller index.
struct CellExplanation {
  std::vector<Feature> features;
  std::vector<double> weights;  ///< |coefficient|
};

CellExplanation top_of(const CellCoefficients& cell, int64_t count) {
  std::vector<size_t> order(cell.features.size());
  std::iota(order.begin(), order.end(), 0u);
  const auto size = std::min(order.size(), at(count));
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(size), order.end(),
                    [&](size_t a, size_t b) {
                      const double x = std::abs(cell.coefficients[a]);
                      const double y = std::abs(cell.coefficients[b]);
                      return x != y ? x > y : a < b;
                    });
  CellExplanation top;
  for (size_t i = 0; i < size; ++i) {
    top.features.push_back(cell.features[order[i]]);
    top.weights.push_back(std::abs(cell.coefficients[order[i]]));
  }
  return top;
}

/// Which features the picked cells cover: greedy, ties to the first cell.
std::vector<bool> pick(const std::vector<CellExplanation>& cells,
                       const std::vector<double>& importance, int64_t picks) {
  std::vector<bool> covered(importance.size(), false);
  std::vector<bool> picked(cells.size(), false);
  for (int64_t round = 0; round < std::min<int64_t>(picks, std::ssize(cells)); ++round) {
    size_t best = cells.size();
    double most = -1;
    for (size_t i = 0; i < cells.size(); ++i) {
      if (picked[i]) continue;
      double gain = 0;
      for (const Feature feature : cells[i].features) {
        if (!covered[at(feature)]) gain += importance[at(feature)];
      }
      if (gain > most) {
        most = gain;
        best = i;
      }
    }
    picked[best] = true;
    for (const Feature feature : cells[best].features) covered[at(feature)] = true;
  }
  return covered;
}

class LimePickExplainer : public Explainer {
 public:
  std::string_view name() const override { return "lime-sp"; }
  std::string_view summary() const override {
    return "lime, the features of the cells that submodular pick chooses";
  }
  std::vector<OwnOptions> own_options() const override { return {owns<LimeOptions>()}; }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context& context) const override {
    const auto& own = options.methods.get<LimeOptions>();
    require_features(objective.allowed, options.set_size);
    const int64_t before = objective.evaluations;
    std::vector<CellExplanation> cells;
    std::vector<double> importance(at(objective.model->shape().features), 0.0);
    const auto cost = lime_coefficients(objective, own, options.stream, context,
                                        [&](const CellCoefficients& cell) {
                                          cells.push_back(top_of(cell, options.set_size));
                                          const auto& top = cells.back();
                                          for (size_t i = 0; i < top.features.size(); ++i) {
                                            importance[at(top.features[i])] += top.weights[i];
                                          }
                                        });
    for (double& sum : importance) sum = std::sqrt(sum);
    const auto covered = pick(cells, importance, own.picks);
    // Those of the picked cells first: L of them where they have so many.
    std::vector<double> scores(importance.size());
    const double highest_of_all = *std::max_element(importance.begin(), importance.end());
    for (size_t j = 0; j < scores.size(); ++j) {
      scores[j] = importance[j] + (covered[j] ? highest_of_all : 0);
    }
    return conclude(objective, highest(scores, objective, options.set_size), before, cost.reduced);
  }
};

}  // namespace

const Explainer& lime_explainer() {
  static const LimeExplainer method;
  return method;
}

const Explainer& lime_pick_explainer() {
  static const LimePickExplainer method;
  return method;
}

}  // namespace grids::core
