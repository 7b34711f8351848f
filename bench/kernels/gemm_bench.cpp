#include <vector>

#include "kernels/inputs.hpp"
#include "math/gemm.hpp"

namespace grids::core::bench {
namespace {

/// C (m × n) = A · B with A m × k; transposed, as the gradient of a weight needs it, Aᵀ · B with A
/// k × m.
void multiply(benchmark::State& state, Transpose transpose) {
  const int64_t m = state.range(0), n = state.range(1), k = state.range(2);
  ThreadPool pool(static_cast<int>(state.range(3)));
  const auto a = random_floats(m * k, 1), b = random_floats(k * n, 2);
  std::vector<float> c(static_cast<size_t>(m * n));
  const int64_t stride = transpose == Transpose::kYes ? m : k;
  for (auto _ : state) {
    gemm(pool, transpose, Transpose::kNo, m, n, k, a.data(), stride, b.data(), n, 0, c.data(), n);
    benchmark::DoNotOptimize(c.data());
  }
  count(state, 2.0 * static_cast<double>(m * n * k), 0);
}

constexpr int64_t kTail = 32;    // rows of a block of the tail
constexpr int64_t kStep = 2048;  // rows of a coordinate step: 64 cells × 32 candidates
constexpr int64_t kBatch = 128;  // cells of a training step

BENCHMARK_CAPTURE(multiply, plain, Transpose::kNo)
    ->ArgNames({"m", "n", "k", "threads"})
    // The decoder on one block, on one thread as the tail calls it.
    ->Args({kTail, 320, 20, 1})
    ->Args({kTail, 640, 320, 1})
    ->Args({kTail, 3000, 640, 1})
    // The decoder on all rows of a step.
    ->Args({kStep, 640, 320, 1})
    ->Args({kStep, 640, 320, 2})
    ->Args({kStep, 3000, 640, 1})
    ->Args({kStep, 3000, 640, 2})
    // The RNA encoder in training.
    ->Args({kBatch, 640, 3000, 1})
    ->Args({kBatch, 640, 3000, 2})
    ->UseRealTime();

BENCHMARK_CAPTURE(multiply, weight_gradient, Transpose::kYes)
    ->ArgNames({"m", "n", "k", "threads"})
    ->Args({640, 3000, kBatch, 1})
    ->Args({640, 3000, kBatch, 2})
    ->Args({3000, 640, kBatch, 2})
    ->Args({320, 640, kBatch, 2})
    ->UseRealTime();

}  // namespace
}  // namespace grids::core::bench
