#include "checks.hpp"

#include <algorithm>
#include <cmath>

#include "fast_training.hpp"

namespace grids::core::bench {

void check_search(const CheckBench& bench) {
  const auto [seed, batch_size] = std::pair(bench.context.seed, bench.sizes.batch);
  const auto cells = all_cells(bench.model);
  const auto genes = all_genes(bench.model);
  const auto expected = bench.dense.predict(bench.cells.cells, {});
  bench.list.expect("predictions of all cells and genes, share of the largest",
                    relative_difference(bench.model.begin({}, cells, genes)->outputs(),
                                        std::span<const float>(expected)));

  const auto batch = draw_batch(bench.model, batch_size, seed, 0);
  const auto many = draw_subset(bench.model, bench.sizes.long_set_size, seed);
  const auto masked = bench.dense.predict(study_cells(bench.cells, batch), many);
  bench.list.expect(fmt::format("predictions with {} peaks masked", many.size()),
                    relative_difference(bench.model.begin(many, batch, genes)->outputs(),
                                        std::span<const float>(masked)));

  const auto subset = draw_subset(bench.model, bench.sizes.set_size, seed);
  const size_t coordinate = subset.size() / 2;
  for (const double beta : {0.0, kBeta}) {
    const Objective objective = make_search(bench.model, bench.cells.target, beta);
    Objective part = objective.on(batch);
    const auto fast_gains = gains(part, *begin(part, subset));
    const auto fast = step_on_batch(objective, *begin(objective, subset), batch, subset, coordinate,
                                    search_options(bench.sizes))
                          .step;
    const auto problem =
        bench.dense.problem(study_cells(bench.cells, batch), bench.cells.target, beta);
    const auto dense_gains = bench.dense.gains(problem, subset);
    const auto dense_values = bench.dense.values(problem, subset, coordinate, fast.candidates);
    bench.list.expect(fmt::format("d_j of all peaks at beta {}, share of the largest", beta),
                      relative_difference(std::span<const double>(fast_gains),
                                          std::span<const double>(dense_gains)));
    bench.list.expect(fmt::format("values of {} candidates at beta {}, share of the largest",
                                  fast.candidates.size(), beta),
                      relative_difference(std::span<const double>(fast.values),
                                          std::span<const double>(dense_values)));
  }
}

void check_replacement(const CheckBench& bench) {
  const SurrogateModel model = make_model(bench.cells, bench.context.pool, Replaced::kMean);
  const auto p = model.replacements();
  const DenseFormulation dense(bench.cells.file, bench.cells.study.open,
                               {.replacement = {p.begin(), p.end()}}, bench.context.pool);
  const auto batch = draw_batch(model, bench.sizes.batch, bench.context.seed, 0);
  const auto subset = draw_subset(model, bench.sizes.set_size, bench.context.seed);
  const Objective objective = make_search(model, bench.cells.target, 0);
  Objective part = objective.on(batch);
  const auto state = begin(part, subset);
  const auto fast_gains = gains(part, *state);
  const auto fast = step_on_batch(objective, *begin(objective, subset), batch, subset, 0,
                                  search_options(bench.sizes))
                        .step;
  const auto problem = dense.problem(study_cells(bench.cells, batch), bench.cells.target, 0);
  const auto dense_gains = dense.gains(problem, subset);
  const auto dense_values = dense.values(problem, subset, 0, fast.candidates);
  bench.list.expect("d_j of all peaks, replaced by their means, share of the largest",
                    relative_difference(std::span<const double>(fast_gains),
                                        std::span<const double>(dense_gains)));
  bench.list.expect("values of candidates, replaced by their means, share of the largest",
                    relative_difference(std::span<const double>(fast.values),
                                        std::span<const double>(dense_values)));
}

void check_training(const CheckBench& bench) {
  const auto batch = training_batch(bench.cells, bench.sizes, bench.context.seed);
  const auto fast =
      fast_training_gradients(bench.cells.study, bench.cells.file, batch, bench.context);
  const auto dense = bench.dense.training_gradients(batch, fast.closed);
  bench.list.expect("loss of an ATAC training step, relative",
                    std::abs(fast.loss - dense.loss) / std::abs(dense.loss));
  const bool same_names = std::equal(
      fast.gradients.begin(), fast.gradients.end(), dense.gradients.begin(), dense.gradients.end(),
      [](const auto& a, const auto& b) { return a.first == b.first; });
  bench.list.expect("the same parameters have gradients", same_names);
  if (!same_names) return;
  double scale = 0, worst = 0;
  for (const auto& [name, gradient] : dense.gradients) {
    scale = std::max(scale, largest(floats(gradient)));
    worst = std::max(worst, difference(floats(fast.gradients.at(name)), floats(gradient)));
  }
  bench.list.expect(
      fmt::format("gradients of {} parameters, share of the largest entry", dense.gradients.size()),
      worst / scale);
}

std::vector<int32_t> study_cells(const Cells& cells, std::span<const int32_t> positions) {
  std::vector<int32_t> result;
  for (const int32_t position : positions) {
    result.push_back(cells.cells[static_cast<size_t>(position)]);
  }
  return result;
}

std::vector<int32_t> training_batch(const Cells& cells, const Sizes& sizes, uint64_t seed) {
  auto training = cells.study.cells_of(Split::kTrain);
  RandomStream(seed, Purpose::kBenchmark, 0, 3).shuffle(std::span(training));
  training.resize(std::min(training.size(), static_cast<size_t>(sizes.training_batch)));
  return training;
}

void run_checks(const Cells& cells, const Sizes& sizes, const Context& context, Figures& figures) {
  const SurrogateModel model = make_model(cells, context.pool);
  const DenseFormulation dense(cells.file, cells.study.open, {}, context.pool);
  CheckList list(context.reporter);
  const CheckBench bench{cells, sizes, context, model, dense, list, figures};
  for (const auto check :
       {check_search, check_replacement, check_training, check_knockout, check_threads}) {
    context.check_cancelled();
    check(bench);
  }
  list.raise();
}

}  // namespace grids::core::bench
