#include "math/gemm.hpp"

#include <dnnl.h>
#include <omp.h>

#include <algorithm>

#include "base/error.hpp"

namespace grids::core {
namespace {

/// OpenMP's thread count is a property of the calling thread; set it once on each.
void use_one_openmp_thread() {
  thread_local const bool done = [] {
    omp_set_num_threads(1);
    return true;
  }();
  static_cast<void>(done);
}

/// The longer side of C is cut into an even number of blocks of at most this, so that two threads
/// have equal shares: large enough for the kernels' full speed.
constexpr int64_t kMostBlock = 128;

/// A product of fewer operations is one block: it takes about as long as waking a thread.
constexpr int64_t kFewOperations = int64_t{1} << 22;

int64_t block_of(int64_t side, int64_t operations) {
  if (operations < kFewOperations) return side;
  const int64_t pairs = (side + 2 * kMostBlock - 1) / (2 * kMostBlock);
  const int64_t block = (side + 2 * pairs - 1) / (2 * pairs);
  return (block + 15) / 16 * 16;  // whole vectors
}

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
  const int64_t block = block_of(std::max(m, n), 2 * m * n * k);
  if (m >= n) {
    const int64_t step = transpose_a == Transpose::kYes ? 1 : a_stride;
    pool.for_blocks(m, block, [&](int64_t begin, int64_t end, int64_t) {
      gemm(transpose_a, transpose_b, end - begin, n, k, a + begin * step, a_stride, b, b_stride,
           beta, c + begin * c_stride, c_stride);
    });
  } else {
    const int64_t step = transpose_b == Transpose::kYes ? b_stride : 1;
    pool.for_blocks(n, block, [&](int64_t begin, int64_t end, int64_t) {
      gemm(transpose_a, transpose_b, m, end - begin, k, a, a_stride, b + begin * step, b_stride,
           beta, c + begin, c_stride);
    });
  }
}

}  // namespace grids::core
