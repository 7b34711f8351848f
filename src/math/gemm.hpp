/// Products of dense float matrices: one-threaded oneDNN inside, our own blocks outside.
///
/// oneDNN picks its kernels by the features of the CPU, whatever BLAS the distribution chose. Its
/// results may change with its number of threads, so it always gets one.
#pragma once

#include <cstdint>

#include "base/thread_pool.hpp"

namespace grids::core {

enum class Transpose : bool { kNo = false, kYes = true };

/// C = op(A) · op(B) + beta · C with C m × n, op(A) m × k, op(B) k × n, all row-major with the
/// given distance between rows, on the calling thread.
void gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
          const float* a, int64_t a_stride, const float* b, int64_t b_stride, float beta, float* c,
          int64_t c_stride);

/// The same, with C cut along its longer side into blocks whose bounds depend on m and n alone.
void gemm(ThreadPool& pool, Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n,
          int64_t k, const float* a, int64_t a_stride, const float* b, int64_t b_stride, float beta,
          float* c, int64_t c_stride);

}  // namespace grids::core
