// false_positives: how often the held-out contrast calls sets that regulate nothing, where batches,
// cell state, doublets or ambient RNA make peaks and genes go together. docs/surrogate.md shows the
// table.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "cis_bars/world.hpp"
#include "evaluate/verdict.hpp"
#include "false_positives/null_sets.hpp"
#include "false_positives/scenarios.hpp"
#include "math/statistics.hpp"
#include "measure_program.hpp"

namespace {

using namespace grids::core;
using namespace grids::core::bench;

constexpr double kLevel = 0.05;
constexpr double kSmallQ = 0.1;

struct Settings {
  int64_t cells = 3000;
  int64_t genes = 180;
  NullSetOptions sets;
  int64_t latents = WorldOptions{}.latents;
  std::vector<int64_t> seeds = {1, 2, 3};
  std::vector<std::string> only;
  bool small = false;
  std::filesystem::path run;

  void describe(OptionSet& options) {
    options.value("--cells", cells, "Simulated cells, but for scenarios of few", at_least(300));
    options.value("--genes", genes, "Simulated genes, none of them regulated", at_least(10));
    options.value("-L,--set-size", sets.set_size,
                  "Peaks that the search looks for; 0: it does not run", at_least(0));
    options.value("--latents", latents, "Principal components that stand for the state",
                  at_least(1));
    options.value("--components", sets.contrast.components,
                  "Further components that stand for the state in contrasts", at_least(0));
    options.list("--seeds", seeds, "A simulation for each; sets are pooled", at_least(0));
    std::vector<std::string> names;
    for (const auto& scenario : scenarios()) names.push_back(scenario.name);
    options.list("--only", only, names, "Scenarios to run; without it all");
    options.value("--run", run,
                  "Folder of a grids run on simulated cells without regulation: judges null sets "
                  "there, instead of scenarios");
    options.flag("--small", small, "Few cells and genes: whether everything works, in seconds");
  }

  /// No gate is asked.
  CisOptions fitting() const {
    CisOptions result;
    result.gate_folds = 0;
    return result;
  }

  SimulateOptions simulation(const Scenario& scenario) const {
    SimulateOptions result = simulate_preset("demo");
    result.cells = cells;
    result.genes = small ? 36 : genes;
    scenario.plant(result);
    if (small) {
      result.cells = 600;
      result.peaks = 3000;
    }
    set_regulated_genes(result, 0);
    return result;
  }
};

/// What one sort of null sets shows over all seeds.
struct Tally {
  std::string about;
  std::vector<double> p;
  int64_t called = 0;
  int64_t small_q = 0;

  /// The sets of one run: their q values are among themselves.
  void add(const std::vector<Contrast>& contrasts) {
    std::vector<double> own;
    for (const auto& contrast : contrasts) {
      if (!std::isnan(contrast.p)) own.push_back(contrast.p);
    }
    const auto q = benjamini_hochberg(own);
    called += std::count_if(own.begin(), own.end(), [](double x) { return x <= kLevel; });
    small_q += std::count_if(q.begin(), q.end(), [](double x) { return x < kSmallQ; });
    p.insert(p.end(), own.begin(), own.end());
  }

  double rate() const { return static_cast<double>(called) / static_cast<double>(p.size()); }
};

/// Wilson's interval of a share, 95 %.
std::pair<double, double> interval_of(double share, double n) {
  const double z = normal_upper_quantile(0.025);
  const double middle = (share + z * z / (2 * n)) / (1 + z * z / n);
  const double reach =
      z * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n);
  return {middle - reach, middle + reach};
}

std::string bar_of(const Scenario& scenario, double rate) {
  if (scenario.low == 0 && scenario.high == 1) return " |";
  const bool met = rate >= scenario.low && rate <= scenario.high;
  return fmt::format("{}–{} | {}", scenario.low, scenario.high, met ? "met" : "**missed**");
}

void print_rows(const Scenario& scenario, const std::vector<Tally>& tallies) {
  for (const auto& tally : tallies) {
    const auto [low, high] = interval_of(tally.rate(), static_cast<double>(tally.p.size()));
    fmt::print("| {} | {} | {} | {:.3f} | {:.3f}–{:.3f} | {:.2g} | {} | {} |\n", scenario.about,
               tally.about, tally.p.size(), tally.rate(), low, high, test_uniform(tally.p).p,
               tally.small_q, bar_of(scenario, tally.rate()));
  }
  std::fflush(stdout);
}

/// Sorts of null sets, in one order in every run.
void add_run(std::vector<Tally>& tallies, const std::vector<NullSets>& sorts) {
  tallies.resize(sorts.size());
  for (size_t i = 0; i < sorts.size(); ++i) {
    tallies[i].about = sorts[i].about;
    tallies[i].add(sorts[i].contrasts);
  }
}

void measure_scenario(const Settings& settings, const Scenario& scenario, const Context& context) {
  std::vector<Tally> tallies;
  for (const int64_t seed : settings.seeds) {
    const Context own{static_cast<uint64_t>(seed), context.pool, context.reporter,
                      context.cancelled};
    context.reporter.info(fmt::format("{}, seed {}", scenario.about, seed));
    World world =
        make_world(settings.simulation(scenario), own, {scenario.donor_column, settings.latents});
    fit_world(world, settings.fitting(), own);
    add_run(tallies, null_sets(world.study, world.surrogate(), settings.sets, own));
  }
  print_rows(scenario, tallies);
}

/// With the surrogate that was trained, and its cis path as its gates leave it.
void measure_run(const Settings& settings, const Context& context) {
  const Study study = read_study(settings.run / "study.h5mu");
  const SurrogateFile file = read_surrogate(settings.run / "surrogate-cis.safetensors");
  const auto cis = cis_path_of(file);
  if (!cis) {
    throw input_error("{}: its surrogate has no cis path; give a run of grids that fitted one",
                      settings.run.string());
  }
  const FoldedSurrogate folded(file);
  std::vector<Tally> tallies;
  add_run(tallies, null_sets(study, {folded, &*cis}, settings.sets, context));
  print_rows({"as run", settings.run.filename().string(), nullptr}, tallies);
}

void measure(const Settings& settings, const Context& context) {
  fmt::print(
      "| scenario | null sets | n | called at 0.05 | 95 % | KS p | q < 0.1 | bar | |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
  if (!settings.run.empty()) return measure_run(settings, context);
  for (const auto& scenario : scenarios()) {
    const auto& only = settings.only;
    if (!only.empty() && std::find(only.begin(), only.end(), scenario.name) == only.end()) continue;
    measure_scenario(settings, scenario, context);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return run_measuring<Settings>(
      {"false_positives", "How often null sets are called on simulated cells.", ""},
      "Measure how often the contrast calls null sets",
      "  false_positives --only given-12,hidden-12 --seeds 1", measure, argc, argv);
}
