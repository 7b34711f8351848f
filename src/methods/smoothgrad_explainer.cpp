// SmoothGrad (Smilkov et al. 2017, "SmoothGrad: removing noise by adding noise"): saliency (see
// there), averaged over copies of each cell with normal noise on its inputs. As published for this
// comparison, |gradient| is averaged over the copies, not the gradient.
//
// The noise is on x_j, whose range is 1, so the published 10 to 20 % of the range are a deviation
// of 0.1 to 0.2. 50 copies are Smilkov's figure. It costs 3 evaluations a cell and copy: a budget
// below that is spent on fewer copies, below one copy on some of the cells.
#include <algorithm>
#include <cmath>

#include "base/random.hpp"
#include "methods/scores.hpp"
#include "methods/smoothgrad.hpp"

namespace grids::core {
namespace {

uint64_t noise_seed(uint64_t seed, uint64_t stream) {
  RandomStream random(seed, Purpose::kMethods, stream);
  const uint64_t high = random();
  return high << 32 | random();
}

class SmoothGradExplainer : public Explainer {
 public:
  std::string_view name() const override { return "smoothgrad"; }
  std::string_view summary() const override {
    return "saliency averaged over noisy copies of each cell";
  }
  std::vector<OwnOptions> own_options() const override { return {owns<SmoothGradOptions>()}; }
  Explanation explain(Objective& objective, const ExplainerOptions& options,
                      const Context& context) const override {
    const auto& own = options.methods.get<SmoothGradOptions>();
    require_features(objective.allowed, options.set_size);
    const int64_t before = objective.evaluations;
    const int64_t copy_cost = kGradientEvaluations * std::max<int64_t>(1, objective.cell_count());
    const int64_t affordable = evaluations_left(objective) / copy_cost;
    const int64_t copies = std::clamp<int64_t>(affordable, 1, own.copies);
    const uint64_t seed = noise_seed(context.seed, options.stream);
    std::vector<double> scores(static_cast<size_t>(objective.model->shape().features), 0.0);
    for (int64_t copy = 0; copy < copies; ++copy) {
      context.check_cancelled();
      on_affordable_cells(
          objective, kGradientEvaluations, options.stream, context, [&](Objective& part) {
            const auto state = part.model->begin_relaxed(
                part.cells, part.outputs, Noise{own.deviation, seed, static_cast<uint64_t>(copy)});
            add_absolute_gains(part, *state, scores);
          });
    }
    return conclude(objective, highest(scores, objective, options.set_size), before,
                    affordable < own.copies, {scores, {}, {}});
  }
};

}  // namespace

void SmoothGradOptions::describe(OptionSet& set) {
  set.value("--smoothgrad-copies", copies, "Noisy copies of a cell", at_least(1));
  set.value("--smoothgrad-deviation", deviation,
            "Standard deviation of the noise on each input (peaks: 0 = closed, 1 = open)",
            above(0));
}

const Explainer& smoothgrad_explainer() {
  static const SmoothGradExplainer method;
  return method;
}

}  // namespace grids::core
