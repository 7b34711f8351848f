#include "math/exponential.hpp"

#include <algorithm>
#include <bit>

#include "base/simd.hpp"

namespace grids::core {
namespace {

/// Numbers of one call of the kernel. Always whole: so that each number goes through the same
/// instructions wherever it stands.
constexpr int64_t kAtOnce = 16;

/// 2^k, and expm1(r), where x = k ln 2 + r with |r| ≤ ½ ln 2; expm1(r) by its series, which after
/// 13 terms is exact to a thousandth of the last bit.
struct Parts {
  double power;
  double small;
};

/// Always inlined: compiled for the processor of the function that it is part of.
[[gnu::always_inline]] inline Parts parts_of(double x) {
  constexpr double kLog2E = 1.4426950408889634;
  constexpr double kRound = 6755399441055744.0;  // 1.5 · 2^52: leaves the integer in the low bits
  constexpr double kLn2High = 0.69314718036912382;
  constexpr double kLn2Low = 1.9082149292705877e-10;
  const double shifted = x * kLog2E + kRound;
  const double whole = shifted - kRound;
  const double r = (x - whole * kLn2High) - whole * kLn2Low;
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
  // The integer lies in the low bits of `shifted`; the shift drops the rest.
  const auto exponent = (std::bit_cast<uint64_t>(shifted) + 1023) << 52;
  return {std::bit_cast<double>(exponent), p * (r * r) + r};
}

GRIDS_CLONES void expm1_blocks(int64_t blocks, const float* x, double* out) {
  for (int64_t block = 0; block < blocks; ++block, x += kAtOnce, out += kAtOnce) {
    for (int64_t i = 0; i < kAtOnce; ++i) {
      const auto [power, small] = parts_of(std::min(std::max(double{x[i]}, 0.0), 709.0));
      out[i] = power * small + (power - 1.0);
    }
  }
}

GRIDS_CLONES void exp_blocks(int64_t blocks, const double* x, double* out) {
  for (int64_t block = 0; block < blocks; ++block, x += kAtOnce, out += kAtOnce) {
    for (int64_t i = 0; i < kAtOnce; ++i) {
      const auto [power, small] = parts_of(std::min(std::max(x[i], -708.0), 709.0));
      out[i] = power * small + power;
    }
  }
}

/// A kernel on whole blocks, and on what is left in one more, filled up with zeros.
template <typename Kernel, typename In>
void in_blocks(const Kernel& kernel, int64_t count, const In* x, double* out) {
  const int64_t blocks = count / kAtOnce;
  kernel(blocks, x, out);
  const int64_t i = blocks * kAtOnce;
  if (i == count) return;
  In rest[kAtOnce] = {};
  double results[kAtOnce];
  std::copy(x + i, x + count, rest);
  kernel(1, rest, results);
  std::copy(results, results + (count - i), out + i);
}

}  // namespace

void expm1_of_positive(int64_t count, const float* x, double* out) {
  in_blocks(expm1_blocks, count, x, out);
}

void exponentials(int64_t count, const double* x, double* out) {
  in_blocks(exp_blocks, count, x, out);
}

}  // namespace grids::core
