#include "redundancy/main_effects.hpp"

#include <algorithm>
#include <cmath>

#include "model/cis_path.hpp"

namespace grids::core {
namespace {

/// Keeps an effect finite that would run away.
constexpr double kEffectRidge = 0.01;
constexpr int kMostRounds = 40;
constexpr double kSettled = 1e-7;

double sum_open(std::span<const double> effects, Setting setting) {
  double sum = 0;
  for (size_t a = 0; a < effects.size(); ++a) {
    if ((setting & bit_of(a)) != 0) sum += effects[a];
  }
  return sum;
}

/// Whether no setting brings the rate too near to 0.
bool is_possible(std::span<const double> effects) {
  for (Setting setting = 0; setting <= all_open(effects.size()); ++setting) {
    if (!(sum_open(effects, setting) > kLeastCisSum)) return false;
  }
  return true;
}

/// From `from` towards `to`, as far as is possible.
std::vector<double> step_towards(const std::vector<double>& from, const std::vector<double>& to) {
  std::vector<double> result = to;
  for (double share = 0.5; !is_possible(result); share /= 2) {
    for (size_t a = 0; a < result.size(); ++a) result[a] = from[a] + share * (to[a] - from[a]);
  }
  return result;
}

/// One regression with the effects' columns last.
NegativeBinomialFit fit_once(const CountRows& rows, const FreeEffects& free,
                             const NegativeBinomialOptions& options) {
  std::vector<double> offset(rows.offset.begin(), rows.offset.end());
  for (size_t i = 0; i < offset.size(); ++i) offset[i] += free.offset[i];
  CountRows all{rows.counts, offset, rows.columns};
  for (const auto& column : free.columns) all.columns.emplace_back(column);
  return fit_negative_binomial(all, options);
}

}  // namespace

const char* scale_name(EffectScale scale) {
  return scale == EffectScale::kAdditive ? "additive" : "multiplicative";
}

double MainEffects::log_part(Setting setting) const {
  const double sum = sum_open(effects, setting);
  return scale == EffectScale::kAdditive ? std::log1p(sum) : sum;
}

double MainEffects::slope(size_t element, Setting setting) const {
  if ((setting & bit_of(element)) == 0) return 0;
  return scale == EffectScale::kAdditive ? 1 / (1 + sum_open(effects, setting)) : 1;
}

double MainEffects::curvature(Setting setting) const {
  double linear = 0;
  for (size_t a = 0; a < effects.size(); ++a) linear += slope(a, setting) * effects[a];
  return log_part(setting) - linear;
}

FreeEffects free_effects(const MainEffects& fit, std::span<const Setting> settings) {
  FreeEffects free;
  free.columns.resize(fit.effects.size());
  for (size_t a = 0; a < fit.effects.size(); ++a) {
    for (const Setting setting : settings) free.columns[a].push_back(fit.slope(a, setting));
  }
  for (const Setting setting : settings) free.offset.push_back(fit.curvature(setting));
  return free;
}

MainEffects fit_main_effects(const CountRows& rows, std::span<const Setting> settings,
                             size_t elements, EffectScale scale, NegativeBinomialOptions options) {
  MainEffects result;
  result.scale = scale;
  result.effects.assign(elements, 0.0);
  options.ridge.resize(std::max(options.ridge.size(), rows.columns.size()), 0.0);
  options.ridge.resize(rows.columns.size() + elements, kEffectRidge);
  for (int round = 0; round < kMostRounds && !result.converged; ++round) {
    const auto fit = fit_once(rows, free_effects(result, settings), options);
    if (!fit.converged) return result;
    const std::vector<double> found(fit.coefficients.end() - static_cast<std::ptrdiff_t>(elements),
                                    fit.coefficients.end());
    double moved = 0;
    for (size_t a = 0; a < elements; ++a) {
      moved = std::max(moved, std::abs(found[a] - result.effects[a]));
    }
    const bool linear = scale == EffectScale::kMultiplicative;
    result.effects = linear ? found : step_towards(result.effects, found);
    result.log_likelihood = fit.log_likelihood;
    result.converged = linear || moved < kSettled;
    options.start = fit.coefficients;
    if (options.rule != DispersionRule::kGiven) options.dispersion = fit.dispersion;
  }
  return result;
}

}  // namespace grids::core
