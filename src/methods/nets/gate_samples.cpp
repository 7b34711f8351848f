#include "methods/nets/gate_samples.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "base/simd.hpp"

namespace grids::core {
namespace {

/// Gates of one call of the kernel. Always whole: so that each goes through the same instructions
/// wherever it stands.
constexpr size_t kSamplesAtOnce = 16;

/// σ of this is 1e-13. Gates below are shut: passed on, numbers so small and their squares would
/// leave the range of normal floats, on which arithmetic is many times faster.
constexpr float kClosed = -30;

/// log x = k ln 2 + log m with m in [2/3, 4/3), by z = (m − 1) / (m + 1), |z| ≤ 1/5: the odd
/// series, which after 5 terms is exact to floats.
[[gnu::always_inline]] inline float logarithm(float x) {
  constexpr int32_t kTwoThirds = 0x3f2aaaab;
  const int32_t bits = std::bit_cast<int32_t>(x) - kTwoThirds;
  const int32_t exponent = bits >> 23;
  const float m = std::bit_cast<float>((bits & 0x007fffff) + kTwoThirds);
  const float z = (m - 1) / (m + 1);
  const float square = z * z;
  float series = 1.0f / 9;
  series = series * square + 1.0f / 7;
  series = series * square + 1.0f / 5;
  series = series * square + 1.0f / 3;
  series = series * square + 1.0f;
  return static_cast<float>(exponent) * 0.693147181f + 2 * z * series;
}

/// exp x, |x| ≤ 30: x = k ln 2 + r with |r| ≤ ½ ln 2, and the series of exp r.
[[gnu::always_inline]] inline float exponential(float x) {
  constexpr float kRound = 12582912.0f;  // 1.5 · 2^23: leaves the integer in the low bits
  const float shifted = x * 1.44269504f + kRound;
  const float whole = shifted - kRound;
  const float r = (x - whole * 0.693359375f) + whole * 2.12194440e-4f;
  float series = 1.0f / 720;
  series = series * r + 1.0f / 120;
  series = series * r + 1.0f / 24;
  series = series * r + 1.0f / 6;
  series = series * r + 1.0f / 2;
  series = series * r + 1.0f;
  series = series * r + 1.0f;
  const int32_t power = (std::bit_cast<int32_t>(shifted) + 127) << 23;
  return series * std::bit_cast<float>(power);
}

GRIDS_CLONES void sample_blocks(size_t blocks, const uint32_t* words, const float* logits,
                                float sharpness, float* gates, float* slopes) {
  for (size_t i = 0; i < blocks * kSamplesAtOnce; ++i) {
    const auto draw = static_cast<int32_t>(words[i] >> 8);
    const float odds =
        (static_cast<float>(draw) + 0.5f) / (static_cast<float>(0xffffff - draw) + 0.5f);
    const float x = (logits[i] + logarithm(odds)) * sharpness;
    const float some = 1 / (1 + exponential(std::min(std::max(-x, kClosed), -kClosed)));
    const float gate = x > kClosed ? some : 0.0f;
    gates[i] = gate;
    slopes[i] = gate * (1 - gate) * sharpness;
  }
}

}  // namespace

void sample_gates(std::span<const uint32_t> words, std::span<const float> logits, float temperature,
                  std::span<float> gates, std::span<float> slopes) {
  const float sharpness = 1 / temperature;
  const size_t blocks = words.size() / kSamplesAtOnce, i = blocks * kSamplesAtOnce;
  sample_blocks(blocks, words.data(), logits.data(), sharpness, gates.data(), slopes.data());
  if (i == words.size()) return;
  std::array<uint32_t, kSamplesAtOnce> last_words = {};
  std::array<float, kSamplesAtOnce> last_logits = {}, last_gates, last_slopes;
  std::copy(words.begin() + static_cast<std::ptrdiff_t>(i), words.end(), last_words.begin());
  std::copy(logits.begin() + static_cast<std::ptrdiff_t>(i), logits.end(), last_logits.begin());
  sample_blocks(1, last_words.data(), last_logits.data(), sharpness, last_gates.data(),
                last_slopes.data());
  std::copy_n(last_gates.begin(), words.size() - i, gates.begin() + static_cast<std::ptrdiff_t>(i));
  std::copy_n(last_slopes.begin(), words.size() - i,
              slopes.begin() + static_cast<std::ptrdiff_t>(i));
}

}  // namespace grids::core
