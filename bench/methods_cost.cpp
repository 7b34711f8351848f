// methods_cost: what each explanation method costs, in model evaluations and seconds, and what its
// set does to the objective, on simulated cells and a random surrogate (cells.hpp). docs/methods.md
// quotes its figures. On random weights every peak says a little, so the objective reached tells
// how well a method copes with the size, not which regulation it finds.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "cells.hpp"
#include "measure_program.hpp"
#include "methods/explainer.hpp"
#include "methods/sage.hpp"
#include "search_problem.hpp"
#include "stopwatch.hpp"

namespace {

using namespace grids::core;
using namespace grids::core::bench;

struct CostSettings {
  std::string preset = "demo";
  int64_t cells = 700;
  int64_t set_size = 10;
  int64_t budget = 0;
  std::vector<std::string> methods = {"grids", "random",  "knockout", "saliency", "smoothgrad",
                                      "lime",  "lime-sp", "sage",     "cxplain",  "fimap"};
  Settings cells_kept;

  void describe(OptionSet& options) {
    options.value("--preset", preset, "Of the simulator: tiny, demo or paper");
    options.value("--cells", cells, "Most cells of a type");
    options.value("-L,--set-size", set_size, "Peaks of a set");
    options.value("--budget", budget, "Most model evaluations; 0 = no limit");
    options.list("--method", methods, explainer_names(), "Methods");
    cells_kept.work = "methods_cost";
    options.value("--work", cells_kept.work, "Folder for the simulated cells, kept for later runs");
  }
};

/// How far SAGE's values are from standing apart.
void tell_sage(Objective& objective, const ExplainerOptions& options, const Context& context) {
  const auto found = sage_values(objective, options.set_size, options.methods.get<SageOptions>(),
                                 options.stream, context);
  const auto [low, high] = std::minmax_element(found.values.begin(), found.values.end());
  double largest = 0;
  int64_t draws = 0, unjudged = 0;
  for (size_t j = 0; j < found.values.size(); ++j) {
    draws += found.draws[j];
    if (std::isfinite(found.errors[j])) {
      largest = std::max(largest, found.errors[j]);
    } else {
      ++unjudged;
    }
  }
  fmt::print(
      "\nsage: {} permutations, {:.1f} draws a peak, {} peaks drawn less than twice, largest "
      "standard error {:.2f} of the values' range, {}\n",
      found.permutations, static_cast<double>(draws) / static_cast<double>(found.values.size()),
      unjudged, largest / (*high - *low), found.converged ? "converged" : "not converged");
}

void measure(const CostSettings& settings, const Context& context) {
  Sizes sizes(settings.cells_kept);
  sizes.preset = settings.preset;
  sizes.cells = settings.cells;
  const Cells cells = make_cells(settings.cells_kept, sizes, context);
  const SurrogateModel model = make_model(cells, context.pool);
  const auto density =
      static_cast<double>(model.open().nonzeros()) / static_cast<double>(model.shape().cells);
  fmt::print("{} cells of {}, {} peaks ({:.0f} open a cell), L = {}, budget {}, {} threads\n\n",
             model.shape().cells, cells.type, model.shape().features, density, settings.set_size,
             settings.budget == 0 ? "none" : fmt::format("{}", settings.budget),
             context.pool.threads());
  fmt::print("| method | evaluations | s | rate left, % | budget |\n|---|---|---|---|---|\n");
  ExplainerOptions options;
  options.set_size = settings.set_size;
  Objective objective = make_search(model, cells.target, 0);
  if (settings.budget > 0) objective.budget = settings.budget;
  for (const auto& name : settings.methods) {
    const Explainer& method = find_explainer(name);
    objective.evaluations = 0;
    const Stopwatch watch;
    const auto found = method.explain(objective, options, context);
    const double seconds = watch.seconds();
    const auto complaint = watch.complaint();
    if (!complaint.empty()) context.reporter.warning(fmt::format("{}: {}", name, complaint));
    // The objective `rate` is the squared ratio of mean rates.
    fmt::print("| {} | {} | {:.2f} | {:.2f} | {} |\n", name, found.evaluations, seconds,
               100 * std::sqrt(found.objective), found.budget_spent ? "spent" : "");
    std::fflush(stdout);
  }
  if (std::find(settings.methods.begin(), settings.methods.end(), "sage") !=
      settings.methods.end()) {
    objective.evaluations = 0;
    tell_sage(objective, options, context);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return run_measuring<CostSettings>(
      {"methods_cost", "What the explanation methods cost.", ""},
      "Measure what the explanation methods cost",
      "  methods_cost --preset demo\n  methods_cost --preset paper --budget 1000000", measure, argc,
      argv);
}
