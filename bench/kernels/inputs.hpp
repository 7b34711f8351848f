/// Inputs of the size of the paper's experiment, and the counters that all kernels show.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "math/sparse.hpp"
#include "model/surrogate_file.hpp"

namespace grids::core::bench {

/// Share of the peaks that are open in a cell: 4,811 of 127,219.
inline constexpr double kDensity = 0.0378;

/// Layers and peaks of the paper.
SurrogateShape paper_shape();

/// Standard normal numbers.
std::vector<float> random_floats(int64_t count, uint64_t seed);

/// Rows of open peaks, about kDensity of each row.
CsrPattern random_rows(int64_t cells, int64_t peaks, uint64_t seed);

/// Rates of what one iteration computes and moves.
inline void count(benchmark::State& state, double flops, double bytes) {
  using benchmark::Counter;
  if (flops > 0) {
    state.counters["FLOPS"] = Counter(flops, Counter::kIsIterationInvariantRate);
  }
  if (bytes > 0) {
    state.counters["bytes"] = Counter(bytes, Counter::kIsIterationInvariantRate, Counter::kIs1024);
  }
}

}  // namespace grids::core::bench
