// paper_scale: the fast engine at the size of the paper's experiment, first checked against the
// dense formulation, then timed beside it. docs/performance.md explains the figures.
#include <fmt/core.h>

#include <cstdio>

#include "checks.hpp"
#include "io/atomic_file.hpp"
#include "measure_program.hpp"
#include "stopwatch.hpp"
#include "timings.hpp"

namespace {

using namespace grids::core;
using namespace grids::core::bench;

/// A part of the run and what makes it; the checks come before all of them.
struct Timing {
  Part part;
  void (*run)(const Bench&);
};

constexpr Timing kTimings[] = {
    {Part::kStep, time_steps},        {Part::kCis, time_cis},
    {Part::kSearch, time_searches},   {Part::kTraining, time_training},
    {Part::kKnockout, time_knockout}, {Part::kGrowth, time_growth},
    {Part::kMemory, measure_memory},  {Part::kSchedule, time_schedule},
};

void warn_of_load(Reporter& reporter) {
  const double load = load_average();
  if (load > 0.5) {
    reporter.warning(fmt::format("load average {:.1f} before anything was measured", load));
  }
}

void measure(const Settings& settings, const Context& context) {
  if (!settings.json.empty()) require_writable(settings.json, {});
  warn_of_load(context.reporter);
  const Sizes sizes(settings);
  const Cells cells = make_cells(settings, sizes, context);
  context.reporter.info(fmt::format(
      "{} cells × {} peaks × {} genes with random weights; {} cells of {}, target {}",
      cells.study.cells.size(), cells.study.peaks.size(), cells.study.genes.size(),
      cells.cells.size(), cells.type, cells.study.genes.names[static_cast<size_t>(cells.target)]));
  Figures figures(context.reporter);
  if (settings.runs(Part::kChecks)) {
    run_checks(cells, sizes, context, figures);
  } else {
    context.reporter.warning("nothing was checked in this run (--only)");
  }
  const Machine machine = measure_machine(context.pool);
  figures.add({"gemm_gflops", machine.flops / 1e9, "GFLOP/s", {}, "our GEMM, large matrices"});
  figures.add({"bandwidth_gbs", machine.bandwidth / 1e9, "GB/s", {}, "a·x + y beyond the caches"});
  const Bench bench{cells, settings, sizes, machine, context, figures};
  for (const Timing& timing : kTimings) {
    context.check_cancelled();
    if (settings.runs(timing.part)) timing.run(bench);
  }
  figures.remark("machine", fmt::format("{}, {} threads", machine.processor, machine.threads));
  figures.remark("version", GRIDS_VERSION);
  figures.remark("seed", std::to_string(context.seed));
  fmt::print("{}", figures.table());
  if (!settings.json.empty()) figures.write_json(settings.json);
}

}  // namespace

int main(int argc, char** argv) {
  return run_measuring<Settings>(
      {"paper_scale", "The fast engine at the size of the paper's experiment.", ""},
      "Check and time the fast engine at the paper's size",
      "  paper_scale --json figures.json\n  paper_scale --only checks,step", measure, argc, argv);
}
