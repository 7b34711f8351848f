// Debian's LibTorch multiplies matrices by whatever BLAS the system has, as a rule the reference
// implementation at 2 GFLOP/s. A program's own `sgemm_`, where others may see it, comes before that
// of a shared library, so this one, by oneDNN, serves torch in grids-torch. PyPI's LibTorch brings
// MKL along and is served, too: by MKL the last bit of a row's product depends on the row's place.
#include "train/blas.hpp"

#include <dnnl.h>
#include <omp.h>

#include "base/error.hpp"

namespace grids::core {

void serve_torch_with_onednn() {}

}  // namespace grids::core

extern "C" [[gnu::visibility("default")]] void sgemm_(
    const char* transpose_a, const char* transpose_b, const int* m, const int* n, const int* k,
    const float* alpha, const float* a, const int* lda, const float* b, const int* ldb,
    const float* beta, float* c, const int* ldc) {
  if (*m == 0 || *n == 0) return;
  omp_set_num_threads(1);
  // Columns first there, rows first here: Cᵀ = Bᵀ Aᵀ.
  const dnnl_status_t status =
      dnnl_sgemm(*transpose_b, *transpose_a, *n, *m, *k, *alpha, b, *ldb, a, *lda, *beta, c, *ldc);
  if (status != dnnl_success) {
    throw grids::core::internal_error("oneDNN could not multiply {} × {} by {} × {} (status {})",
                                      *m, *k, *k, *n, static_cast<int>(status));
  }
}
