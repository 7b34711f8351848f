#include "train/sampler.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <vector>

#include "base/simd.hpp"

namespace grids {
namespace {

constexpr int kDraws = 64;

/// For words w: log((w + ½) / 2²⁴) of their upper 24 bits, with a relative error below 1e-6.
/// The logarithm of the mantissa is 2·artanh((m − 1) / (m + 1)) with m in [√½, √2).
GRIDS_CLONES void logs_of_uniforms(const uint32_t* words, float* logs) {
  for (int i = 0; i < kDraws; ++i) {
    const float u = (static_cast<float>(words[i] >> 8) + 0.5f) * 0x1p-24f;
    const uint32_t bits = std::bit_cast<uint32_t>(u) - 0x3f3504f3u;
    const int32_t exponent = std::bit_cast<int32_t>(bits) >> 23;
    const float m = std::bit_cast<float>((bits & 0x007fffffu) + 0x3f3504f3u);
    const float r = (m - 1.0f) / (m + 1.0f);
    const float r2 = r * r;
    const float series =
        1.0f + r2 * (1.0f / 3 + r2 * (1.0f / 5 + r2 * (1.0f / 7 + r2 * (1.0f / 9))));
    logs[i] = 2.0f * r * series + static_cast<float>(exponent) * 0.693147181f;
  }
}

/// The number of failures before the next success, again and again.
class GeometricSkips {
 public:
  GeometricSkips(double probability, RandomStream random)
      : scale_(static_cast<float>(1.0 / std::log1p(-probability))), random_(random) {}

  int64_t next() {
    if (position_ == kDraws) refill();
    return static_cast<int64_t>(logs_[static_cast<size_t>(position_++)] * scale_);
  }

 private:
  void refill() {
    std::array<uint32_t, kDraws> words;
    for (uint32_t& word : words) word = random_();
    logs_of_uniforms(words.data(), logs_.data());
    position_ = 0;
  }

  float scale_;
  RandomStream random_;
  std::array<float, kDraws> logs_;
  int position_ = kDraws;
};

/// Appends the columns of the drawn zeros of one row.
void sample_row(std::span<const int32_t> nonzeros, int64_t columns, double probability,
                RandomStream random, std::vector<int32_t>& drawn) {
  const int64_t zeros = columns - static_cast<int64_t>(nonzeros.size());
  const bool all = probability >= 1.0;
  GeometricSkips skips(all ? 0.5 : probability, random);
  // The r-th zero (from 0) is column r + (number of non-zeros before it).
  size_t before = 0;
  for (int64_t rank = all ? 0 : skips.next(); rank < zeros; rank += all ? 1 : 1 + skips.next()) {
    while (before < nonzeros.size() && nonzeros[before] <= rank + static_cast<int64_t>(before)) {
      ++before;
    }
    drawn.push_back(static_cast<int32_t>(rank + static_cast<int64_t>(before)));
  }
}

}  // namespace

double zero_sampling_probability(const CsrPattern& nonzeros) {
  const auto count = static_cast<double>(nonzeros.nonzeros());
  const double zeros =
      static_cast<double>(nonzeros.rows) * static_cast<double>(nonzeros.columns) - count;
  return zeros <= count ? 1.0 : count / zeros;
}

void sample_zeros(ThreadPool& pool, const CsrPattern& nonzeros, double probability, uint64_t seed,
                  Purpose purpose, uint64_t step, CsrPattern& zeros) {
  constexpr int64_t kRows = 16;
  zeros.rows = nonzeros.rows;
  zeros.columns = nonzeros.columns;
  zeros.offsets.assign(static_cast<size_t>(nonzeros.rows) + 1, 0);
  zeros.indices.clear();
  if (probability <= 0) return;
  std::vector<std::vector<int32_t>> drawn(static_cast<size_t>((nonzeros.rows + kRows - 1) / kRows));
  pool.for_blocks(nonzeros.rows, kRows, [&](int64_t begin, int64_t end, int64_t block) {
    auto& mine = drawn[static_cast<size_t>(block)];
    for (int64_t i = begin; i < end; ++i) {
      const size_t start = mine.size();
      sample_row(nonzeros.row(i), nonzeros.columns, probability,
                 RandomStream(seed, purpose, step, static_cast<uint32_t>(i)), mine);
      zeros.offsets[static_cast<size_t>(i) + 1] = static_cast<int64_t>(mine.size() - start);
    }
  });
  for (size_t i = 1; i < zeros.offsets.size(); ++i) zeros.offsets[i] += zeros.offsets[i - 1];
  zeros.indices.reserve(static_cast<size_t>(zeros.offsets.back()));
  for (const auto& part : drawn) {
    zeros.indices.insert(zeros.indices.end(), part.begin(), part.end());
  }
}

}  // namespace grids
