#include "search_problem.hpp"

#include <algorithm>
#include <numeric>

#include "stopwatch.hpp"

namespace grids::core::bench {
namespace {

std::vector<int32_t> up_to(int32_t count) {
  std::vector<int32_t> result(static_cast<size_t>(count));
  std::iota(result.begin(), result.end(), 0);
  return result;
}

}  // namespace

SurrogateModel make_model(const Cells& cells, ThreadPool& pool, Replaced replaced) {
  CsrPattern open = select_rows(cells.study.open, cells.cells);
  auto values = replaced == Replaced::kMean ? replace_by_mean(open) : replace_by(open.columns, 0);
  return {cells.surrogate, std::move(open), std::move(values), pool};
}

Objective make_search(const SurrogateModel& model, int32_t target, double beta) {
  ObjectiveInput input;
  input.cells = all_cells(model);
  input.target = target;
  LossOptions options;
  options.beta = beta;
  return make_objective(model, input, options);
}

SearchOptions search_options(const Sizes& sizes) {
  SearchOptions options;
  options.set_size = sizes.set_size;
  options.candidates = sizes.candidates;
  return options;
}

std::vector<int32_t> all_cells(const SurrogateModel& model) {
  return up_to(model.shape().cells);
}

std::vector<int32_t> all_genes(const SurrogateModel& model) {
  return up_to(model.shape().outputs);
}

std::vector<int32_t> draw_batch(const SurrogateModel& model, int64_t count, uint64_t seed,
                                uint64_t number) {
  auto cells = all_cells(model);
  RandomStream random(seed, Purpose::kBenchmark, number, 1);
  random.shuffle(std::span(cells));
  cells.resize(std::min(cells.size(), static_cast<size_t>(count)));
  std::sort(cells.begin(), cells.end());
  return cells;
}

std::vector<Feature> draw_subset(const SurrogateModel& model, int64_t count, uint64_t seed) {
  return random_subset(up_to(model.shape().features), count,
                       RandomStream(seed, Purpose::kBenchmark, 0, 2));
}

TimedStep step_on_batch(const Objective& objective, const MaskState& everywhere,
                        const std::vector<int32_t>& batch, const std::vector<Feature>& subset,
                        size_t coordinate, const SearchOptions& options) {
  TimedStep timed;
  Stopwatch watch;
  Objective part = objective.on(batch);
  const auto state = everywhere.on(batch);
  const double current = value(part, *state);
  timed.state = watch.lap();
  const auto of_all = gains(part, *state);
  timed.gains = watch.lap();
  timed.step = coordinate_step(part, {*state, current, subset, coordinate}, of_all, options);
  timed.candidates = watch.lap();
  return timed;
}

int64_t rows_of_step(const SurrogateModel& model, const std::vector<int32_t>& batch,
                     const std::vector<Feature>& candidates) {
  int64_t rows = 0;
  for (const Feature peak : candidates) {
    const auto open = model.cells_of_peaks().row(peak);
    for (const int32_t cell : batch) {
      rows += std::binary_search(open.begin(), open.end(), cell) ? 1 : 0;
    }
  }
  return rows;
}

}  // namespace grids::core::bench
