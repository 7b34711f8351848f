// The ATAC decoder's last layer with its loss: logits only at the peaks that the loss reads.
#include <bit>
#include <cmath>
#include <vector>

#include "base/simd.hpp"
#include "math/lanes.hpp"
#include "train/kernel_blocks.hpp"
#include "train/kernels.hpp"

namespace grids::core {
namespace {

/// exp(x) for x in [−87, 0]: 2^k times a polynomial on [−½ ln 2, ½ ln 2]; relative error 2e-7.
GRIDS_INLINE float exp_negative(float x) {
  constexpr float kRound = 12582912.0f;  // adding it leaves the integer in the low bits
  const float shifted = x * 1.44269504f + kRound;
  const int32_t k = std::bit_cast<int32_t>(shifted) - std::bit_cast<int32_t>(kRound);
  const float whole = shifted - kRound;
  const float r = (x - whole * 0.693359375f) + whole * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return (p * r * r + r + 1.0f) * std::bit_cast<float>((k + 127) << 23);
}

/// log(1 + e) for e in [0, 1] from r = e / (2 + e): 2·artanh(r), whose series ends quickly as r is
/// at most 1/3. Accurate for tiny e too.
GRIDS_INLINE float log1p_of_ratio(float r) {
  const float s = r * r;
  float p = 1.0f / 15;
  p = p * s + 1.0f / 13;
  p = p * s + 1.0f / 11;
  p = p * s + 1.0f / 9;
  p = p * s + 1.0f / 7;
  p = p * s + 1.0f / 5;
  p = p * s + 1.0f / 3;
  return 2.0f * r * (p * s + 1.0f);
}

/// A block of peaks, all cells.
struct HeadBlock {
  const PeakBlocks& blocks;
  int64_t block;
  const BlockedRows& open;
  const BlockedRows& closed;
  DecoderHead head;              ///< weight and bias from the block's first peak on
  DecoderHeadGradient gradient;  ///< likewise; of hidden: the block's share, cells × width
  float scale;                   ///< 1 / number of terms

  int64_t peaks() const { return blocks.end(block) - blocks.begin(block); }
  bool wants_gradient() const { return gradient.weight || gradient.bias || gradient.hidden; }
};

/// The terms of one cell in one block: open peaks first, then closed ones; the arrays reach to the
/// next multiple of kLanes, where copies of the last term stand.
struct Terms {
  explicit Terms(int64_t most)
      : peaks(static_cast<size_t>(padded(most))),
        values(static_cast<size_t>(padded(most))),
        losses(static_cast<size_t>(padded(most))) {}

  int64_t count = 0, open = 0;
  std::vector<int32_t> peaks;  ///< counted from the block's first
  std::vector<float> values;   ///< logits, then their gradients
  std::vector<float> losses;
};

GRIDS_CLONES void gather_terms(int32_t first, std::span<const int32_t> open,
                               std::span<const int32_t> closed, Terms& terms) {
  terms.open = static_cast<int64_t>(open.size());
  terms.count = terms.open + static_cast<int64_t>(closed.size());
  int32_t* to = terms.peaks.data();
  for (size_t k = 0; k < open.size(); ++k) to[k] = open[k] - first;
  to += open.size();
  for (size_t k = 0; k < closed.size(); ++k) to[k] = closed[k] - first;
  for (int64_t k = terms.count; k < padded(terms.count); ++k) {
    terms.peaks[static_cast<size_t>(k)] = terms.peaks[static_cast<size_t>(terms.count - 1)];
  }
}

/// Logits of kLanes terms to gradients: d loss / d logit times `scale`. The first `opens` of them
/// are those of open peaks.
GRIDS_INLINE void focal_lanes(float scale, int32_t opens, float* __restrict z,
                              float* __restrict loss) {
  for (int32_t i = 0; i < kLanes; ++i) {
    const float sign = i < opens ? 1.0f : -1.0f;
    const float t = sign * z[i];
    const float e = exp_negative(-std::min(std::abs(t), 87.0f));
    // Both divisions in one: by 1 + e for the sigmoid, by 2 + e for the logarithm.
    const float both = 1.0f / ((1.0f + e) * (2.0f + e));
    const float inverse = both * (2.0f + e);
    const float smaller = e * inverse;
    const float wrong = t > 0 ? smaller : inverse;  // σ(−t)
    const float right = t > 0 ? inverse : smaller;
    const float softplus = std::max(-t, 0.0f) + log1p_of_ratio(e * both * (1.0f + e));
    loss[i] = wrong * wrong * softplus;
    z[i] = -sign * scale * wrong * wrong * (2.0f * right * softplus + wrong);
  }
}

/// Logits to gradients, for all terms. Returns Σ loss.
GRIDS_CLONES double focal_terms(float scale, Terms& terms) {
  float* loss = terms.losses.data();
  const auto opens = static_cast<int32_t>(terms.open);
  const auto all = static_cast<int32_t>(padded(terms.count));
  for (int32_t i = 0; i < all; i += kLanes) {
    focal_lanes(scale, opens - i, terms.values.data() + i, loss + i);
  }
  std::fill(loss + terms.count, loss + all, 0.0f);
  HalfDoubles sums[2] = {};
  for (int32_t i = 0; i < all; i += kLanes) add_exactly(loss + i, sums);
  return sum_of(sums);
}

// ---------------------------------------------------------------- any width

void logits_any_width(const HeadBlock& task, const float* hidden, Terms& terms) {
  const int64_t width = task.head.width;
  for (int64_t k = 0; k < padded(terms.count); ++k) {
    const int64_t j = terms.peaks[static_cast<size_t>(k)];
    const float* row = task.head.weight + j * width;
    float sum = 0;
    for (int64_t i = 0; i < width; ++i) sum += hidden[i] * row[i];
    terms.values[static_cast<size_t>(k)] = sum + task.head.bias[j];
  }
}

void gradients_any_width(const HeadBlock& task, const float* hidden, float* to_hidden,
                         const Terms& terms) {
  const int64_t width = task.head.width;
  if (to_hidden) std::fill_n(to_hidden, width, 0.0f);
  for (int64_t k = 0; k < terms.count; ++k) {
    const int64_t j = terms.peaks[static_cast<size_t>(k)];
    const float g = terms.values[static_cast<size_t>(k)];
    const float* row = task.head.weight + j * width;
    for (int64_t i = 0; i < width; ++i) {
      if (task.gradient.weight) task.gradient.weight[j * width + i] += g * hidden[i];
      if (to_hidden) to_hidden[i] += g * row[i];
    }
  }
}

// ---------------------------------------------------------------- the published width

// Sums over the lanes of sixteen vectors at once, by transposing: these three halve the number of
// vectors and double how much of a sum each lane holds; the third is used twice.

GRIDS_INLINE void add_pairs(const Lanes& a, const Lanes& b, Lanes& sum) {
  sum = __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29) +
        __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
}
GRIDS_INLINE void add_quads(const Lanes& a, const Lanes& b, Lanes& sum) {
  sum = __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
        __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
}
GRIDS_INLINE void add_quarters(const Lanes& a, const Lanes& b, Lanes& sum) {
  sum = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
        __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}

/// Sixteen products of rows with `hidden` at once: the sums over lanes are taken by transposing.
GRIDS_CLONES void logits_of_lanes(const HeadBlock& task, const float* hidden_at, Terms& terms) {
  const Lanes hidden = lanes_at(hidden_at);
  const float* weight = task.head.weight;
  const float* bias = task.head.bias;
  for (int64_t k = 0; k < terms.count; k += kLanes) {
    const int32_t* j = terms.peaks.data() + k;
    Lanes quarters[4];
    for (int q = 0; q < 4; ++q) {
      Lanes products[4], pairs[2];
      for (int r = 0; r < 4; ++r) {
        products[r] = hidden * lanes_at(weight + int64_t{j[4 * q + r]} * kLanes);
      }
      add_pairs(products[0], products[1], pairs[0]);
      add_pairs(products[2], products[3], pairs[1]);
      add_quads(pairs[0], pairs[1], quarters[q]);
    }
    Lanes halves[2], dots;
    add_quarters(quarters[0], quarters[1], halves[0]);
    add_quarters(quarters[2], quarters[3], halves[1]);
    add_quarters(halves[0], halves[1], dots);
    float* logits = terms.values.data() + k;
    for (int r = 0; r < kLanes; ++r) logits[r] = bias[j[r]];
    lanes_at(logits) += dots;
  }
}

/// Both gradients in one pass over the terms.
GRIDS_CLONES void gradients_of_lanes(const HeadBlock& task, const float* hidden_at,
                                     float* to_hidden, const Terms& terms) {
  const Lanes hidden = lanes_at(hidden_at);
  const float* weight = task.head.weight;
  float* to_weight = task.gradient.weight;
  const int32_t* j = terms.peaks.data();
  const float* g = terms.values.data();
  // Four sums side by side: one would wait for its last addition each time.
  Lanes sums[4] = {};
  const auto one = [&](int64_t k, Lanes & sum) __attribute__((always_inline)) {
    const int64_t row = int64_t{j[k]} * kLanes;
    if (to_weight) lanes_at(to_weight + row) += g[k] * hidden;
    sum += g[k] * lanes_at(weight + row);
  };
  int64_t k = 0;
  for (; k + 4 <= terms.count; k += 4) {
    for (int s = 0; s < 4; ++s) one(k + s, sums[s]);
  }
  for (; k < terms.count; ++k) one(k, sums[0]);
  if (to_hidden) lanes_at(to_hidden) = (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

double head_block(const HeadBlock& task) {
  const int64_t width = task.head.width;
  const int64_t row_length = task.blocks.chromosomes() * width;
  const int64_t column = task.blocks.chromosome(task.block) * width;
  const bool lanes = width == kLanes;
  float* to_bias = task.gradient.bias;
  if (task.gradient.weight) std::fill_n(task.gradient.weight, task.peaks() * width, 0.0f);
  if (to_bias) std::fill_n(to_bias, task.peaks(), 0.0f);
  Terms terms(task.peaks());
  double sum = 0;
  for (int64_t cell = 0; cell < task.open.pattern.rows; ++cell) {
    const float* hidden = task.head.hidden + cell * row_length + column;
    float* to_hidden = task.gradient.hidden ? task.gradient.hidden + cell * width : nullptr;
    fetch_ahead(task.open, cell, task.block, task.blocks.size());
    fetch_ahead(task.closed, cell, task.block, task.blocks.size());
    gather_terms(task.blocks.begin(task.block),
                 task.open.entries(cell, task.block, task.blocks.size()),
                 task.closed.entries(cell, task.block, task.blocks.size()), terms);
    (lanes ? logits_of_lanes : logits_any_width)(task, hidden, terms);
    sum += focal_terms(task.scale, terms);
    if (!task.wants_gradient()) continue;
    (lanes ? gradients_of_lanes : gradients_any_width)(task, hidden, to_hidden, terms);
    if (!to_bias) continue;
    for (int64_t k = 0; k < terms.count; ++k) {
      to_bias[terms.peaks[static_cast<size_t>(k)]] += terms.values[static_cast<size_t>(k)];
    }
  }
  return sum;
}

}  // namespace

double focal_reconstruction(ThreadPool& pool, const PeakBlocks& blocks, const BlockedRows& open,
                            const BlockedRows& closed, const DecoderHead& head,
                            const DecoderHeadGradient& gradient) {
  const int64_t terms = open.pattern.nonzeros() + closed.pattern.nonzeros();
  const double scale = terms > 0 ? 1.0 / static_cast<double>(terms) : 0.0;
  PeakBlockSums shares(blocks, gradient.hidden ? open.pattern.rows : 0, head.width);
  std::vector<double> sums(static_cast<size_t>(blocks.size()));
  pool.for_each(blocks.size(), [&](int64_t block) {
    const int64_t first = blocks.begin(block);
    HeadBlock task{blocks, block, open, closed, head, gradient, static_cast<float>(scale)};
    task.head.weight += first * head.width;
    task.head.bias += first;
    if (gradient.weight) task.gradient.weight += first * head.width;
    if (gradient.bias) task.gradient.bias += first;
    if (gradient.hidden) task.gradient.hidden = shares.of(block);
    sums[static_cast<size_t>(block)] = head_block(task);
  });
  if (gradient.hidden) shares.reduce(pool, gradient.hidden);
  double sum = 0;
  for (const double part : sums) sum += part;
  return sum * scale;
}

}  // namespace grids::core
