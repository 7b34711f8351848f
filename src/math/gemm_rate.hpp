/// How fast `gemm` is here, and what it runs on: a product that takes a slow path costs hours and
/// says nothing.
#pragma once

#include <cstdint>
#include <string>

#include "base/thread_pool.hpp"

namespace grids::core {

/// C m × n, summed over k.
struct GemmShape {
  int64_t m = 0;
  int64_t n = 0;
  int64_t k = 0;
};

/// The surrogate's last layer for one block of cells and all genes, at the paper's size: what
/// searches and knock-outs spend their time on.
inline constexpr GemmShape kTailShape = {32, 3000, 640};
/// A square one, as training has: what the cores can do at best.
inline constexpr GemmShape kSquareShape = {1024, 1024, 1024};

/// GFLOP/s of all threads of the pool together, each multiplying matrices of its own, again and
/// again for about `seconds`; of the time that the processor gave each thread, so that a busy
/// machine shows what it can do.
double measure_gemm(ThreadPool& pool, const GemmShape& shape, double seconds);

/// The library behind `gemm`.
struct GemmLibrary {
  std::string name;             ///< "oneDNN 2.6.3"
  std::string instruction_set;  ///< that it chose: "AVX-512", "AVX2", …
  bool avx512 = false;
  bool avx2 = false;
};
GemmLibrary gemm_library();

/// What is wrong with a measured rate (GFLOP/s of one core, square shape) on a CPU with these
/// instructions, and what to do; empty when nothing is.
std::string gemm_warning(const GemmLibrary& library, bool cpu_avx512, bool cpu_avx2, double rate);

}  // namespace grids::core
