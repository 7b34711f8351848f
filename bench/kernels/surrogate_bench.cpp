#include <atomic>
#include <numeric>
#include <vector>

#include "kernels/inputs.hpp"
#include "machine.hpp"
#include "model/surrogate_model.hpp"
#include "support/random_surrogate.hpp"

namespace grids::core::bench {
namespace {

constexpr int64_t kCells = 64;

/// A surrogate of the paper's layers and a batch of cells to search.
struct World {
  explicit World(int threads)
      : pool(threads),
        surrogate(testing::random_surrogate(paper_shape(), 1)),
        model(surrogate, random_rows(kCells, surrogate.shape().peaks(), 2),
              replace_by(surrogate.shape().peaks(), 0), pool),
        cells(kCells) {
    std::iota(cells.begin(), cells.end(), 0);
  }

  ThreadPool pool;
  FoldedSurrogate surrogate;
  SurrogateModel model;
  std::vector<int32_t> cells;
};

std::vector<int32_t> first_genes(int64_t count) {
  std::vector<int32_t> genes(static_cast<size_t>(count));
  std::iota(genes.begin(), genes.end(), 0);
  return genes;
}

/// One block of rows, one thread; the argument is the number of genes read.
void tail(benchmark::State& state) {
  const FoldedSurrogate surrogate(testing::random_surrogate(paper_shape(), 1));
  const int64_t genes = state.range(0);
  const OutputLayer layer = surrogate.output_layer(first_genes(genes));
  const auto latents = random_floats(kTailRows * surrogate.shape().latent, 3);
  std::vector<float> out(static_cast<size_t>(kTailRows * genes));
  for (auto _ : state) {
    surrogate.tail(layer, latents.data(), out.data());
    benchmark::DoNotOptimize(out.data());
  }
  count(state, kTailRows * tail_flops(surrogate.shape(), genes), 0);
}

void tail_backward(benchmark::State& state) {
  const FoldedSurrogate surrogate(testing::random_surrogate(paper_shape(), 1));
  const int64_t genes = state.range(0);
  const OutputLayer layer = surrogate.output_layer(first_genes(genes));
  const auto latents = random_floats(kTailRows * surrogate.shape().latent, 3),
             cotangent = random_floats(kTailRows * genes, 4);
  std::vector<float> gradient(latents.size());
  for (auto _ : state) {
    surrogate.tail_backward(layer, latents.data(), cotangent.data(), gradient.data());
    benchmark::DoNotOptimize(gradient.data());
  }
  count(state, 2 * kTailRows * tail_flops(surrogate.shape(), genes), 0);
}

/// d_j of all peaks from the gradients of the chromosome sums.
void gains_product(benchmark::State& state) {
  World world(static_cast<int>(state.range(0)));
  const AtacEncoder& encoder = world.model.encoder();
  const auto gradients = random_floats(encoder.chromosomes() * kCells * encoder.sum_stride(), 3);
  std::vector<double> gains(static_cast<size_t>(encoder.peaks()));
  for (auto _ : state) {
    encoder.replacement_gains(world.pool,
                              {world.model.open(), world.model.block_starts(), world.cells},
                              gradients, world.model.replacements(), gains);
    benchmark::DoNotOptimize(gains.data());
  }
  const auto width = static_cast<double>(encoder.sum_stride());
  count(state, width * static_cast<double>(world.model.open().nonzeros() + 2 * encoder.peaks()),
        width * sizeof(float) * static_cast<double>(encoder.peaks()));
}

/// What 32 swaps of one member would lead to; arguments: genes read, threads.
void outputs_after(benchmark::State& state) {
  World world(static_cast<int>(state.range(1)));
  const int64_t genes = state.range(0);
  const std::vector<Feature> subset = {5, 20000, 40000, 60000, 80000, 100000, 120000};
  const auto mask = world.model.begin(subset, world.cells, first_genes(genes));
  std::vector<Edit> edits;
  for (Feature i = 0; i < 32; ++i) edits.push_back({subset[3], 1500 + 3000 * i});
  std::atomic<int64_t> rows = 0;  // told from several threads
  for (auto _ : state) {
    mask->outputs_after(edits, [&](size_t, std::span<const int32_t> positions, const OutputRows&) {
      rows += static_cast<int64_t>(positions.size());
    });
  }
  state.counters["rows"] =
      benchmark::Counter(static_cast<double>(rows), benchmark::Counter::kIsRate);
}

void prelu_block(benchmark::State& state) {
  auto x = random_floats(kTailRows * 640, 3);
  for (auto _ : state) {
    prelu(0.99f, static_cast<int64_t>(x.size()), x.data());
    benchmark::DoNotOptimize(x.data());
  }
  count(state, 0, 2.0 * sizeof(float) * static_cast<double>(x.size()));
}

BENCHMARK(tail)->ArgName("genes")->Arg(1)->Arg(3000)->UseRealTime();
BENCHMARK(tail_backward)->ArgName("genes")->Arg(1)->Arg(3000)->UseRealTime();
BENCHMARK(gains_product)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(outputs_after)
    ->ArgNames({"genes", "threads"})
    ->Args({1, 1})
    ->Args({1, 2})
    ->Args({3000, 2})
    ->UseRealTime();
BENCHMARK(prelu_block)->UseRealTime();

}  // namespace
}  // namespace grids::core::bench
