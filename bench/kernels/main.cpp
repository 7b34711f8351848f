// bench_kernels: the engine's inner loops one by one, with Google Benchmark.
//
//   bench_kernels --benchmark_filter=gemm
//   bench_kernels --benchmark_filter=adam/2 --benchmark_repetitions=5
//
// The last number of a name is the number of threads. FLOPS and bytes are rates: operations that
// the mathematics needs, and bytes that must move at least once.
#include <benchmark/benchmark.h>

BENCHMARK_MAIN();
