/// Which closed peaks and unexpressed genes a training step's reconstruction loss reads.
#pragma once

#include <cstdint>

#include "base/random.hpp"
#include "base/thread_pool.hpp"
#include "math/sparse.hpp"

namespace grids::core {

/// The probability that makes the expected sample of zeros as large as the number of non-zeros, at
/// most 1: non-zeros / zeros of the batch.
double zero_sampling_probability(const CsrPattern& nonzeros);

/// Draws every zero of `nonzeros` independently with the given probability into `zeros` (same
/// shape, ascending rows). Goes from one drawn zero to the next by geometric skips, so the cost is
/// that of what is drawn. Row i reads the stream (seed, purpose, step, i).
void sample_zeros(ThreadPool& pool, const CsrPattern& nonzeros, double probability, uint64_t seed,
                  Purpose purpose, uint64_t step, CsrPattern& zeros);

}  // namespace grids::core
