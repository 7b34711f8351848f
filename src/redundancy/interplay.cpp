#include "redundancy/interplay.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "base/at.hpp"
#include "base/indices.hpp"

namespace grids::core {
namespace {

/// Of the columns beside the covariates.
constexpr double kBesideRidge = 0.01;
/// What adds less to every log rate is rounding, and the faint prior of effects.
constexpr double kLeastInterplay = 1e-3;
/// Rates are counts in as many.
constexpr double kPerRate = 100'000;

/// Centred, with variance 1; empty where it is constant.
std::vector<double> in_units(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double square = 0;
  for (const double value : values) square += (value - mean) * (value - mean);
  std::vector<double> result;
  if (!(square > 1e-12 * n)) return result;
  for (const double value : values) result.push_back((value - mean) / std::sqrt(square / n));
  return result;
}

void add_column(std::vector<double> column, ContrastCells& cells) {
  cells.columns.push_back(std::move(column));
  cells.ridge.push_back(kBesideRidge);
}

/// The cells as those of a contrast of their own, with the fit's rate among the covariates.
ContrastCells beside_closed(const ContrastCells& cells, const FitOfSettings& fit) {
  ContrastCells result = cells;
  result.kept = indices_below(std::ssize(cells.cells));
  auto closed = in_units(fit.closed);
  if (!closed.empty()) add_column(std::move(closed), result);
  return result;
}

void add_effects(const FreeEffects& free, ContrastCells& cells) {
  for (const auto& column : free.columns) add_column(column, cells);
  for (size_t i = 0; i < cells.offset.size(); ++i) cells.offset[i] += free.offset[i];
}

/// A column's slope beside these covariates.
Contrast slope_of(const Study& study, int32_t gene, const ContrastCells& cells,
                  std::vector<double> column, const ContrastOptions& options) {
  for (double& value : column) value = -value;
  return contrast(cells, contrast_baseline(study, gene, cells, options), column, options);
}

/// Effects as the held-out cells have them where there is no interplay.
MainEffects effects_on(const Study& study, int32_t gene, const ContrastCells& beside,
                       const FitOfSettings& fit, size_t elements, EffectScale scale) {
  const auto counts = measured_values(study, gene, beside);
  const CountRows rows{counts, beside.offset, {beside.columns.begin(), beside.columns.end()}};
  NegativeBinomialOptions regression;
  regression.ridge = beside.ridge;
  return fit_main_effects(rows, fit.settings, elements, scale, regression);
}

int64_t cells_with_several(std::span<const Setting> settings) {
  return std::count_if(settings.begin(), settings.end(),
                       [](Setting setting) { return std::popcount(setting) > 1; });
}

void add_departure(const Study& study, int32_t gene, const ContrastCells& beside,
                   const FitOfSettings& fit, size_t elements, const ContrastOptions& options,
                   Interplay& result) {
  MainEffects none;
  none.effects.assign(elements, 0.0);
  ContrastCells cells = beside;
  add_effects(free_effects(none, fit.settings), cells);
  std::vector<double> pairs;
  for (const Setting setting : fit.settings) {
    const int open = std::popcount(setting);
    pairs.push_back(open * (open - 1) / 2.0);
  }
  const auto found = slope_of(study, gene, cells, std::move(pairs), options);
  result.departure = found.slope;
  result.p_departure = 2 * std::min(found.p, 1 - found.p);
}

void add_slope(const Study& study, int32_t gene, const ContrastCells& beside,
               const FitOfSettings& fit, const MainEffects& without, const ContrastOptions& options,
               Interplay& result) {
  std::vector<double> added;
  double most = 0;
  for (size_t i = 0; i < fit.own.size(); ++i) {
    added.push_back(fit.own[i] - fit.closed[i] - without.log_part(fit.settings[i]));
    most = std::max(most, std::abs(added.back()));
  }
  if (most < kLeastInterplay) {
    result.held_out.note = kNoInterplay;
    return;
  }
  const auto here = effects_on(study, gene, beside, fit, without.effects.size(), without.scale);
  if (!here.converged) {
    result.held_out.note = "the effects without interplay did not converge";
    return;
  }
  ContrastCells cells = beside;
  add_effects(free_effects(here, fit.settings), cells);
  result.held_out = slope_of(study, gene, cells, std::move(added), options);
}

}  // namespace

MainEffects nearest_without(const SeenCells& seen, size_t elements) {
  std::vector<double> expected, offset;
  for (size_t i = 0; i < seen.total_rna.size(); ++i) {
    expected.push_back(seen.total_rna[i] * std::exp(seen.fit.own[i]) / kPerRate);
    offset.push_back(std::log(seen.total_rna[i] / kPerRate) + seen.fit.closed[i]);
  }
  const std::vector<double> ones(expected.size(), 1.0);
  const CountRows rows{expected, offset, {ones}};
  NegativeBinomialOptions options;
  options.rule = DispersionRule::kGiven;
  options.dispersion = seen.dispersion;
  auto log =
      fit_main_effects(rows, seen.fit.settings, elements, EffectScale::kMultiplicative, options);
  auto linear =
      fit_main_effects(rows, seen.fit.settings, elements, EffectScale::kAdditive, options);
  const bool adds =
      linear.converged && (!log.converged || linear.log_likelihood > log.log_likelihood);
  return adds ? linear : log;
}

Interplay interplay_held_out(const Study& study, int32_t gene, size_t elements,
                             const SeenCells& seen, const ContrastCells& cells,
                             const FitOfSettings& fit, const ContrastOptions& options) {
  Interplay result;
  result.held_out.cells = std::ssize(cells.cells);
  const int64_t several = cells_with_several(fit.settings);
  if (several < options.min_changed_cells) {
    result.held_out.note = fmt::format("only {} cells with several elements open", several);
    return result;
  }
  const MainEffects without = nearest_without(seen, elements);
  if (!without.converged) {
    result.held_out.note = "there is no fit without interplay that is near";
    return result;
  }
  result.without = without.scale;
  const auto beside = beside_closed(cells, fit);
  add_slope(study, gene, beside, fit, without, options, result);
  add_departure(study, gene, beside, fit, elements, options, result);
  return result;
}

}  // namespace grids::core
