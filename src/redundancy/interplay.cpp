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
/// Of effects that follow the fit, where there is no noise to hold back.
constexpr double kNoRidge = 1e-6;
/// What adds less to every log rate is rounding.
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

/// Whether each element is open in one of these cells.
bool sees_each(std::span<const Setting> settings, std::span<const size_t> cells, size_t elements) {
  Setting seen = 0;
  for (const size_t i : cells) seen |= settings[i];
  return seen == all_open(elements);
}

/// The nearest fit without interplay to some of the cells.
MainEffects nearest_on(const SeenCells& seen, std::span<const size_t> cells, size_t elements,
                       EffectScale scale) {
  std::vector<double> expected, offset;
  std::vector<Setting> settings;
  for (const size_t i : cells) {
    expected.push_back(seen.total_rna[i] * std::exp(seen.fit.own[i]) / kPerRate);
    offset.push_back(std::log(seen.total_rna[i] / kPerRate) + seen.fit.closed[i]);
    settings.push_back(seen.fit.settings[i]);
  }
  const std::vector<double> ones(expected.size(), 1.0);
  NegativeBinomialOptions options;
  options.rule = DispersionRule::kGiven;
  options.dispersion = seen.dispersion;
  options.ridge.assign(1 + elements, kNoRidge);
  return fit_main_effects({expected, offset, {ones}}, settings, elements, scale, options);
}

/// Fits of all types on one scale.
struct OnScale {
  std::map<int32_t, MainEffects> by_type;
  double log_likelihood = 0;
  bool converged = true;

  void add(int32_t type, MainEffects fit) {
    log_likelihood += fit.log_likelihood;
    converged &= fit.converged;
    by_type.emplace(type, std::move(fit));
  }
};

/// D of each cell; 0 where the type has no fit without interplay.
std::vector<double> added_by_interplay(const FitOfSettings& fit,
                                       const std::map<int32_t, MainEffects>& without) {
  std::vector<double> added;
  for (size_t i = 0; i < fit.own.size(); ++i) {
    const auto found = without.find(fit.types[i]);
    added.push_back(found == without.end()
                        ? 0
                        : fit.own[i] - fit.closed[i] - found->second.log_part(fit.settings[i]));
  }
  return added;
}

void add_slope(const Study& study, int32_t gene, const ContrastCells& beside,
               const FitOfSettings& fit, size_t elements, std::vector<double> added,
               const ContrastOptions& options, Interplay& result) {
  const auto here = effects_on(study, gene, beside, fit, elements, result.without);
  if (!here.converged) {
    result.held_out.note = "the effects without interplay did not converge";
    return;
  }
  ContrastCells cells = beside;
  add_effects(free_effects(here, fit.settings), cells);
  result.held_out = slope_of(study, gene, cells, std::move(added), options);
}

}  // namespace

std::map<int32_t, MainEffects> nearest_without(const SeenCells& seen, size_t elements) {
  std::map<int32_t, std::vector<size_t>> by_type;
  for (size_t i = 0; i < seen.fit.types.size(); ++i) by_type[seen.fit.types[i]].push_back(i);
  OnScale linear, log;
  for (const auto& [type, cells] : by_type) {
    if (!sees_each(seen.fit.settings, cells, elements)) continue;
    linear.add(type, nearest_on(seen, cells, elements, EffectScale::kAdditive));
    log.add(type, nearest_on(seen, cells, elements, EffectScale::kMultiplicative));
  }
  if (!log.converged) return linear.converged ? linear.by_type : std::map<int32_t, MainEffects>{};
  return linear.converged && linear.log_likelihood > log.log_likelihood ? linear.by_type
                                                                        : log.by_type;
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
  const auto beside = beside_closed(cells, fit);
  add_departure(study, gene, beside, fit, elements, options, result);
  const auto without = nearest_without(seen, elements);
  auto added = added_by_interplay(fit, without);
  const auto adds = [](double value) { return std::abs(value) >= kLeastInterplay; };
  if (without.empty()) {
    result.held_out.note = "no fit without interplay is near";
  } else if (std::none_of(added.begin(), added.end(), adds)) {
    result.held_out.note = kNoInterplay;
  } else {
    result.without = without.begin()->second.scale;
    add_slope(study, gene, beside, fit, elements, std::move(added), options, result);
  }
  return result;
}

}  // namespace grids::core
