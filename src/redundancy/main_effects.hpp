/// Elements that act without interplay: each with an effect of its own on counts, which adds to the
/// log rate (*multiplicative*) or to the rate (*additive*),
///
///     log mean = offset + columns + Σ_a e_a [a open]         multiplicative
///     log mean = offset + columns + log(1 + Σ_a e_a [a open])   additive.
#pragma once

#include <span>
#include <vector>

#include "math/negative_binomial.hpp"
#include "redundancy/settings.hpp"

namespace grids::core {

enum class EffectScale : uint8_t { kMultiplicative, kAdditive };

/// "multiplicative", "additive".
const char* scale_name(EffectScale scale);

struct MainEffects {
  EffectScale scale = EffectScale::kMultiplicative;
  std::vector<double> effects;  ///< e_a
  double log_likelihood = 0;
  bool converged = false;

  /// What a setting adds to the log mean.
  double log_part(Setting setting) const;
  /// The derivatives of that with respect to the effects; `log_part` is their sum times the effects
  /// but for `curvature`.
  double slope(size_t element, Setting setting) const;
  /// log_part − Σ_a slope · e_a: 0 where effects multiply.
  double curvature(Setting setting) const;
};

/// By maximum likelihood, negative binomial. `rows`: counts, offset, and the columns beside the
/// elements; `options` has the ridge of these, then of the effects, faint where it has none;
/// `settings`: one a row.
MainEffects fit_main_effects(const CountRows& rows, std::span<const Setting> settings,
                             size_t elements, EffectScale scale,
                             NegativeBinomialOptions options = {});

/// Columns and offset in which the effects of such a fit are, to first order, free: what a further
/// column is tested beside. Exact where the fit itself is.
struct FreeEffects {
  std::vector<std::vector<double>> columns;  ///< one an element
  std::vector<double> offset;                ///< to be added
};
FreeEffects free_effects(const MainEffects& fit, std::span<const Setting> settings);

}  // namespace grids::core
