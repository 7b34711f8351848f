// Saliency (Simonyan et al. 2014, "Deep inside convolutional networks"), as the paper applies it:
// |gradient|, averaged over the cells, the L highest.
//
// Inputs are binary and embedded, so the gradient is taken through the embedding difference: a
// cell's score of feature j is |⟨∂objective/∂x_j, p_j − x_j⟩| (cell_gains), zero where masking it
// changes nothing. The absolute value is the published choice: it ranks features that would push
// the objective the wrong way as high as those that push it the right way.
//
// The raw |gradient| with respect to a peak's embedding vector is not among the methods, because it
// cannot rank: the encoder reads a chromosome only through s = Σ_j E[j, x_j], so ∂objective/∂E[j,
// x_j] = ∂objective/∂s for every peak j of the chromosome. All of a chromosome's peaks get one and
// the same score, open or closed, and any order among them would be that of their indices.
//
// It costs 3 evaluations a cell; a budget below that is spent on some of the cells.
#include "methods/scores.hpp"

namespace grids::core {
namespace {

class SaliencyExplainer : public Explainer {
 public:
  std::string_view name() const override { return "saliency"; }
  std::string_view summary() const override {
    return "|gradient| through the embedding difference, averaged over cells";
  }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context& context) const override {
    require_features(objective.allowed, options.set_size);
    const int64_t before = objective.evaluations;
    std::vector<double> scores(static_cast<size_t>(objective.model->shape().features), 0.0);
    const bool whole = on_affordable_cells(
        objective, kGradientEvaluations, options.stream, context,
        [&](Objective& part) { add_absolute_gains(part, *begin(part, {}), scores); });
    return conclude(objective, highest(scores, objective, options.set_size), before, !whole,
                    {scores, {}, {}});
  }
};

}  // namespace

const Explainer& saliency_explainer() {
  static const SaliencyExplainer method;
  return method;
}

}  // namespace grids::core
