// Lasso (Tibshirani 1996, J. R. Stat. Soc. B 58, 267) on the peaks of the gene's window: negative
// binomial on counts with log total RNA as exposure, normal on values where there are none; cell
// type, donor and log open peaks are covariates without a penalty. The dispersion is that of the
// covariates alone. 50 penalties down to 1 % of the first, the one with the lowest held-out
// deviance in 5 folds.
//
// Ranked by the size of the coefficients (for features of variance 1) at that penalty, those
// towards the goal; then those that enter later along the path towards the goal, in their order;
// then those that never do; last those that act against the goal, the smallest first.
#include <cmath>

#include "math/negative_binomial.hpp"
#include "math/penalised_regression.hpp"
#include "methods/target_data.hpp"

namespace grids::core {
namespace {

/// Of the counts given the covariates.
double covariate_dispersion(const TargetData& data) {
  CountRows rows{data.response, data.measured->log_exposure, {}};
  for (const auto& column : data.measured->covariates) rows.columns.emplace_back(column);
  NegativeBinomialOptions options;
  // Keeps the coefficient of a type without any count finite; of no weight elsewhere.
  options.ridge.assign(rows.columns.size(), 1e-3);
  options.ridge[0] = 0;
  options.tolerance = 1e-6;
  return fit_negative_binomial(rows, options).dispersion;
}

Standing standing_of(Feature feature, size_t j, const PenaltyPath& path, double wanted) {
  const double chosen = wanted * path.coefficients[path.chosen][j];
  if (chosen > 0) return {feature, 0, chosen, 0};
  if (chosen < 0) return {feature, 3, chosen, 0};
  for (size_t step = 0; step < path.penalty.size(); ++step) {
    const double later = wanted * path.coefficients[step][j];
    if (later > 0) return {feature, 1, path.penalty[step], later};
  }
  return {feature, 2, 0, 0};
}

class LassoExplainer : public Explainer {
 public:
  std::string_view name() const override { return "lasso"; }
  std::string_view summary() const override {
    return "L1-penalised regression of the gene's counts on the peaks of its window";
  }
  bool needs_data() const override { return true; }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context& context) const override {
    const TargetData& data = require_data(options, name());
    const auto features = window_features(data, objective.allowed);
    PenalisedRows rows;
    rows.counts = data.measured->counts;
    rows.dispersion = rows.counts ? covariate_dispersion(data) : 0;
    rows.response = data.response;
    rows.offset = data.measured->log_exposure;
    rows.covariates = data.measured->covariates;
    for (const Feature feature : features) {
      rows.features.push_back(data.measured->by_feature.row(feature));
    }
    const auto path = penalty_path(rows, {}, options.stream, context);
    std::vector<Standing> standings;
    for (size_t j = 0; j < features.size(); ++j) {
      standings.push_back(standing_of(features[j], j, path, data.wanted));
    }
    return explanation_of(objective, data, std::move(standings), options.set_size);
  }
};

}  // namespace

const Explainer& lasso_explainer() {
  static const LassoExplainer method;
  return method;
}

}  // namespace grids::core
