#include "base/gemm.hpp"

#include <dnnl.h>
#include <omp.h>

#include <algorithm>

#include "base/error.hpp"

namespace grids {
namespace {

/// OpenMP's thread count is a property of the calling thread; set it once on each.
void use_one_openmp_thread() {
  thread_local const bool done = [] {
    omp_set_num_threads(1);
    return true;
  }();
  static_cast<void>(done);
}

/// Blocks of C: large enough for the kernels' full speed, small enough to share between threads.
constexpr int64_t kBlock = 128;

}  // namespace

void gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
          const float* a, int64_t a_stride, const float* b, int64_t b_stride, float beta, float* c,
          int64_t c_stride) {
  if (m == 0 || n == 0) return;
  use_one_openmp_thread();
  const char ta = transpose_a == Transpose::kYes ? 'T' : 'N';
  const char tb = transpose_b == Transpose::kYes ? 'T' : 'N';
  const dnnl_status_t status =
      dnnl_sgemm(ta, tb, m, n, k, 1.0f, a, a_stride, b, b_stride, beta, c, c_stride);
  if (status != dnnl_success) {
    throw internal_error("oneDNN could not multiply {} × {} by {} × {} (status {})", m, k, k, n,
                         static_cast<int>(status));
  }
}

void gemm(ThreadPool& pool, Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n,
          int64_t k, const float* a, int64_t a_stride, const float* b, int64_t b_stride, float beta,
          float* c, int64_t c_stride) {
  if (m >= n) {
    const int64_t step = transpose_a == Transpose::kYes ? 1 : a_stride;
    pool.for_blocks(m, kBlock, [&](int64_t begin, int64_t end, int64_t) {
      gemm(transpose_a, transpose_b, end - begin, n, k, a + begin * step, a_stride, b, b_stride,
           beta, c + begin * c_stride, c_stride);
    });
  } else {
    const int64_t step = transpose_b == Transpose::kYes ? b_stride : 1;
    pool.for_blocks(n, kBlock, [&](int64_t begin, int64_t end, int64_t) {
      gemm(transpose_a, transpose_b, m, end - begin, k, a, a_stride, b + begin * step, b_stride,
           beta, c + begin, c_stride);
    });
  }
}

}  // namespace grids
