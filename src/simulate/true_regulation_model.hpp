/// The true regulatory function of simulated cells as a maskable model: what a search finds on it
/// judges the search alone, without any surrogate.
///
/// Output of a cell and gene: log1p of the expected counts in a cell of size 1 (truth.hpp), so that
/// expm1 of a prediction is the true rate. Where peaks are open or closed it is
/// TrueRegulation::true_rate. Gradients, replacement values between 0 and 1 and noise need the
/// function in between: it is extended to the expected rate were each cause j open with probability
/// x_j, independently of the others. That is linear in each x_j alone, so in the rate a gain is
/// exactly what masking the peak alone changes: where any one of several suffices, gradients see
/// nothing by construction of the regulation and not of the extension.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "math/sparse.hpp"
#include "search/maskable_model.hpp"
#include "simulate/truth.hpp"

namespace grids::core {

struct TrueRegulationInput {
  CsrPattern open;                  ///< cells × peaks, those of `regulation`
  std::vector<int32_t> types;       ///< of each cell, as the truth numbers them
  std::vector<double> state_rates;  ///< cells × genes: the rate were no cause open
  /// Of the truth: the outputs of the model, in this order.
  std::vector<int32_t> genes;
  std::vector<float> replacement;  ///< p of each peak
};

class TrueRegulationModel : public MaskableModel {
 public:
  /// `regulation` must outlive the model. Throws Error(kInternal) when sizes disagree.
  TrueRegulationModel(const TrueRegulation& regulation, TrueRegulationInput input);

  ModelShape shape() const override;
  std::unique_ptr<MaskState> begin(std::span<const Feature> subset, std::span<const int32_t> cells,
                                   std::span<const int32_t> outputs) const override;
  std::unique_ptr<GradientState> begin_relaxed(std::span<const int32_t> cells,
                                               std::span<const int32_t> outputs,
                                               const Relaxation& relaxation) const override;

 private:
  friend class TrueRegulationState;

  const TrueRegulation& regulation_;
  TrueRegulationInput input_;
  CsrPattern cells_of_peak_;      ///< `open`, transposed
  bool masks_only_open_ = false;  ///< every replacement is 0
};

}  // namespace grids::core
