#include "math/logarithm.hpp"

#include <algorithm>
#include <bit>

#include "base/simd.hpp"

namespace grids::core {
namespace {

/// Numbers of one call of the kernel. Always whole: so that each number goes through the same
/// instructions wherever it stands.
constexpr int64_t kLogsAtOnce = 16;

/// 1 + x = 2^k (1 + f) with 1 + f in [√½, √2); log(1 + f) = 2 artanh(s), s = f / (2 + f), by its
/// series in s², whose twelfth term is below the last bit. What 1 + x loses of x is added back, to
/// first order; seven digits of that are enough, for which a division of floats does.
GRIDS_CLONES void log1p_blocks(int64_t blocks, const double* x, double* out) {
  constexpr double kLn2High = 0.69314718036912382;
  constexpr double kLn2Low = 1.9082149292705877e-10;
  constexpr uint64_t kRootHalf = 0x3fe6a09e667f3bcd;  // √½, rounded up
  constexpr uint64_t kExponent = 0xfff0000000000000;
  constexpr uint64_t kWhole = 0x4330000000000000;  // 2^52: holds an integer in its low bits
  for (int64_t block = 0; block < blocks; ++block, x += kLogsAtOnce, out += kLogsAtOnce) {
    for (int64_t i = 0; i < kLogsAtOnce; ++i) {
      const double u = 1 + x[i];
      const auto above = std::bit_cast<uint64_t>(u) - kRootHalf;  // u ≥ 1: not negative
      const double k =
          std::bit_cast<double>((above >> 52) | kWhole) - std::bit_cast<double>(kWhole);
      const double f = std::bit_cast<double>(std::bit_cast<uint64_t>(u) - (above & kExponent)) - 1;
      const double lost = (x[i] - (u - 1)) * static_cast<double>(1.0F / static_cast<float>(u));
      const double s = f / (2 + f);
      const double z = s * s;
      double p = 2.0 / 25;
      p = p * z + 2.0 / 23;
      p = p * z + 2.0 / 21;
      p = p * z + 2.0 / 19;
      p = p * z + 2.0 / 17;
      p = p * z + 2.0 / 15;
      p = p * z + 2.0 / 13;
      p = p * z + 2.0 / 11;
      p = p * z + 2.0 / 9;
      p = p * z + 2.0 / 7;
      p = p * z + 2.0 / 5;
      p = p * z + 2.0 / 3;
      // log(1 + f) = f − f²/2 + s (f²/2 + p z): the large part without rounding.
      const double half = 0.5 * f * f;
      out[i] = k * kLn2High - ((half - (s * (half + p * z) + (k * kLn2Low + lost))) - f);
    }
  }
}

}  // namespace

void log1p_of_positive(int64_t count, const double* x, double* out) {
  const int64_t blocks = count / kLogsAtOnce;
  log1p_blocks(blocks, x, out);
  const int64_t i = blocks * kLogsAtOnce;
  if (i == count) return;
  double rest[kLogsAtOnce] = {};
  std::copy(x + i, x + count, rest);
  log1p_blocks(1, rest, rest);
  std::copy(rest, rest + (count - i), out + i);
}

}  // namespace grids::core
