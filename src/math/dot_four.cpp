#include "math/dot_four.hpp"

#include "base/simd.hpp"

namespace grids::core {

GRIDS_CLONES
void dot_four(const double* a, const double* const* b, size_t count, double* sums) {
  double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  const double *b0 = b[0], *b1 = b[1], *b2 = b[2], *b3 = b[3];
#pragma omp simd reduction(+ : s0, s1, s2, s3)
  for (size_t i = 0; i < count; ++i) {
    s0 += a[i] * b0[i];
    s1 += a[i] * b1[i];
    s2 += a[i] * b2[i];
    s3 += a[i] * b3[i];
  }
  sums[0] += s0;
  sums[1] += s1;
  sums[2] += s2;
  sums[3] += s3;
}

}  // namespace grids::core
