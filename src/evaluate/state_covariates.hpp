/// What stands for the state of a cell in contrasts (contrast.hpp): the surrogate's ATAC latents,
/// and beside them principal components of open chromatin.
///
/// The latents are made to predict expression with few numbers, and need not hold all that moves
/// peaks and counts together: of twelve batches that the study does not name, twenty latents left
/// enough for 15 of 100 null windows to be called at 0.05. The components are those of the training
/// cells' open peaks alone; no expression is looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "math/pca.hpp"
#include "model/study_surrogate.hpp"
#include "study/study.hpp"

namespace grids::core {

class StateCovariates {
 public:
  /// `components`: fewer where the training cells have fewer; 0 = latents alone. Study and
  /// surrogate must outlive it.
  StateCovariates(const Study& study, const StudySurrogate& surrogate, int64_t components,
                  const Context& context);

  /// Components alone: of what no expression has shaped.
  StateCovariates(const Study& study, int64_t components, const Context& context);

  /// Cells × numbers, row-major, for `contrast_cells`. Latents and components have the same total
  /// variance over the training cells, so that neither goes first where cells are too few for all.
  std::vector<float> of(std::span<const int32_t> cells, const Context& context) const;

 private:
  /// `open` shares its indices from then on.
  void fit_components(CsrPattern& open, int64_t components, const Context& context);
  std::vector<float> latents_of(const CsrPattern& open, const Context& context) const;

  const Study& study_;
  std::optional<StudySurrogate> surrogate_;
  std::optional<TfIdf> weights_;
  Pca axes_;
  float latent_scale_ = 1;
  float component_scale_ = 1;
};

}  // namespace grids::core
