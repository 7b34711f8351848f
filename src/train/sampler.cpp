#include "train/sampler.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <vector>

#include "base/simd.hpp"

namespace grids::core {
namespace {

constexpr int kDraws = 128;

/// For words w, u = (w + ½) / 2²⁴ of their upper 24 bits: 1 + ⌊log(u) · scale⌋, the distance to
/// the next success when scale = 1 / log(1 − probability); the logarithm's relative error is below
/// 1e-6. That of the mantissa is 2·artanh((m − 1) / (m + 1)) with m in [√½, √2).
GRIDS_CLONES void steps_of_uniforms(const uint32_t* words, float scale, float most,
                                    int32_t* steps) {
  for (int i = 0; i < kDraws; ++i) {
    // By way of int32: vector units before AVX-512 convert no unsigned numbers.
    const float u = (static_cast<float>(static_cast<int32_t>(words[i] >> 8)) + 0.5f) * 0x1p-24f;
    const uint32_t bits = std::bit_cast<uint32_t>(u) - 0x3f3504f3u;
    const int32_t exponent = std::bit_cast<int32_t>(bits) >> 23;
    const float m = std::bit_cast<float>((bits & 0x007fffffu) + 0x3f3504f3u);
    const float r = (m - 1.0f) / (m + 1.0f);
    const float r2 = r * r;
    const float series =
        1.0f + r2 * (1.0f / 3 + r2 * (1.0f / 5 + r2 * (1.0f / 7 + r2 * (1.0f / 9))));
    const float log = 2.0f * r * series + static_cast<float>(exponent) * 0.693147181f;
    steps[i] = 1 + static_cast<int32_t>(std::min(log * scale, most));
  }
}

/// From one success to the next among trials of the given probability: the distance, at least 1.
class GeometricSteps {
 public:
  GeometricSteps(double probability, int64_t most, RandomStream random)
      : scale_(static_cast<float>(1.0 / std::log1p(-probability))),
        most_(static_cast<float>(most)),
        random_(random) {}

  /// The next kDraws distances, none above `most` + 1.
  std::span<const int32_t, kDraws> next() {
    random_.fill(words_);
    steps_of_uniforms(words_.data(), scale_, most_, steps_.data());
    return steps_;
  }

 private:
  float scale_, most_;
  RandomStream random_;
  std::array<uint32_t, kDraws> words_;
  std::array<int32_t, kDraws> steps_;
};

/// Marks columns, to be asked in any order.
class ColumnSet {
 public:
  explicit ColumnSet(int64_t columns) : words_(static_cast<size_t>(columns / 64 + 1)) {}

  void insert(std::span<const int32_t> columns) {
    for (const int32_t j : columns) word(j) |= uint64_t{1} << (j & 63);
  }
  void erase(std::span<const int32_t> columns) {
    for (const int32_t j : columns) word(j) = 0;
  }
  bool contains(int32_t j) const { return words_[static_cast<size_t>(j >> 6)] >> (j & 63) & 1; }

 private:
  uint64_t& word(int32_t j) { return words_[static_cast<size_t>(j >> 6)]; }
  std::vector<uint64_t> words_;
};

/// Appends the columns of the drawn zeros of one row: all columns are drawn from, and non-zeros
/// thrown away, which needs no branch that depends on what is drawn.
void sample_row(const ColumnSet& nonzeros, int64_t columns, double probability, RandomStream random,
                std::vector<int32_t>& drawn) {
  if (probability >= 1.0) {
    for (int32_t j = 0; j < columns; ++j) {
      if (!nonzeros.contains(j)) drawn.push_back(j);
    }
    return;
  }
  GeometricSteps steps(probability, columns, random);
  std::array<int32_t, kDraws> kept;
  for (int64_t column = -1; column < columns;) {
    size_t count = 0;
    for (const int32_t step : steps.next()) {
      column += step;
      if (column >= columns) break;
      kept[count] = static_cast<int32_t>(column);
      count += !nonzeros.contains(static_cast<int32_t>(column));
    }
    drawn.insert(drawn.end(), kept.begin(), kept.begin() + count);
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
    const double expected = probability * static_cast<double>((end - begin) * nonzeros.columns);
    mine.reserve(static_cast<size_t>(expected + 6 * std::sqrt(expected)) + kDraws);
    ColumnSet row(nonzeros.columns);
    for (int64_t i = begin; i < end; ++i) {
      const size_t start = mine.size();
      row.insert(nonzeros.row(i));
      sample_row(row, nonzeros.columns, probability,
                 RandomStream(seed, purpose, step, static_cast<uint32_t>(i)), mine);
      row.erase(nonzeros.row(i));
      zeros.offsets[static_cast<size_t>(i) + 1] = static_cast<int64_t>(mine.size() - start);
    }
  });
  for (size_t i = 1; i < zeros.offsets.size(); ++i) zeros.offsets[i] += zeros.offsets[i - 1];
  zeros.indices.resize(static_cast<size_t>(zeros.offsets.back()));
  pool.for_each(static_cast<int64_t>(drawn.size()), [&](int64_t block) {
    const auto& mine = drawn[static_cast<size_t>(block)];
    std::copy(mine.begin(), mine.end(),
              zeros.indices.begin() + zeros.offsets[static_cast<size_t>(block * kRows)]);
  });
}

}  // namespace grids::core
