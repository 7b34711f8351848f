#include "checks.hpp"
#include "stopwatch.hpp"
#include "timings.hpp"

namespace grids::core::bench {
namespace {

/// Of many steps: medians of the times, the mean of the rows.
struct StepTime {
  double seconds = 0;
  double state = 0, gains = 0, candidates = 0;  ///< as in TimedStep
  double rows = 0;                              ///< of the tail
};

/// Steps on fresh batches, one member after the other.
StepTime time_fast_steps(const Bench& bench, const SurrogateModel& model, double beta) {
  const Objective objective = make_search(model, bench.cells.target, beta);
  const auto options = search_options(bench.sizes);
  auto subset = draw_subset(model, bench.sizes.set_size, bench.context.seed);
  const auto everywhere = begin(objective, subset);
  std::vector<double> seconds, state, gains, candidates;
  double rows = 0;
  constexpr int64_t kWarm = 3;
  for (int64_t i = 0; i < kWarm + bench.sizes.timed_steps; ++i) {
    const auto batch =
        draw_batch(model, bench.sizes.batch, bench.context.seed, static_cast<uint64_t>(i));
    const size_t coordinate = static_cast<size_t>(i) % subset.size();
    const auto timed = step_on_batch(objective, *everywhere, batch, subset, coordinate, options);
    if (i >= kWarm) {
      seconds.push_back(timed.seconds());
      state.push_back(timed.state);
      gains.push_back(timed.gains);
      candidates.push_back(timed.candidates);
      rows += static_cast<double>(rows_of_step(model, batch, timed.step.candidates));
    }
    const Feature choice = timed.step.candidates[timed.step.best];
    everywhere->apply(edit_of(subset, coordinate, choice));
    subset[coordinate] = choice;
  }
  return {median(seconds), median(state), median(gains), median(candidates),
          rows / static_cast<double>(bench.sizes.timed_steps)};
}

double floor_ms(const Bench& bench, double rows, int64_t genes) {
  return 1e3 * rows * tail_flops(bench.cells.file.shape, genes) / bench.machine.flops;
}

/// Seconds of a step of the dense formulation at beta 0.
double time_dense_steps(const Bench& bench, const SurrogateModel& model,
                        const DenseOptions& options, const std::string& name,
                        const std::string& what) {
  const DenseFormulation dense(bench.cells.file, bench.cells.study.open, options,
                               bench.context.pool);
  const auto subset = draw_subset(model, bench.sizes.set_size, bench.context.seed);
  const Stopwatch watch;
  std::vector<double> seconds;
  for (int64_t i = 0; i < bench.settings.dense_repeats; ++i) {
    bench.context.check_cancelled();
    const auto batch =
        draw_batch(model, bench.sizes.batch, bench.context.seed, static_cast<uint64_t>(i));
    const auto problem = dense.problem(study_cells(bench.cells, batch), bench.cells.target, 0);
    const Stopwatch one;
    dense.coordinate_step(problem, subset, static_cast<size_t>(i) % subset.size(),
                          bench.sizes.candidates);
    seconds.push_back(one.seconds());
  }
  const double result = median(seconds);
  bench.figures.add({name, result, "s", {}, "the same, dense formulation " + what}, watch);
  return result;
}

void time_search(const Bench& bench, const SurrogateModel& model, const std::string& name,
                 SearchOptions options, SearchRule rule) {
  options.rule = rule;
  Objective objective = make_search(model, bench.cells.target, 0);
  const Stopwatch watch;
  const auto found = coordinate_descent(objective, options, bench.context);
  bench.figures.add(
      {name,
       watch.seconds(),
       "s",
       {},
       fmt::format("{} steps of at most {}, L {}, batch {}, rule {}", found.steps,
                   options.max_steps, options.set_size, options.batch_size,
                   rule == SearchRule::kPublished ? "published" : "monotone (default)")},
      watch);
}

}  // namespace

void time_steps(const Bench& bench) {
  const SurrogateModel model = make_model(bench.cells, bench.context.pool);
  const Stopwatch watch;
  const StepTime fast = time_fast_steps(bench, model, 0);
  const auto about =
      fmt::format("coordinate step, beta 0, batch {}, k {}, median of {}", bench.sizes.batch,
                  bench.sizes.candidates, bench.sizes.timed_steps);
  bench.figures.add({"step_ms", 1e3 * fast.seconds, "ms", floor_ms(bench, fast.rows, 1), about},
                    watch);
  bench.figures.add({"step_rows",
                     fast.rows,
                     "",
                     {},
                     "(candidate, cell) pairs that a swap touches, of " +
                         std::to_string(bench.sizes.batch * bench.sizes.candidates)});
  bench.figures.add({"step_state_ms", 1e3 * fast.state, "ms", {}, "of it: the batch's state"});
  bench.figures.add({"step_gains_ms", 1e3 * fast.gains, "ms", {}, "of it: d_j of all peaks"});
  bench.figures.add({"step_candidates_ms",
                     1e3 * fast.candidates,
                     "ms",
                     {},
                     "of it: the k best and their exact values"});
  const Stopwatch beta_watch;
  const StepTime beta = time_fast_steps(bench, model, kBeta);
  bench.figures.add({"beta_step_ms", 1e3 * beta.seconds, "ms",
                     floor_ms(bench, beta.rows, bench.cells.file.shape.genes),
                     "the same at beta > 0: every gene"},
                    beta_watch);

  const auto closed = model.replacements();
  const double plain =
      time_dense_steps(bench, model, {.replacement = {closed.begin(), closed.end()}},
                       "dense_step_s", "in plain LibTorch");
  const double leanest = time_dense_steps(bench, model, {.products = Products::kOurs},
                                          "dense_step_leanest_s", "at its leanest");
  const auto ratio = [&](const char* name, double dense_seconds, double fast_seconds,
                         const char* what) {
    bench.figures.add({name, dense_seconds / fast_seconds, "×", {}, what});
  };
  ratio("step_ratio", plain, fast.seconds, "dense ÷ fast, beta 0");
  ratio("step_ratio_leanest", leanest, fast.seconds, "dense at its leanest ÷ fast, beta 0");
  ratio("beta_step_ratio", plain, beta.seconds, "dense ÷ fast, beta > 0");
}

void time_searches(const Bench& bench) {
  const SurrogateModel model = make_model(bench.cells, bench.context.pool);
  SearchOptions options = search_options(bench.sizes);
  options.batch_size = bench.sizes.batch;
  options.max_steps = bench.sizes.search_steps;
  // The published rule makes every step, however soon nothing improves.
  time_search(bench, model, "search_l10_s", options, SearchRule::kPublished);
  time_search(bench, model, "search_l10_default_s", options, SearchRule::kMonotone);
  options = search_options(bench.sizes);
  options.set_size = bench.sizes.long_set_size;
  options.max_steps = 1000 * options.set_size;  // the local optimum comes long before
  Objective objective = make_search(model, bench.cells.target, 0);
  const Stopwatch watch;
  const auto found = coordinate_descent(objective, options, bench.context);
  const double seconds = watch.seconds();
  bench.figures.add(
      {"search_l128_s",
       seconds,
       "s",
       {},
       fmt::format("L {} on {} cells: {} after {} steps", options.set_size, model.shape().cells,
                   found.local_optimum ? "local optimum" : "NO local optimum", found.steps)},
      watch);
  bench.figures.add({"search_l128_steps", static_cast<double>(found.steps), "", {}, "its steps"});
  bench.figures.add({"search_l128_value",
                     found.value,
                     "",
                     {},
                     "its objective: (mean predicted rate after ÷ before)²"});
}

}  // namespace grids::core::bench
