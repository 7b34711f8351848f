// cis_bars: how much of planted regulation the cis path predicts, a search on it finds, and the
// held-out contrast confirms; each figure beside its bar. docs/surrogate.md explains the figures.
#include <fmt/core.h>
#include <sys/resource.h>

#include <cstdio>

#include "cis_bars/parts.hpp"
#include "io/atomic_file.hpp"
#include "measure_program.hpp"
#include "stopwatch.hpp"

namespace {

using namespace grids::core;
using namespace grids::core::bench;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// What the bar on the fit's time speaks of.
constexpr double kBarGenes = 3000;
constexpr double kBarCells = 7000;
constexpr double kBarMinutes = 10;

/// Fits, and tells the time: measured, and in proportion for the size of the bar.
void timed_fit(World& world, const CisOptions& options, const Context& context, Results& results) {
  const Stopwatch watch;
  const double cpu = cpu_seconds();
  fit_world(world, options, context);
  const double seconds = watch.seconds();
  const auto complaint = watch.complaint();
  if (!complaint.empty()) context.reporter.warning("busy machine while fitting: " + complaint);
  const auto genes = static_cast<double>(world.fit.path.genes.size());
  const auto cells = static_cast<double>(world.study.cells_of(Split::kTrain).size() +
                                         world.study.cells_of(Split::kValidation).size());
  results.add({"fit_genes", "genes fitted", {}, {}}, {genes});
  results.add({"fit_cells", "training and validation cells", {}, {}}, {cells});
  results.add({"fit_capture", "capture that terms were chosen with", {}, {}},
              {world.fit.capture.capture});
  results.add({"fit_seconds", "fit, s", {}, {}}, {seconds});
  results.add({"fit_cpu_seconds", "fit, s of all cores", {}, {}}, {cpu_seconds() - cpu});
  results.add({"fit_rate", "genes × cells a second", {}, {}}, {genes * cells / seconds});
  const bool real = genes >= kBarGenes && cells >= kBarCells;
  const double minutes =
      real ? seconds / 60 : seconds / 60 * kBarGenes * kBarCells / (genes * cells);
  results.add({"fit_minutes",
               real ? "fit, min" : "3,000 genes × 7,000 cells, min (in proportion)",
               {},
               {{}, kBarMinutes}},
              {minutes});
}

void measure(const BarsSettings& settings, const Context& context) {
  if (!settings.json.empty()) require_writable(settings.json, {});
  const auto seeds = settings.seed_numbers();
  Results results(seeds);
  for (size_t s = 0; s < seeds.size(); ++s) {
    const Context own{seeds[s], context.pool, context.reporter, context.cancelled};
    results.begin_seed(s);
    context.reporter.info(fmt::format("seed {}", seeds[s]));
    World world = make_world(settings.simulation(), own);
    timed_fit(world, settings.fitting(), own, results);
    const BarsBench bench{world, settings, own, results};
    if (settings.runs(BarsPart::kFit)) measure_prediction(bench);
    std::vector<SetScore> end_to_end;
    FoundSets found;
    if (settings.runs(BarsPart::kSearch)) {
      end_to_end = measure_end_to_end(bench);
      found = measure_search(bench);
    }
    if (settings.runs(BarsPart::kPeers)) {
      measure_lasso(bench, end_to_end, found.scores);
      measure_oracle(bench);
    }
    if (settings.runs(BarsPart::kContrast)) measure_contrasts(bench, found.explained);
    if (settings.runs(BarsPart::kMethods)) measure_methods(bench);
  }
  const auto simulation = settings.simulation();
  const auto what =
      fmt::format("{} cells, {} genes, capture {}, {} donors, preset {}, latent openness {}",
                  simulation.cells, simulation.genes, simulation.capture, simulation.donors,
                  settings.preset, settings.latent_openness);
  fmt::print("{}; {} threads\n\n{}", what, context.pool.threads(), results.table());
  if (!settings.json.empty()) {
    results.write_json(settings.json, {{"simulation", what}, {"version", GRIDS_VERSION}});
  }
  // Times aside, figures are shares, correlations and slopes.
  if (settings.small) results.require_sane(1e7);
}

}  // namespace

int main(int argc, char** argv) {
  return run_measuring<BarsSettings>(
      {"cis_bars", "What the cis path shows on simulated cells with planted regulation.", ""},
      "Measure the cis path on simulated cells, beside its bars",
      "  cis_bars --capture 0.5 --json figures.json\n"
      "  cis_bars --preset paper --cells 10266 --genes 3000 --seeds 1 --only fit",
      measure, argc, argv);
}
