#include <optional>

#include "base/random.hpp"
#include "dense_formulation.hpp"
#include "fast_training.hpp"
#include "stopwatch.hpp"
#include "timings.hpp"

namespace grids::core::bench {
namespace {

constexpr int64_t kWarmSteps = 3;
constexpr int64_t kPublishedBatch = 128;

/// What a step of a published stage takes at least, ms: Adam's bytes for the ATAC autoencoder, the
/// products for the RNA autoencoder; nothing for the alignment, whose work is of many kinds.
std::optional<double> step_floor_ms(const Bench& bench, const std::string& stage) {
  const auto& shape = bench.cells.file.shape;
  if (stage == "atac") return 1e3 * atac_adam_bytes(shape) / bench.machine.bandwidth;
  if (stage == "rna") return 1e3 * rna_step_flops(shape, kPublishedBatch) / bench.machine.flops;
  return std::nullopt;
}

/// Seconds of an ATAC training step of the dense formulation.
double time_dense_training(const Bench& bench, Products products, const std::string& name,
                           const std::string& what) {
  DenseFormulation dense(bench.cells.file, bench.cells.study.open, {.products = products},
                         bench.context.pool);
  auto batch = bench.cells.study.cells_of(Split::kTrain);
  RandomStream(bench.context.seed, Purpose::kBenchmark, 0, 5).shuffle(std::span(batch));
  batch.resize(std::min<size_t>(batch.size(), kPublishedBatch));
  uint64_t seed = bench.context.seed;
  const Stopwatch watch;
  const double seconds = median(time_each(bench.settings.dense_repeats, [&] {
    bench.context.check_cancelled();
    dense.training_step(batch, seed++);
  }));
  bench.figures.add({name, seconds, "s", {}, "the same, dense formulation " + what}, watch);
  return seconds;
}

}  // namespace

void time_training(const Bench& bench) {
  double fast_seconds = 0;
  {
    PublishedStages stages(bench.cells.study, bench.context);
    stages.begin(0);
    int64_t step = 0;
    for (; step < kWarmSteps; ++step) stages.step(0, step);
    const Stopwatch watch;
    fast_seconds = median(
        time_each(std::min<int64_t>(60, bench.settings.steps), [&] { stages.step(0, step++); }));
    bench.figures.add(
        {"train_ms", 1e3 * fast_seconds, "ms", step_floor_ms(bench, "atac"),
         "ATAC training step, batch 128: batch, loss, gradients, Adam (floor: Adam's bytes)"},
        watch);
  }
  const double plain =
      time_dense_training(bench, Products::kTorch, "dense_train_s", "in plain LibTorch");
  const double leanest =
      time_dense_training(bench, Products::kOurs, "dense_train_leanest_s", "at its leanest");
  bench.figures.add({"train_ratio", plain / fast_seconds, "×", {}, "dense ÷ fast"});
  bench.figures.add(
      {"train_ratio_leanest", leanest / fast_seconds, "×", {}, "dense at its leanest ÷ fast"});
}

void time_schedule(const Bench& bench) {
  PublishedStages stages(bench.cells.study, bench.context);
  double hours = 0;
  for (int64_t stage = 0; stage < PublishedStages::kCount; ++stage) {
    stages.begin(stage);
    int64_t step = 0;
    for (; step < kWarmSteps; ++step) stages.step(stage, step);
    const Stopwatch stage_watch;
    for (int64_t i = 0; i < bench.settings.steps; ++i) {
      bench.context.check_cancelled();
      stages.step(stage, step++);
    }
    // The mean: discriminators learn at every fifth step only.
    const double seconds = stage_watch.seconds() / static_cast<double>(bench.settings.steps);
    hours += seconds * static_cast<double>(stages.published_steps(stage)) / 3600;
    bench.figures.add(
        {fmt::format("{}_step_ms", stages.name(stage)), 1e3 * seconds, "ms",
         step_floor_ms(bench, stages.name(stage)),
         fmt::format("mean of {} steps of the published stage {}, {} in all", bench.settings.steps,
                     stages.name(stage), stages.published_steps(stage))},
        stage_watch);
    stages.end(stage);
  }
  bench.figures.add(
      {"schedule_h", hours, "h", {}, "the whole published schedule, extrapolated from these"});
}

}  // namespace grids::core::bench
