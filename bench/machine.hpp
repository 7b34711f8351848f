/// What the machine can do at best, measured: the ground that every floor stands on.
#pragma once

#include <string>

#include "base/thread_pool.hpp"
#include "model/surrogate_file.hpp"

namespace grids::core::bench {

struct Machine {
  std::string processor;
  int threads = 1;
  double flops = 0;      ///< a second, of our GEMM on large matrices, all threads
  double bandwidth = 0;  ///< bytes a second, a·x + y on arrays beyond the caches, all threads
};

Machine measure_machine(ThreadPool& pool);

/// Floating-point operations of one row of the tail — f_AR, then the RNA decoder down to this many
/// genes — counting only the products (two for each weight).
double tail_flops(const SurrogateShape& shape, int64_t genes);

/// Bytes that Adam must move for one step on the ATAC autoencoder: parameter, gradient and two
/// moments are read, parameter and moments written, and the gradient was written before.
double atac_adam_bytes(const SurrogateShape& shape);

/// Operations of one RNA autoencoder step on `cells` cells: forward, and twice that backward.
double rna_step_flops(const SurrogateShape& shape, int64_t cells);

}  // namespace grids::core::bench
