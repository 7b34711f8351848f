#include "search_problem.hpp"

#include <algorithm>
#include <numeric>

namespace grids::bench {

SurrogateModel make_model(const Cells& cells, ThreadPool& pool) {
  CsrPattern open = select_rows(cells.study.open, cells.cells);
  const int64_t peaks = open.columns;
  return {cells.surrogate, std::move(open), replace_by(peaks, 0), pool};
}

Objective make_search(const SurrogateModel& model, int32_t target, double beta) {
  ObjectiveInput input;
  input.cells.resize(static_cast<size_t>(model.shape().cells));
  std::iota(input.cells.begin(), input.cells.end(), 0);
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

std::vector<int32_t> draw_batch(const SurrogateModel& model, int64_t count, uint64_t seed,
                                uint64_t number) {
  std::vector<int32_t> cells(static_cast<size_t>(model.shape().cells));
  std::iota(cells.begin(), cells.end(), 0);
  RandomStream random(seed, Purpose::kBenchmark, number, 1);
  random.shuffle(std::span(cells));
  cells.resize(std::min(cells.size(), static_cast<size_t>(count)));
  std::sort(cells.begin(), cells.end());
  return cells;
}

std::vector<Feature> draw_subset(const SurrogateModel& model, int64_t count, uint64_t seed) {
  std::vector<Feature> all(static_cast<size_t>(model.shape().features));
  std::iota(all.begin(), all.end(), 0);
  return random_subset(all, count, RandomStream(seed, Purpose::kBenchmark, 0, 2));
}

CoordinateStep step_on_batch(const Objective& objective, const MaskState& everywhere,
                             const std::vector<int32_t>& batch, const std::vector<Feature>& subset,
                             size_t coordinate, const SearchOptions& options) {
  Objective part = objective.on(batch);
  const auto state = everywhere.on(batch);
  const double current = value(part, *state);
  return coordinate_step(part, *state, current, gains(part, *state), subset, coordinate, options);
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

}  // namespace grids::bench
