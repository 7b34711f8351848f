// What a cis path adds to a coordinate step.
#include <algorithm>
#include <cmath>

#include "check_list.hpp"
#include "model/study_surrogate.hpp"
#include "search_problem.hpp"
#include "stopwatch.hpp"
#include "timings.hpp"

namespace grids::core::bench {
namespace {

constexpr int64_t kWindow = 250'000;

/// Peaks within the window of a gene, ascending.
std::vector<int32_t> peaks_around(const Study& study, int64_t gene) {
  std::vector<int32_t> near;
  const auto& chromosomes = study.peaks.chromosomes;
  const auto place = std::find(chromosomes.begin(), chromosomes.end(),
                               study.genes.chromosome[static_cast<size_t>(gene)]);
  if (place == chromosomes.end()) return near;
  const auto c = static_cast<size_t>(place - chromosomes.begin());
  const auto& offsets = study.peaks.chromosome_offsets;
  for (auto peak = static_cast<int32_t>(offsets[c]); peak < offsets[c + 1]; ++peak) {
    const auto distance = distance_to_tss(study, gene, peak);
    if (distance && std::abs(*distance) <= kWindow) near.push_back(peak);
  }
  return near;
}

/// Two single peaks, a pair of which both and a pair of which any must be open.
std::vector<CisTerm> draw_terms(const std::vector<int32_t>& near, RandomStream& random) {
  std::vector<CisTerm> terms;
  for (int k = 0; k < 4; ++k) {
    CisTerm term;
    term.kind = k == 3 ? TermKind::kAny : TermKind::kAll;
    while (static_cast<int>(term.peaks.size()) < (k < 2 ? 1 : 2)) {
      const int32_t peak = near[random.below(static_cast<uint32_t>(near.size()))];
      if (std::find(term.peaks.begin(), term.peaks.end(), peak) == term.peaks.end()) {
        term.peaks.push_back(peak);
      }
    }
    std::sort(term.peaks.begin(), term.peaks.end());
    term.weight = 0.5 * random.normal();
    terms.push_back(std::move(term));
  }
  return terms;
}

/// Four terms of peaks around each gene, and rates around 3 counts per 100,000. Every `stride`-th
/// gene, the target among them.
CisPath draw_path(const Cells& cells, int32_t stride, uint64_t seed) {
  const Study& study = cells.study;
  CisPath path;
  path.peaks = study.peaks.size();
  path.study_genes = study.genes.size();
  path.types = static_cast<int32_t>(study.cells.type.names.size());
  path.donors = static_cast<int32_t>(study.cells.donor.names.size());
  path.batches = static_cast<int32_t>(study.cells.batch.names.size());
  path.latents = static_cast<int32_t>(cells.surrogate.shape().latent);
  for (int32_t id = cells.target % stride; id < study.genes.size(); id += stride) {
    const auto near = peaks_around(study, id);
    if (near.size() < 2) continue;
    RandomStream random(seed, Purpose::kBenchmark, static_cast<uint64_t>(id), 6);
    CisGene gene;
    gene.gene = id;
    gene.cis.passed = true;
    gene.terms = draw_terms(near, random);
    for (int64_t i = 0; i < path.state_size(); ++i) gene.state.push_back(0.1 * random.normal());
    gene.state[0] -= 10.4;
    path.genes.push_back(std::move(gene));
  }
  return path;
}

/// One search: a model, its objective, and where its coordinates stand.
struct Walk {
  Walk(const SurrogateModel& searched, const Bench& bench, double beta)
      : objective(make_search(searched, bench.cells.target, beta)),
        subset(draw_subset(searched, bench.sizes.set_size, bench.context.seed)),
        everywhere(begin(objective, subset)) {}

  /// Seconds of a step on a batch.
  double step(const std::vector<int32_t>& batch, size_t coordinate, const SearchOptions& options) {
    const auto timed = step_on_batch(objective, *everywhere, batch, subset, coordinate, options);
    const Feature choice = timed.step.candidates[timed.step.best];
    everywhere->apply(edit_of(subset, coordinate, choice));
    subset[coordinate] = choice;
    return timed.seconds();
  }

  Objective objective;
  std::vector<Feature> subset;
  std::unique_ptr<MaskState> everywhere;
};

/// After steps, the state and the values that it promises for swaps are those of states freshly
/// begun, to the last bit.
void check_walk(Walk& walk, const SearchOptions& options, const std::string& what,
                CheckList& list) {
  const auto fresh = begin(walk.objective, walk.subset);
  list.expect("outputs with a cis path after steps, " + what,
              difference(walk.everywhere->outputs(), fresh->outputs()), 0);
  const auto of_all = gains(walk.objective, *walk.everywhere);
  const double current = value(walk.objective, *walk.everywhere);
  const auto step =
      coordinate_step(walk.objective, {*walk.everywhere, current, walk.subset, 0}, of_all, options);
  std::vector<double> values;
  for (const Feature candidate : step.candidates) {
    auto swapped = walk.subset;
    swapped[0] = candidate;
    values.push_back(value(walk.objective, *begin(walk.objective, swapped)));
  }
  list.expect("values of candidates with a cis path, " + what,
              difference(std::span<const double>(step.values), std::span<const double>(values)), 0);
}

/// The median step with a path over that without, steps of both taken in turn.
void time_ratio(const Bench& bench, const CisPath& path, double beta, const std::string& name,
                const std::string& about) {
  const SurrogateModel plain = make_model(bench.cells, bench.context.pool);
  const auto with_path = StudySurrogate(bench.cells.surrogate, &path)
                             .model(bench.cells.study, bench.cells.cells, replace_by(path.peaks, 0),
                                    bench.context.pool);
  Walk without(plain, bench, beta), with(*with_path, bench, beta);
  const auto options = search_options(bench.sizes);
  std::vector<double> without_seconds, with_seconds;
  constexpr int64_t kWarm = 3;
  const Stopwatch watch;
  for (int64_t i = 0; i < kWarm + bench.sizes.timed_steps; ++i) {
    bench.context.check_cancelled();
    const auto batch =
        draw_batch(plain, bench.sizes.batch, bench.context.seed, static_cast<uint64_t>(i));
    const size_t coordinate = static_cast<size_t>(i) % without.subset.size();
    const double a = without.step(batch, coordinate, options);
    const double b = with.step(batch, coordinate, options);
    if (i < kWarm) continue;
    without_seconds.push_back(a);
    with_seconds.push_back(b);
  }
  const double ratio = median(with_seconds) / median(without_seconds);
  bench.figures.add({name,
                     ratio,
                     "×",
                     {},
                     fmt::format("{}: {:.2f} ÷ {:.2f} ms", about, 1e3 * median(with_seconds),
                                 1e3 * median(without_seconds))},
                    watch);
  CheckList list(bench.context.reporter);
  check_walk(with, options, about, list);
  list.raise();
}

}  // namespace

void time_cis(const Bench& bench) {
  const CisPath all = draw_path(bench.cells, 1, bench.context.seed);
  const CisPath half = draw_path(bench.cells, 2, bench.context.seed);
  time_ratio(bench, all, 0, "step_cis_ratio", "coordinate step with a cis path ÷ without, beta 0");
  time_ratio(bench, all, kBeta, "beta_step_cis_ratio", "the same at beta > 0");
  time_ratio(bench, half, kBeta, "beta_step_cis_half_ratio",
             "the same, every other gene on the cis path");
}

}  // namespace grids::core::bench
