#include "evaluate/state_covariates.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/at.hpp"

namespace grids::core {
namespace {

/// What brings the total variance of the columns of `rows` (of `width`) to 1; 1 where there is
/// none.
float scale_to_unit(std::span<const float> rows, size_t width) {
  double variance = 0;
  const size_t count = rows.size() / width;
  const auto n = static_cast<double>(count);
  for (size_t j = 0; j < width; ++j) {
    double sum = 0, squares = 0;
    for (size_t i = j; i < rows.size(); i += width) {
      sum += double{rows[i]};
      squares += double{rows[i]} * double{rows[i]};
    }
    variance += (squares - sum * sum / n) / n;
  }
  return variance > 0 ? static_cast<float>(1 / std::sqrt(variance)) : 1.0f;
}

void append_scaled(std::span<const float> row, float scale, std::vector<float>& result) {
  for (const float value : row) result.push_back(scale * value);
}

}  // namespace

StateCovariates::StateCovariates(const Study& study, const StudySurrogate& surrogate,
                                 int64_t components, const Context& context)
    : study_(study), surrogate_(surrogate) {
  CsrPattern open = select_rows(study.open, study.cells_of(Split::kTrain));
  fit_components(open, components, context);
  if (!weights_) return;
  const auto latents = latents_of(open, context);
  latent_scale_ = scale_to_unit(latents, latents.size() / at(open.rows));
}

StateCovariates::StateCovariates(const Study& study, int64_t components, const Context& context)
    : study_(study) {
  CsrPattern open = select_rows(study.open, study.cells_of(Split::kTrain));
  fit_components(open, components, context);
}

void StateCovariates::fit_components(CsrPattern& open, int64_t components, const Context& context) {
  if (components == 0 || open.rows < 2) return;
  weights_ = TfIdf::fit(open);
  open.indices.share();  // with the weighted matrix: as large as its values
  axes_ = pca(weights_->apply(open), {.components = components}, context);
  const double variance = std::accumulate(axes_.variance.begin(), axes_.variance.end(), 0.0);
  if (variance > 0) component_scale_ = static_cast<float>(1 / std::sqrt(variance));
}

std::vector<float> StateCovariates::latents_of(const CsrPattern& open,
                                               const Context& context) const {
  return surrogate_ ? surrogate_->folded().atac_latents(context.pool, open) : std::vector<float>();
}

std::vector<float> StateCovariates::of(std::span<const int32_t> cells,
                                       const Context& context) const {
  CsrPattern open = select_rows(study_.open, cells);
  open.indices.share();
  auto latents = latents_of(open, context);
  if (!weights_ || cells.empty()) return latents;
  const auto scores = pca_project(axes_, weights_->apply(open), context);
  const size_t width = latents.size() / cells.size();
  const size_t components = at(axes_.components);
  std::vector<float> result;
  result.reserve(latents.size() + scores.size());
  for (size_t i = 0; i < cells.size(); ++i) {
    append_scaled(std::span(latents).subspan(i * width, width), latent_scale_, result);
    append_scaled(std::span(scores).subspan(i * components, components), component_scale_, result);
  }
  return result;
}

}  // namespace grids::core
