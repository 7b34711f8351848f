#include <vector>

#include "kernels/inputs.hpp"
#include "train/kernels.hpp"
#include "train/sampler.hpp"

namespace grids::core::bench {
namespace {

constexpr int64_t kCells = 128;
constexpr int64_t kWidth = 16;

/// A training batch of the paper's size.
struct Batch {
  explicit Batch(int threads) : pool(threads), blocks(paper_shape().chromosome_peaks) {
    open.pattern = random_rows(kCells, blocks.peaks(), 1);
    closed.pattern = random_rows(kCells, blocks.peaks(), 2);
    find_bounds(pool, blocks, open);
    find_bounds(pool, blocks, closed);
  }

  ThreadPool pool;
  PeakBlocks blocks;
  BlockedRows open, closed;  // in the kernels' eyes these need not be disjoint
};

double floats(int64_t count) {
  return sizeof(float) * static_cast<double>(count);
}

void chromosome_sums_forward(benchmark::State& state) {
  Batch batch(static_cast<int>(state.range(0)));
  const auto embedding = random_floats(batch.blocks.peaks() * 2 * kWidth, 3);
  std::vector<float> sums(static_cast<size_t>(kCells * batch.blocks.chromosomes() * kWidth));
  for (auto _ : state) {
    chromosome_sums(batch.pool, batch.blocks, batch.open, kWidth, embedding.data(), sums.data());
    benchmark::DoNotOptimize(sums.data());
  }
  count(state, static_cast<double>(batch.open.pattern.nonzeros() * kWidth),
        floats(batch.blocks.peaks() * 2 * kWidth));
}

void chromosome_sums_backward(benchmark::State& state) {
  Batch batch(static_cast<int>(state.range(0)));
  const auto gradient = random_floats(kCells * batch.blocks.chromosomes() * kWidth, 3);
  std::vector<float> result(static_cast<size_t>(batch.blocks.peaks() * 2 * kWidth));
  for (auto _ : state) {
    chromosome_sums_gradient(batch.pool, batch.blocks, batch.open, kWidth, gradient.data(),
                             result.data());
    benchmark::DoNotOptimize(result.data());
  }
  count(state, static_cast<double>(batch.open.pattern.nonzeros() * kWidth),
        floats(batch.blocks.peaks() * 2 * kWidth));
}

/// Logits, loss and gradients at the open and as many sampled closed peaks.
void focal_head(benchmark::State& state) {
  Batch batch(static_cast<int>(state.range(0)));
  const int64_t peaks = batch.blocks.peaks(), columns = batch.blocks.chromosomes() * kWidth;
  const auto hidden = random_floats(kCells * columns, 3), weight = random_floats(peaks * kWidth, 4),
             bias = random_floats(peaks, 5);
  std::vector<float> d_hidden(hidden.size()), d_weight(weight.size()), d_bias(bias.size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        focal_reconstruction(batch.pool, batch.blocks, batch.open, batch.closed,
                             {kWidth, hidden.data(), weight.data(), bias.data()},
                             {d_hidden.data(), d_weight.data(), d_bias.data()}));
  }
  // A logit, and what it adds to two gradients.
  const auto logits =
      static_cast<double>(batch.open.pattern.nonzeros() + batch.closed.pattern.nonzeros());
  count(state, 3 * 2 * kWidth * logits, 2 * floats(peaks * (kWidth + 1)));
  state.counters["logits"] =
      benchmark::Counter(logits, benchmark::Counter::kIsIterationInvariantRate);
}

/// The embedding's step: the largest stream of training.
void adam_embedding(benchmark::State& state) {
  ThreadPool pool(static_cast<int>(state.range(0)));
  const int64_t size = paper_shape().peaks() * 2 * kWidth;
  auto parameter = random_floats(size, 1);
  const auto gradient = random_floats(size, 2);
  std::vector<float> mean(parameter.size()), square(parameter.size());
  AdamStep step;
  for (auto _ : state) {
    adam(pool, step, parameter, gradient, mean, square);
    ++step.step;
    benchmark::DoNotOptimize(parameter.data());
  }
  count(state, 0, 7 * floats(size));
}

void zero_sampling(benchmark::State& state) {
  Batch batch(static_cast<int>(state.range(0)));
  const double probability = zero_sampling_probability(batch.open.pattern);
  CsrPattern zeros;
  uint64_t step = 0;
  for (auto _ : state) {
    sample_zeros(batch.pool, batch.open.pattern, probability, 1, Purpose::kBenchmark, step++,
                 zeros);
    benchmark::DoNotOptimize(zeros.indices.data());
  }
  state.counters["drawn"] = benchmark::Counter(static_cast<double>(zeros.nonzeros()),
                                               benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK(chromosome_sums_forward)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(chromosome_sums_backward)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(focal_head)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(adam_embedding)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(zero_sampling)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();

}  // namespace
}  // namespace grids::core::bench
