// Loops over whole tensors, entry by entry: Adam, running means, norms, squared errors.
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/simd.hpp"
#include "train/kernel_blocks.hpp"
#include "train/kernels.hpp"

namespace grids::core {
namespace {

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

/// Sums of 32 squares in float, which keeps all but the last digit, then in double.
GRIDS_CLONES double squared_norm_block(const float* values, int64_t count) {
  constexpr int64_t kSums = 4, kTerms = 8;
  HalfDoubles exact[2] = {};
  int64_t i = 0;
  for (; i + kSums * kTerms * kLanes <= count; i += kSums * kTerms * kLanes) {
    Lanes sums[kSums] = {};
    for (int64_t k = 0; k < kTerms; ++k) {
      for (int64_t s = 0; s < kSums; ++s) {
        const Lanes x = lanes_at(values + i + (k * kSums + s) * kLanes);
        sums[s] += x * x;
      }
    }
    float total[kLanes];
    lanes_at(total) = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    add_exactly(total, exact);
  }
  double sum = sum_of(exact);
  for (; i < count; ++i) sum += static_cast<double>(values[i]) * values[i];
  return sum;
}

GRIDS_CLONES double squared_error_block(const float* predicted, const float* target, int64_t count,
                                        float scale, float* gradient) {
  HalfDoubles sums[2] = {};
  float differences[kLanes];
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    lanes_at(differences) = lanes_at(predicted + i) - lanes_at(target + i);
    add_squares_exactly(differences, sums);
    if (gradient) lanes_at(gradient + i) = scale * lanes_at(differences);
  }
  double sum = sum_of(sums);
  for (; i < count; ++i) {
    const float difference = predicted[i] - target[i];
    sum += static_cast<double>(difference) * difference;
    if (gradient) gradient[i] = scale * difference;
  }
  return sum;
}

constexpr int64_t kFlatBlock = 1 << 15;

}  // namespace

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

double squared_error(ThreadPool& pool, double weight, std::span<const float> predicted,
                     std::span<const float> target, float* gradient) {
  const auto count = static_cast<int64_t>(predicted.size());
  const double scale = count > 0 ? 1.0 / static_cast<double>(count) : 0.0;
  std::vector<double> sums(static_cast<size_t>((count + kFlatBlock - 1) / kFlatBlock), 0.0);
  pool.for_blocks(count, kFlatBlock, [&](int64_t begin, int64_t end, int64_t block) {
    sums[static_cast<size_t>(block)] = squared_error_block(
        predicted.data() + begin, target.data() + begin, end - begin,
        static_cast<float>(2 * scale * weight), gradient ? gradient + begin : nullptr);
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

}  // namespace grids::core
