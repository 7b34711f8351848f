// The peer: what a negative binomial lasso that knows how much ATAC misses finds of planted sets.
//
// Beside the state that the cis path freezes, a gene's counts are regressed on how likely each peak
// of its window is open (0 or 1 at capture 1), types' intercepts and the slope on log open peaks
// without a penalty; the penalty by five folds, what it keeps refitted without. It is told the
// capture, and reads the cells that the cis path is fitted to.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/at.hpp"
#include "cis/cis_rows.hpp"
#include "cis/gene_problem.hpp"
#include "cis/openness.hpp"
#include "cis/state_part.hpp"
#include "cis/term_regression.hpp"
#include "cis_bars/parts.hpp"
#include "math/information.hpp"
#include "math/penalised_regression.hpp"

namespace grids::core::bench {
namespace {

/// What all genes share.
struct PeerCells {
  CisRows rows;
  StateDesign state;
  std::vector<double> open_peaks, seen;
  std::vector<std::vector<double>> covariates;
  std::vector<int32_t> every_row;
};

PeerCells peer_cells(const BarsBench& bench) {
  const World& world = bench.world;
  std::vector<int32_t> cells;
  for (int32_t cell = 0; cell < world.study.cells.size(); ++cell) {
    if (world.study.cells.split[at(cell)] != Split::kTest) cells.push_back(cell);
  }
  auto rows = cis_rows(world.study, world.latents, world.path, cells);
  StateDesign state(rows, world.path.response, bench.settings.cis.state_ridge);
  std::vector<double> open;
  for (const int32_t cell : cells) open.push_back(world.study.cells.open_peaks[at(cell)]);
  auto seen = seen_probability(open, bench.settings.capture);
  std::vector<std::vector<double>> covariates(rows.type_begin.size(),
                                              std::vector<double>(rows.size()));
  for (size_t i = 0; i < rows.size(); ++i) {
    covariates[0][i] = 1;
    if (rows.type[i] > 0) covariates[at(rows.type[i])][i] = 1;
    covariates.back()[i] = std::log(std::max(1.0, open[i]));
  }
  std::vector<int32_t> every(rows.size());
  std::iota(every.begin(), every.end(), 0);
  return {std::move(rows), std::move(state),      std::move(open),
          std::move(seen), std::move(covariates), std::move(every)};
}

/// What the covariates leave of how likely each peak is open: the same model, whose coordinates
/// hardly depend on the unpenalised ones.
std::vector<std::vector<float>> features_of(const PeerCells& cells, const Beliefs& beliefs) {
  const std::vector<std::span<const double>> columns(cells.covariates.begin(),
                                                     cells.covariates.end());
  const CholeskyFactor factor(
      weighted_products(columns, std::vector<double>(cells.rows.size(), 1.0)));
  std::vector<std::vector<float>> features;
  for (int32_t peak = 0; at(peak) < beliefs.peaks(); ++peak) {
    const auto q = beliefs.peak(peak);
    auto rest = std::vector<double>(q.begin(), q.end());
    auto along = column_products(columns, rest);
    factor.solve(along);
    for (size_t k = 0; k < along.size(); ++k) {
      for (size_t i = 0; i < rest.size(); ++i) rest[i] -= along[k] * columns[k][i];
    }
    features.emplace_back(rest.begin(), rest.end());
  }
  return features;
}

/// Coefficients for features of variance 1 of those that a penalty keeps, refitted without it.
std::vector<double> refitted(const PenalisedRows& rows, const std::vector<double>& kept) {
  PenalisedRows few = rows;
  few.features.clear();
  few.values.clear();
  for (size_t j = 0; j < kept.size(); ++j) {
    if (kept[j] == 0) continue;
    few.features.push_back(rows.features[j]);
    few.values.push_back(rows.values[j]);
  }
  PenalisedFit fit(few, std::vector<double>(rows.rows(), 1.0));
  fit.run(0);
  std::vector<double> result(kept.size());
  for (size_t j = 0, place = 0; j < kept.size(); ++j) {
    if (kept[j] == 0) continue;
    result[j] = fit.coefficients()[place] * fit.scale()[place];
    ++place;
  }
  return result;
}

/// The kept features that raise expression, the strongest first, then those that enter later along
/// the path.
std::vector<size_t> ranking(const PenalisedRows& rows, const PenaltyPath& path) {
  const auto strength = refitted(rows, path.coefficients[path.chosen]);
  std::vector<size_t> order;
  for (size_t j = 0; j < strength.size(); ++j) {
    if (strength[j] > 0) order.push_back(j);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return strength[a] > strength[b]; });
  for (const auto& coefficients : path.coefficients) {
    for (size_t j = 0; j < coefficients.size(); ++j) {
      const bool is_new = std::find(order.begin(), order.end(), j) == order.end();
      if (coefficients[j] > 0 && strength[j] == 0 && is_new) order.push_back(j);
    }
  }
  return order;
}

std::vector<int32_t> found_by_lasso(const BarsBench& bench, const PeerCells& cells, int32_t gene) {
  const World& world = bench.world;
  auto values = cells.rows.response(gene);
  const auto state = cells.state.fit(cells.rows, values, SIZE_MAX);
  const auto window = window_peaks(world.study, gene, bench.settings.cis.window);
  const GeneProblem problem(cells.rows, world.path.response, window, bench.settings.cis.least_open,
                            std::move(values), state_values(cells.rows, state.coefficients));
  const auto features = features_of(cells, openness_beliefs(problem, cells.open_peaks, cells.seen));
  PenalisedRows rows;
  rows.dispersion = dispersion_at(problem, problem.exp_base());
  rows.response = problem.response();
  rows.offset = problem.base();
  rows.covariates = cells.covariates;
  rows.features.assign(features.size(), cells.every_row);
  rows.values.assign(features.begin(), features.end());
  PenaltyPathOptions options;
  options.steps = 25;
  options.least_share = 0.03;
  options.folds = 5;
  options.patience = 3;
  const auto path = penalty_path(rows, options, static_cast<uint64_t>(gene), bench.context);
  std::vector<int32_t> found;
  for (const size_t j : ranking(rows, path)) {
    if (found.size() == world.truth(gene).peaks.size()) break;
    found.push_back(problem.study_peaks()[j]);
  }
  return found;
}

}  // namespace

std::vector<SetScore> lasso_scores(const BarsBench& bench) {
  const World& world = bench.world;
  const auto cells = peer_cells(bench);
  std::vector<SetScore> scores;
  for (const auto& gene : world.path.genes) {
    if (!world.regulated(gene.gene)) continue;
    scores.push_back(score_set(world, gene.gene, found_by_lasso(bench, cells, gene.gene)));
  }
  return scores;
}

}  // namespace grids::core::bench
