#include "model/cis_kernels.hpp"

#include "base/simd.hpp"
#include "math/lanes.hpp"

namespace grids::core {
namespace {

using Integers = int32_t __attribute__((vector_size(64)));

/// log(1 + exp(x)) = max(x, 0) + log(1 + y) with y = exp(−|x|) in (0, 1].
/// Always inlined: a vector passed between functions of different clones would go astray.
[[gnu::always_inline]] inline void put_softplus(const Lanes& x, float* out) {
  const Lanes zero = {};
  const Lanes positive = x > zero ? x : zero;
  Lanes t = x > zero ? -x : x;
  t = t > zero - 87.0f ? t : zero - 87.0f;
  // t = k ln 2 + r with |r| ≤ ½ ln 2; exp(r) by its series, whose next term is below 1e-8.
  constexpr float kRound = 12582912.0f;  // 1.5 · 2^23: leaves the integer in the low bits
  const Lanes shifted = t * 1.44269504f + kRound;
  const Lanes whole = shifted - kRound;
  const Lanes r = (t - whole * 0.693145752f) - whole * 1.42860677e-6f;
  Lanes p = r * (1.0f / 5040) + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  // The integer lies in the low bits of `shifted`; the shift drops the rest.
  const Integers power = (__builtin_bit_cast(Integers, shifted) + 127) << 23;
  const Lanes y = p * __builtin_bit_cast(Lanes, power);
  // log(1 + y) = 2 artanh(s), s = y / (2 + y) ≤ 1/3; the first term left out is below 1e-8 of it.
  const Lanes s = y / (y + 2.0f);
  const Lanes s2 = s * s;
  Lanes q = s2 * (1.0f / 15) + 1.0f / 13;
  q = q * s2 + 1.0f / 11;
  q = q * s2 + 1.0f / 9;
  q = q * s2 + 1.0f / 7;
  q = q * s2 + 0.2f;
  q = q * s2 + 1.0f / 3;
  q = q * s2 + 1.0f;
  lanes_at(out) = positive + (s + s) * q;
}

}  // namespace

GRIDS_CLONES void cis_values(int64_t count, const float* fixed, int64_t latent_count,
                             const float* latents, const float* coefficients, bool counts,
                             float* out) {
  for (int64_t k = 0; k < count; k += kLanes) {
    Lanes eta = lanes_at(fixed + k);
    for (int64_t l = 0; l < latent_count; ++l) {
      eta += latents[l] * lanes_at(coefficients + l * count + k);
    }
    if (counts) {
      put_softplus(eta, out + k);
    } else {
      lanes_at(out + k) = eta;
    }
  }
}

GRIDS_CLONES float dot(int64_t count, const float* a, const float* b) {
  Lanes sum = {};
  for (int64_t k = 0; k < count; k += kLanes) sum += lanes_at(a + k) * lanes_at(b + k);
  return sum_of(sum);
}

}  // namespace grids::core
