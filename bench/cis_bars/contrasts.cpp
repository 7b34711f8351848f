// Held-out contrasts: what null windows, planted sets and found sets do on cells that took no part.
#include <cmath>

#include "base/at.hpp"
#include "cis_bars/parts.hpp"
#include "evaluate/contrast.hpp"
#include "evaluate/judge_sets.hpp"
#include "evaluate/null_windows.hpp"
#include "evaluate/state_covariates.hpp"

namespace grids::core::bench {
namespace {

constexpr double kLevel = 0.05;
/// Asked of genes without regulation; planted sets have one to four.
constexpr int64_t kNullSetSize = 3;

/// A set of cells as contrasts see it.
struct Cells {
  std::vector<int32_t> cells;
  ContrastCells rows;
};

Cells cells_of(const BarsBench& bench, Split split, const ContrastOptions& options) {
  const World& world = bench.world;
  auto cells = world.study.cells_of(split);
  const StateCovariates state(world.study, world.surrogate(), options.components, bench.context);
  auto rows = contrast_cells(world.study, cells, state.of(cells, bench.context), options);
  return {std::move(cells), std::move(rows)};
}

std::vector<int32_t> window_of(const World& world, int32_t gene, int64_t window) {
  return domain_peaks(world.study, gene, SearchDomain::kCis, window);
}

/// Null contrasts of all genes, those with and without regulation: a window on another chromosome
/// says nothing of either.
std::vector<Contrast> null_contrasts(const BarsBench& bench, const Cells& train, const Cells& held,
                                     int64_t windows, const ContrastOptions& options) {
  const World& world = bench.world;
  std::vector<std::vector<Contrast>> by_gene(world.path.genes.size());
  bench.context.pool.for_each(static_cast<int64_t>(by_gene.size()), [&](int64_t i) {
    NullTarget target{world.path.genes[at(i)].gene, {}};
    target.peaks = window_of(world, target.gene, bench.settings.cis.window);
    if (target.peaks.empty()) return;
    by_gene[at(i)] = null_contrasts(world.study, target, {train.rows, held.rows, held.cells},
                                    {windows, {}, options}, bench.context.seed);
  });
  std::vector<Contrast> all;
  for (const auto& gene : by_gene) all.insert(all.end(), gene.begin(), gene.end());
  return all;
}

double called(const Contrast& contrast) {
  return std::isnan(contrast.p) ? contrast.p : (contrast.p <= kLevel ? 1.0 : 0.0);
}

void add_nulls(const BarsBench& bench, const std::vector<Contrast>& nulls, const std::string& key,
               const std::string& about) {
  for (const auto& null : nulls) {
    bench.results.add({"null_rate" + key, "null windows called at 0.05" + about, {}, {0.03, 0.07}},
                      {called(null)});
  }
  for (const auto& null : nulls) {
    bench.results.add({"null_ks" + key,
                       "Kolmogorov–Smirnov p of null windows" + about,
                       Statistic::kUniformity,
                       {0.01, {}}},
                      {null.p});
  }
}

void measure_nulls(const BarsBench& bench, const Cells& train, const Cells& test,
                   const ContrastOptions& options) {
  const int64_t windows = bench.settings.null_windows;
  add_nulls(bench, null_contrasts(bench, train, test, windows, options), "", "");
  if (!test.rows.clusters.empty()) {
    ContrastOptions independent = options;
    independent.min_donors = bench.settings.donors + 1;
    const Cells cells = cells_of(bench, Split::kTest, independent);
    add_nulls(bench, null_contrasts(bench, train, cells, windows, independent), "_independent",
              ", not clustered by donor");
  }
  // On the very cells that the windows were fitted to, the same must fail.
  for (const auto& null : null_contrasts(bench, train, train, 1, options)) {
    bench.results.add({"null_rate_swapped",
                       "null windows called at 0.05 on the cells they were fitted to",
                       {},
                       {0.5, {}}},
                      {called(null)});
  }
}

/// Contrasts of one sort of sets, each with its gene.
struct SetContrast {
  int32_t gene = 0;
  Contrast contrast;
};

/// Of each kind and of all sets: how often they are called, and how their slopes lie.
void add_sets(const BarsBench& bench, const std::vector<SetContrast>& sets, const std::string& key,
              const std::string& about) {
  const bool whole = bench.settings.capture == 1;
  for (const auto& kind : kinds_and_all()) {
    const bool barred = whole && kind.name != "together" && kind.name != "all";
    const Measure power{"power_" + key + "_" + kind.name,
                        "power at 0.05, " + about + ", " + kind.about,
                        {},
                        barred ? Bar{0.95, {}} : Bar{}};
    const Measure slope{"slope_" + key + "_" + kind.name,
                        "median slope, " + about + ", " + kind.about,
                        Statistic::kMedian,
                        {0.85, 1.15}};
    for (const auto& set : sets) {
      if (!kind.holds(bench.world.truth(set.gene))) continue;
      bench.results.add(power, {called(set.contrast)});
      bench.results.add(slope, {set.contrast.slope});
    }
  }
}

/// Planted sets, with weights refitted to the training cells.
std::vector<SetContrast> planted_contrasts(const BarsBench& bench, const Cells& train,
                                           const Cells& test, const ContrastOptions& options) {
  const World& world = bench.world;
  NullWindowOptions refit;
  refit.weight_sd = 10;  // next to no shrinkage: a refit of few peaks
  std::vector<SetContrast> sets(world.path.genes.size());
  bench.context.pool.for_each(static_cast<int64_t>(sets.size()), [&](int64_t i) {
    const int32_t gene = world.path.genes[at(i)].gene;
    sets[at(i)].gene = gene;
    if (!world.regulated(gene)) return;
    const auto peaks = world.peaks(world.truth(gene).peaks);
    const auto weights = fit_window(world.study, gene, peaks, train.rows, refit);
    sets[at(i)].contrast =
        contrast(test.rows, contrast_baseline(world.study, gene, test.rows, options),
                 window_change(world.study, test.cells, weights), options);
  });
  return sets;
}

/// Found sets, by the change that the surrogate predicts.
std::vector<SetContrast> found_contrasts(const BarsBench& bench,
                                         const std::vector<ExplainedTarget>& found,
                                         const Cells& test, const ContrastOptions& options) {
  std::vector<SetContrast> sets(found.size());
  bench.context.pool.for_each(static_cast<int64_t>(sets.size()), [&](int64_t i) {
    const auto& set = found[at(i)];
    const auto change = predicted_log_change(set.before, set.after, options.rate_floor);
    const auto baseline = contrast_baseline(bench.world.study, set.target.gene, test.rows, options);
    sets[at(i)] = {set.target.gene, contrast(test.rows, baseline, change, options)};
  });
  return sets;
}

/// Verdicts of the sets of genes that pass gate B: planted ones are to be borne out, at capture 0.3
/// at least not contradicted.
void add_verdict_shares(const BarsBench& bench, std::vector<SetContrast> sets,
                        const std::string& key, const std::string& about) {
  std::erase_if(sets, [&](const SetContrast& set) {
    const auto& path = bench.world.fit.path;
    return !bench.world.regulated(set.gene) || !path.genes[at(path.find(set.gene))].cis.passed;
  });
  std::vector<Contrast> contrasts;
  for (const auto& set : sets) contrasts.push_back(set.contrast);
  add_verdicts(contrasts);
  const double capture = bench.settings.capture;
  for (const auto& one : contrasts) {
    bench.results.add({key + "_borne_out",
                       about + " of genes that pass gate B: borne out",
                       {},
                       capture == 1 ? Bar{0.95, {}} : Bar{}},
                      {one.verdict == Verdict::kBorneOut ? 1.0 : 0.0});
  }
  for (const auto& one : contrasts) {
    bench.results.add({key + "_contradicted",
                       about + " of genes that pass gate B: contradicted",
                       {},
                       capture <= 0.3 ? Bar{{}, 0.05} : Bar{}},
                      {one.verdict == Verdict::kContradicted ? 1.0 : 0.0});
  }
}

/// What explain finds for genes that no peak regulates: how many of its sets are borne out.
void measure_null_genes(const BarsBench& bench) {
  const World& world = bench.world;
  std::vector<ExplainTarget> targets;
  for (const auto& gene : world.fit.path.genes) {
    if (!world.regulated(gene.gene)) targets.push_back({std::nullopt, gene.gene, kNullSetSize});
  }
  const auto explained = explain(world.study, world.fitted(), targets, {}, bench.context).explained;
  JudgeSetsOptions judge;
  judge.random_sets = 0;
  const auto judged = judge_sets(world.study, world.fitted(), explained, Perturbation::kClosed,
                                 judge, bench.context);
  for (const auto& set : judged.sets) {
    bench.results.add(
        {"null_genes_confirmed", "sets of unregulated genes borne out", {}, {{}, 0.1}},
        {set.contrast.verdict == Verdict::kBorneOut ? 1.0 : 0.0});
  }
}

}  // namespace

void measure_contrasts(const BarsBench& bench, const std::vector<ExplainedTarget>& found) {
  const ContrastOptions options;
  const Cells train = cells_of(bench, Split::kTrain, options);
  const Cells test = cells_of(bench, Split::kTest, options);
  measure_nulls(bench, train, test, options);
  const auto as_found = found_contrasts(bench, found, test, options);
  add_sets(bench, as_found, "found", "sets as found");
  const auto planted = planted_contrasts(bench, train, test, options);
  add_sets(bench, planted, "planted", "planted sets refitted");
  add_verdict_shares(bench, as_found, "found", "sets as found");
  add_verdict_shares(bench, planted, "planted", "planted sets");
  measure_null_genes(bench);
}

}  // namespace grids::core::bench
