#include "math/exponential.hpp"

#include <algorithm>
#include <bit>

#include "base/simd.hpp"

namespace grids::core {
namespace {

/// Numbers of one call of the kernel. Always whole: so that each number goes through the same
/// instructions wherever it stands.
constexpr int64_t kAtOnce = 16;

/// x = k ln 2 + r with |r| ≤ ½ ln 2; expm1(x) = 2^k expm1(r) + (2^k − 1), and expm1(r) by its
/// series, which after 13 terms is exact to a thousandth of the last bit.
GRIDS_CLONES void expm1_blocks(int64_t blocks, const float* x, double* out) {
  constexpr double kLog2E = 1.4426950408889634;
  constexpr double kRound = 6755399441055744.0;  // 1.5 · 2^52: leaves the integer in the low bits
  constexpr double kLn2High = 0.69314718036912382;
  constexpr double kLn2Low = 1.9082149292705877e-10;
  for (int64_t block = 0; block < blocks; ++block, x += kAtOnce, out += kAtOnce) {
    for (int64_t i = 0; i < kAtOnce; ++i) {
      const double clamped = std::min(std::max(double{x[i]}, 0.0), 709.0);
      const double shifted = clamped * kLog2E + kRound;
      const double whole = shifted - kRound;
      const double r = (clamped - whole * kLn2High) - whole * kLn2Low;
      double p = 1.0 / 6227020800;
      p = p * r + 1.0 / 479001600;
      p = p * r + 1.0 / 39916800;
      p = p * r + 1.0 / 3628800;
      p = p * r + 1.0 / 362880;
      p = p * r + 1.0 / 40320;
      p = p * r + 1.0 / 5040;
      p = p * r + 1.0 / 720;
      p = p * r + 1.0 / 120;
      p = p * r + 1.0 / 24;
      p = p * r + 1.0 / 6;
      p = p * r + 1.0 / 2;
      const double small = p * (r * r) + r;
      // The integer lies in the low bits of `shifted`; the shift drops the rest.
      const auto exponent = (std::bit_cast<uint64_t>(shifted) + 1023) << 52;
      const double power = std::bit_cast<double>(exponent);
      out[i] = power * small + (power - 1.0);
    }
  }
}

}  // namespace

void expm1_of_positive(int64_t count, const float* x, double* out) {
  const int64_t blocks = count / kAtOnce;
  expm1_blocks(blocks, x, out);
  const int64_t i = blocks * kAtOnce;
  if (i == count) return;
  float rest[kAtOnce] = {};
  double results[kAtOnce];
  std::copy(x + i, x + count, rest);
  expm1_blocks(1, rest, results);
  std::copy(results, results + (count - i), out + i);
}

}  // namespace grids::core
