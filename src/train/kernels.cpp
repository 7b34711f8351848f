#include "train/kernels.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "base/simd.hpp"

// Loops over a peak's vector have a length known to the compiler for the usual widths, which turns
// them into a few vector instructions. `body` is inlined into each instruction set's clone.
#define GRIDS_INLINE [[gnu::always_inline]] inline

namespace grids {
namespace {

constexpr int kAnyWidth = 0;

template <int kWidth>
GRIDS_INLINE int64_t fixed(int64_t width) {
  return kWidth == kAnyWidth ? width : kWidth;
}

/// a · b; pairwise for the fixed widths, so that it vectorises without reordering by the compiler.
template <int kWidth>
GRIDS_INLINE float dot(const float* a, const float* b, int64_t width) {
  if constexpr (kWidth == kAnyWidth) {
    float sum = 0;
    for (int64_t i = 0; i < width; ++i) sum += a[i] * b[i];
    return sum;
  } else {
    float products[kWidth];
    for (int i = 0; i < kWidth; ++i) products[i] = a[i] * b[i];
    for (int half = kWidth / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i) products[i] += products[i + half];
    }
    return products[0];
  }
}

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

/// log(1 + e) for e in [0, 1]: 2·artanh(e / (2 + e)), whose series ends quickly as the argument is
/// at most 1/3. Accurate for tiny e too.
GRIDS_INLINE float log1p_unit(float e) {
  const float r = e / (2.0f + e);
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

// ---------------------------------------------------------------- chromosome sums

/// Adds one block's share to `partial` (cells × width); the sum over its E[j, 0] comes first.
template <int kWidth>
GRIDS_INLINE void sums_body(const PeakBlocks& blocks, int64_t block, const BlockedRows& open,
                            int64_t any_width, const float* embedding, float* partial) {
  const int64_t width = fixed<kWidth>(any_width);
  const int64_t cells = open.pattern.rows;
  std::vector<double> base(static_cast<size_t>(width), 0.0);
  for (int64_t j = blocks.begin(block); j < blocks.end(block); ++j) {
    const float* closed = embedding + 2 * j * width;
    for (int64_t i = 0; i < width; ++i) base[static_cast<size_t>(i)] += closed[i];
  }
  for (int64_t cell = 0; cell < cells; ++cell) {
    float* out = partial + cell * width;
    for (int64_t i = 0; i < width; ++i) out[i] = static_cast<float>(base[static_cast<size_t>(i)]);
    for (const int32_t j : open.entries(cell, block, blocks.size())) {
      const float* row = embedding + 2 * int64_t{j} * width;
      for (int64_t i = 0; i < width; ++i) out[i] += row[width + i] - row[i];
    }
  }
}

GRIDS_CLONES void sums_block(const PeakBlocks& blocks, int64_t block, const BlockedRows& open,
                             int64_t width, const float* embedding, float* partial) {
  switch (width) {
    case 8:
      return sums_body<8>(blocks, block, open, width, embedding, partial);
    case 16:
      return sums_body<16>(blocks, block, open, width, embedding, partial);
    default:
      return sums_body<kAnyWidth>(blocks, block, open, width, embedding, partial);
  }
}

template <int kWidth>
GRIDS_INLINE void sums_gradient_body(const PeakBlocks& blocks, int64_t block,
                                     const BlockedRows& open, int64_t any_width,
                                     const float* sums_gradient, const float* totals,
                                     float* embedding_gradient) {
  const int64_t width = fixed<kWidth>(any_width);
  const int64_t row_length = blocks.chromosomes() * width;
  const int64_t chromosome = blocks.chromosome(block);
  const float* total = totals + chromosome * width;
  for (int64_t j = blocks.begin(block); j < blocks.end(block); ++j) {
    float* row = embedding_gradient + 2 * j * width;
    for (int64_t i = 0; i < width; ++i) row[i] = total[i];
    for (int64_t i = 0; i < width; ++i) row[width + i] = 0;
  }
  for (int64_t cell = 0; cell < open.pattern.rows; ++cell) {
    const float* gradient = sums_gradient + cell * row_length + chromosome * width;
    for (const int32_t j : open.entries(cell, block, blocks.size())) {
      float* row = embedding_gradient + 2 * int64_t{j} * width;
      for (int64_t i = 0; i < width; ++i) row[i] -= gradient[i];
      for (int64_t i = 0; i < width; ++i) row[width + i] += gradient[i];
    }
  }
}

GRIDS_CLONES void sums_gradient_block(const PeakBlocks& blocks, int64_t block,
                                      const BlockedRows& open, int64_t width,
                                      const float* sums_gradient, const float* totals,
                                      float* embedding_gradient) {
  switch (width) {
    case 8:
      return sums_gradient_body<8>(blocks, block, open, width, sums_gradient, totals,
                                   embedding_gradient);
    case 16:
      return sums_gradient_body<16>(blocks, block, open, width, sums_gradient, totals,
                                    embedding_gradient);
    default:
      return sums_gradient_body<kAnyWidth>(blocks, block, open, width, sums_gradient, totals,
                                           embedding_gradient);
  }
}

// ---------------------------------------------------------------- focal reconstruction

/// Logits in, d loss / d logit out; `sign` is 1 for open peaks, −1 for closed ones. Returns Σ loss.
GRIDS_CLONES double focal_terms(float sign, float scale, std::span<float> logits,
                                std::vector<float>& losses) {
  const int64_t count = static_cast<int64_t>(logits.size());
  losses.resize(logits.size());
  float* z = logits.data();
  float* loss = losses.data();
  for (int64_t i = 0; i < count; ++i) {
    const float t = sign * z[i];
    const float e = exp_negative(-std::min(std::abs(t), 87.0f));
    const float inverse = 1.0f / (1.0f + e);
    const float wrong = t > 0 ? e * inverse : inverse;  // σ(−t)
    const float right = t > 0 ? inverse : e * inverse;
    const float softplus = std::max(-t, 0.0f) + log1p_unit(e);
    loss[i] = wrong * wrong * softplus;
    z[i] = -sign * scale * wrong * wrong * (2.0f * right * softplus + wrong);
  }
  double lanes[8] = {};
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (int lane = 0; lane < 8; ++lane) lanes[lane] += loss[i + lane];
  }
  double sum = 0;
  for (; i < count; ++i) sum += loss[i];
  for (const double lane : lanes) sum += lane;
  return sum;
}

struct HeadBlock {
  const PeakBlocks& blocks;
  int64_t block;
  const BlockedRows& open;
  const BlockedRows& closed;
  const DecoderHead& head;
  const DecoderHeadGradient& gradient;
  float scale;            ///< 1 / number of terms
  float* hidden_partial;  ///< cells × width, or null
};

template <int kWidth>
GRIDS_INLINE double head_body(const HeadBlock& task) {
  const int64_t width = fixed<kWidth>(task.head.width);
  const int64_t block = task.block;
  const int64_t first = task.blocks.begin(block);
  const int64_t peaks = task.blocks.end(block) - first;
  const int64_t row_length = task.blocks.chromosomes() * width;
  const int64_t column = task.blocks.chromosome(block) * width;
  float* weight_gradient = task.gradient.weight ? task.gradient.weight + first * width : nullptr;
  float* bias_gradient = task.gradient.bias ? task.gradient.bias + first : nullptr;
  if (weight_gradient) std::fill_n(weight_gradient, peaks * width, 0.0f);
  if (bias_gradient) std::fill_n(bias_gradient, peaks, 0.0f);
  const bool any_gradient = weight_gradient || bias_gradient || task.hidden_partial;
  std::vector<float> logits, losses;
  double sum = 0;
  for (int64_t cell = 0; cell < task.open.pattern.rows; ++cell) {
    const float* hidden = task.head.hidden + cell * row_length + column;
    float* hidden_gradient = task.hidden_partial ? task.hidden_partial + cell * width : nullptr;
    if (hidden_gradient) std::fill_n(hidden_gradient, width, 0.0f);
    for (const bool is_open : {true, false}) {
      const auto entries =
          (is_open ? task.open : task.closed).entries(cell, block, task.blocks.size());
      logits.resize(entries.size());
      for (size_t k = 0; k < entries.size(); ++k) {
        const int64_t j = entries[k];
        logits[k] = dot<kWidth>(hidden, task.head.weight + j * width, width) + task.head.bias[j];
      }
      sum += focal_terms(is_open ? 1.0f : -1.0f, task.scale, logits, losses);
      if (!any_gradient) continue;
      for (size_t k = 0; k < entries.size(); ++k) {
        const int64_t j = entries[k];
        const float g = logits[k];
        if (weight_gradient) {
          float* row = weight_gradient + (j - first) * width;
          for (int64_t i = 0; i < width; ++i) row[i] += g * hidden[i];
        }
        if (bias_gradient) bias_gradient[j - first] += g;
        if (hidden_gradient) {
          const float* row = task.head.weight + j * width;
          for (int64_t i = 0; i < width; ++i) hidden_gradient[i] += g * row[i];
        }
      }
    }
  }
  return sum;
}

GRIDS_CLONES double head_block(const HeadBlock& task) {
  switch (task.head.width) {
    case 8:
      return head_body<8>(task);
    case 16:
      return head_body<16>(task);
    default:
      return head_body<kAnyWidth>(task);
  }
}

// ---------------------------------------------------------------- Adam

GRIDS_CLONES void adam_block(float rate, float beta1, float beta2, float epsilon,
                             float inverse_root, float scale, int64_t count, float* parameter,
                             const float* gradient, float* mean, float* square) {
  for (int64_t i = 0; i < count; ++i) {
    const float g = scale * gradient[i];
    const float m = beta1 * mean[i] + (1.0f - beta1) * g;
    const float v = beta2 * square[i] + (1.0f - beta2) * g * g;
    mean[i] = m;
    square[i] = v;
    parameter[i] -= rate * m / (std::sqrt(v) * inverse_root + epsilon);
  }
}

GRIDS_CLONES void average_block(float decay, const float* values, int64_t count, float* mean) {
  for (int64_t i = 0; i < count; ++i) mean[i] = decay * mean[i] + (1.0f - decay) * values[i];
}

GRIDS_CLONES double squared_norm_block(const float* values, int64_t count) {
  double lanes[16] = {};
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (int lane = 0; lane < 16; ++lane) {
      lanes[lane] += static_cast<double>(values[i + lane]) * values[i + lane];
    }
  }
  double sum = 0;
  for (; i < count; ++i) sum += static_cast<double>(values[i]) * values[i];
  for (const double lane : lanes) sum += lane;
  return sum;
}

/// out (cells × chromosomes × width) = for each chromosome, the sum over its blocks of partials
/// (blocks × cells × width), in the order of the blocks.
void reduce_blocks(ThreadPool& pool, const PeakBlocks& blocks, int64_t cells, int64_t width,
                   const std::vector<float>& partials, float* out) {
  const int64_t chromosomes = blocks.chromosomes();
  pool.for_each(chromosomes, [&](int64_t c) {
    for (int64_t cell = 0; cell < cells; ++cell) {
      float* row = out + (cell * chromosomes + c) * width;
      std::fill_n(row, width, 0.0f);
      for (int64_t block = blocks.first_block(c); block < blocks.first_block(c + 1); ++block) {
        const float* partial = partials.data() + (block * cells + cell) * width;
        for (int64_t i = 0; i < width; ++i) row[i] += partial[i];
      }
    }
  });
}

constexpr int64_t kFlatBlock = 1 << 15;

}  // namespace

void chromosome_sums(ThreadPool& pool, const PeakBlocks& blocks, const BlockedRows& open,
                     int64_t width, const float* embedding, float* sums) {
  const int64_t cells = open.pattern.rows;
  std::vector<float> partials(static_cast<size_t>(blocks.size() * cells * width));
  pool.for_each(blocks.size(), [&](int64_t block) {
    sums_block(blocks, block, open, width, embedding, partials.data() + block * cells * width);
  });
  reduce_blocks(pool, blocks, cells, width, partials, sums);
}

void chromosome_sums_gradient(ThreadPool& pool, const PeakBlocks& blocks, const BlockedRows& open,
                              int64_t width, const float* sums_gradient,
                              float* embedding_gradient) {
  const int64_t row_length = blocks.chromosomes() * width;
  std::vector<double> exact(static_cast<size_t>(row_length), 0.0);
  for (int64_t cell = 0; cell < open.pattern.rows; ++cell) {
    for (int64_t i = 0; i < row_length; ++i) {
      exact[static_cast<size_t>(i)] += sums_gradient[cell * row_length + i];
    }
  }
  const std::vector<float> totals(exact.begin(), exact.end());
  pool.for_each(blocks.size(), [&](int64_t block) {
    sums_gradient_block(blocks, block, open, width, sums_gradient, totals.data(),
                        embedding_gradient);
  });
}

double focal_reconstruction(ThreadPool& pool, const PeakBlocks& blocks, const BlockedRows& open,
                            const BlockedRows& closed, const DecoderHead& head,
                            const DecoderHeadGradient& gradient) {
  const int64_t cells = open.pattern.rows;
  const int64_t terms = open.pattern.nonzeros() + closed.pattern.nonzeros();
  const double scale = terms > 0 ? 1.0 / static_cast<double>(terms) : 0.0;
  std::vector<float> partials;
  if (gradient.hidden) partials.resize(static_cast<size_t>(blocks.size() * cells * head.width));
  std::vector<double> sums(static_cast<size_t>(blocks.size()));
  pool.for_each(blocks.size(), [&](int64_t block) {
    sums[static_cast<size_t>(block)] =
        head_block({blocks, block, open, closed, head, gradient, static_cast<float>(scale),
                    gradient.hidden ? partials.data() + block * cells * head.width : nullptr});
  });
  if (gradient.hidden) {
    reduce_blocks(pool, blocks, cells, head.width, partials, gradient.hidden);
  }
  double sum = 0;
  for (const double part : sums) sum += part;
  return sum * scale;
}

double squared_error_at(ThreadPool& pool, const CsrPattern& first, const CsrPattern& second,
                        const float* predicted, const float* target, float* gradient) {
  const int64_t terms = first.nonzeros() + second.nonzeros();
  const double scale = terms > 0 ? 1.0 / static_cast<double>(terms) : 0.0;
  constexpr int64_t kRows = 8;
  std::vector<double> sums(static_cast<size_t>((first.rows + kRows - 1) / kRows), 0.0);
  pool.for_blocks(first.rows, kRows, [&](int64_t begin, int64_t end, int64_t block) {
    const int64_t columns = first.columns;
    if (gradient) std::fill_n(gradient + begin * columns, (end - begin) * columns, 0.0f);
    double sum = 0;
    for (int64_t row = begin; row < end; ++row) {
      for (const CsrPattern* pattern : {&first, &second}) {
        for (const int32_t j : pattern->row(row)) {
          const double difference =
              static_cast<double>(predicted[row * columns + j]) - target[row * columns + j];
          sum += difference * difference;
          if (gradient) gradient[row * columns + j] = static_cast<float>(2 * scale * difference);
        }
      }
    }
    sums[static_cast<size_t>(block)] = sum;
  });
  double sum = 0;
  for (const double part : sums) sum += part;
  return sum * scale;
}

void adam(ThreadPool& pool, const AdamStep& step, std::span<float> parameter,
          std::span<const float> gradient, std::span<float> mean, std::span<float> square) {
  const auto steps = static_cast<double>(step.step);
  const double correction1 = 1 - std::pow(step.beta1, steps);
  const double correction2 = 1 - std::pow(step.beta2, steps);
  const auto rate = static_cast<float>(step.rate / correction1);
  const auto inverse_root = static_cast<float>(1 / std::sqrt(correction2));
  pool.for_blocks(
      static_cast<int64_t>(parameter.size()), kFlatBlock, [&](int64_t begin, int64_t end, int64_t) {
        adam_block(rate, static_cast<float>(step.beta1), static_cast<float>(step.beta2),
                   static_cast<float>(step.epsilon), inverse_root,
                   static_cast<float>(step.gradient_scale), end - begin, parameter.data() + begin,
                   gradient.data() + begin, mean.data() + begin, square.data() + begin);
      });
}

void move_average(ThreadPool& pool, double decay, std::span<const float> values,
                  std::span<float> mean) {
  pool.for_blocks(static_cast<int64_t>(values.size()), kFlatBlock,
                  [&](int64_t begin, int64_t end, int64_t) {
                    average_block(static_cast<float>(decay), values.data() + begin, end - begin,
                                  mean.data() + begin);
                  });
}

double squared_norm(ThreadPool& pool, std::span<const float> values) {
  const auto count = static_cast<int64_t>(values.size());
  std::vector<double> sums(static_cast<size_t>((count + kFlatBlock - 1) / kFlatBlock), 0.0);
  pool.for_blocks(count, kFlatBlock, [&](int64_t begin, int64_t end, int64_t block) {
    sums[static_cast<size_t>(block)] = squared_norm_block(values.data() + begin, end - begin);
  });
  double sum = 0;
  for (const double part : sums) sum += part;
  return sum;
}

}  // namespace grids
