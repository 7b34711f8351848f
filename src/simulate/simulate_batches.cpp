#include "simulate/simulate_batches.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/at.hpp"
#include "simulate/simulate_cells.hpp"
#include "simulate/simulate_draws.hpp"

namespace grids::core::simulation {
namespace {

std::vector<double> draw_effects(size_t count, double sd, RandomStream& random) {
  std::vector<double> effects(count);
  for (double& effect : effects) effect = sd * random.normal();
  return effects;
}

/// The peaks within the window around the gene's TSS: begin and end.
std::pair<size_t, size_t> window_of(const SimulateOptions& options, const Layout& layout,
                                    const GenePlan& gene) {
  const int64_t tss = gene.strand == '+' ? gene.start : gene.end - 1;
  const auto first = std::accumulate(layout.chromosome_peaks.begin(),
                                     layout.chromosome_peaks.begin() + gene.chromosome, int64_t{0});
  const auto ends = layout.end.begin() + first;
  const auto starts = layout.start.begin() + first;
  const int64_t peaks = layout.chromosome_peaks[at(gene.chromosome)];
  const auto begin = std::upper_bound(ends, ends + peaks, tss - options.window) - ends;
  const auto end = std::upper_bound(starts, starts + peaks, tss + options.window) - starts;
  return {at(first + begin), at(first + end)};
}

/// Adds to gene and window what each batch does to both.
void move_windows(const SimulateOptions& options, const Layout& layout, RandomStream& random,
                  BatchPlan& plan) {
  for (size_t g = 0; g < layout.genes.size(); ++g) {
    if (!(random.uniform() < options.batch_windows)) continue;
    plan.window_moved[g] = 1;
    const auto [begin, end] = window_of(options, layout, layout.genes[g]);
    for (size_t batch = 0; batch < plan.size(); ++batch) {
      const double shared = options.batch_window_sd * random.normal();
      plan.genes[g * plan.size() + batch] += shared;
      for (size_t peak = begin; peak < end; ++peak) {
        plan.peaks[peak * plan.size() + batch] += shared;
      }
    }
  }
}

/// So that batches move no mean.
void centre(std::vector<double>& effects, size_t batches) {
  for (size_t first = 0; first < effects.size(); first += batches) {
    double sum = 0;
    for (size_t b = 0; b < batches; ++b) sum += std::exp(effects[first + b]);
    const double mean = std::log(sum / static_cast<double>(batches));
    for (size_t b = 0; b < batches; ++b) effects[first + b] -= mean;
  }
}

}  // namespace

BatchPlan draw_batches(const SimulateOptions& options, const Layout& layout, uint64_t seed) {
  BatchPlan plan;
  if (options.batches == 0) return plan;
  const size_t batches = at(options.batches);
  const size_t genes = layout.genes.size();
  for (int32_t batch = 1; batch <= options.batches; ++batch) {
    plan.names.push_back(numbered("batch_", batch, options.batches));
  }
  auto random = stream(seed, Step::kBatches);
  plan.genes = draw_effects(genes * batches, options.batch_rna_sd, random);
  plan.peaks = draw_effects(at(layout.peaks()) * batches, options.batch_atac_sd, random);
  plan.window_moved.assign(genes, 0);
  if (options.batch_windows > 0) move_windows(options, layout, random, plan);
  centre(plan.genes, batches);
  centre(plan.peaks, batches);
  return plan;
}

}  // namespace grids::core::simulation
