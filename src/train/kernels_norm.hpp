/// BatchNorm and the PReLU behind it in one pass, and sums over columns. Plain memory; no torch.
///
/// x, y and their gradients are rows × columns, row-major. Results do not depend on the threads.
#pragma once

#include <cstdint>

#include "base/thread_pool.hpp"

namespace grids::core {

/// Mean and (biased) variance of each column.
void column_moments(ThreadPool& pool, int64_t rows, int64_t columns, const float* x, float* mean,
                    float* variance);

/// Sum of each column.
void column_sums(ThreadPool& pool, int64_t rows, int64_t columns, const float* x, float* sums);

/// y = prelu((x − mean) · inverse · weight + bias), where prelu(z) = z > 0 ? z : slope · z.
struct NormLayer {
  int64_t rows = 0;
  int64_t columns = 0;
  const float* weight = nullptr;   ///< columns
  const float* bias = nullptr;     ///< columns
  const float* mean = nullptr;     ///< columns
  const float* inverse = nullptr;  ///< columns: 1 / standard deviation
  const float* slopes = nullptr;   ///< one for each `slope_columns` columns; null = no PReLU
  int64_t slope_columns = 1;       ///< divides columns
  /// Whether mean and deviation are those of x itself, so that a gradient goes through them.
  bool of_batch = true;
};

/// Where gradients go; null = not wanted. All entries are written.
struct NormGradient {
  float* x = nullptr;
  float* weight = nullptr;
  float* bias = nullptr;
  float* slopes = nullptr;
};

void normalise(ThreadPool& pool, const NormLayer& layer, const float* x, float* y);

/// For a gradient of y.
void normalise_gradient(ThreadPool& pool, const NormLayer& layer, const float* x,
                        const float* y_gradient, const NormGradient& gradient);

}  // namespace grids::core
