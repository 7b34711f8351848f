#include "methods/nets/gathered_rows.hpp"

#include "base/simd.hpp"
#include "math/lanes.hpp"

namespace grids::core {

GRIDS_CLONES void sum_rows(std::span<const int32_t> which, const float* rows, float* out) {
  Lanes even = {}, odd = {};  // two chains, so that one need not wait for the other
  size_t i = 0;
  for (; i + 2 <= which.size(); i += 2) {
    even += lanes_at(rows + which[i] * kLanes);
    odd += lanes_at(rows + which[i + 1] * kLanes);
  }
  if (i < which.size()) even += lanes_at(rows + which[i] * kLanes);
  lanes_at(out) = even + odd;
}

GRIDS_CLONES void weighted_rows(std::span<const int32_t> which, const float* rows,
                                const float* factors, float* out) {
  Lanes even = {}, odd = {};
  size_t i = 0;
  for (; i + 2 <= which.size(); i += 2) {
    even += factors[i] * lanes_at(rows + which[i] * kLanes);
    odd += factors[i + 1] * lanes_at(rows + which[i + 1] * kLanes);
  }
  if (i < which.size()) even += factors[i] * lanes_at(rows + which[i] * kLanes);
  lanes_at(out) = even + odd;
}

GRIDS_CLONES void row_products(std::span<const int32_t> which, const float* rows, const float* x,
                               const float* bias, float* out) {
  const Lanes right = lanes_at(x);
  for (size_t i = 0; i < which.size(); ++i) {
    const Lanes product = lanes_at(rows + which[i] * kLanes) * right;
    out[i] = bias[which[i]] + sum_of(product);
  }
}

GRIDS_CLONES void add_outer(std::span<const int32_t> which, const float* factors, const float* x,
                            int32_t first, float* rows, float* bias) {
  const Lanes right = lanes_at(x);
  for (size_t i = 0; i < which.size(); ++i) {
    const int64_t row = which[i] - first;
    lanes_at(rows + row * kLanes) += factors[i] * right;
    bias[row] += factors[i];
  }
}

GRIDS_CLONES void add_to_rows(std::span<const int32_t> which, const float* x, int32_t first,
                              float* rows) {
  const Lanes added = lanes_at(x);
  for (const int32_t j : which) lanes_at(rows + (j - first) * kLanes) += added;
}

}  // namespace grids::core
