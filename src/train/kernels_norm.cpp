#include "train/kernels_norm.hpp"

#include <algorithm>
#include <vector>

#include "base/simd.hpp"

namespace grids::core {
namespace {

/// Columns that a thread takes at a time: all rows of them stay in the cache between passes.
constexpr int64_t kColumns = 64;

/// A block of columns of a matrix.
struct Columns {
  int64_t rows, stride;
  int64_t begin, count;
};

GRIDS_CLONES void sums_of(const Columns& block, const float* x, float* sums) {
  double exact[kColumns] = {};
  for (int64_t row = 0; row < block.rows; ++row) {
    const float* from = x + row * block.stride + block.begin;
    for (int64_t i = 0; i < block.count; ++i) exact[i] += from[i];
  }
  for (int64_t i = 0; i < block.count; ++i) sums[block.begin + i] = static_cast<float>(exact[i]);
}

GRIDS_CLONES void moments_of(const Columns& block, const float* x, float* mean, float* variance) {
  const auto rows = static_cast<double>(block.rows);
  double centre[kColumns] = {}, squares[kColumns] = {};
  for (int64_t row = 0; row < block.rows; ++row) {
    const float* from = x + row * block.stride + block.begin;
    for (int64_t i = 0; i < block.count; ++i) centre[i] += from[i];
  }
  for (int64_t i = 0; i < block.count; ++i) centre[i] /= rows;
  for (int64_t row = 0; row < block.rows; ++row) {
    const float* from = x + row * block.stride + block.begin;
    for (int64_t i = 0; i < block.count; ++i) {
      const double distance = from[i] - centre[i];
      squares[i] += distance * distance;
    }
  }
  for (int64_t i = 0; i < block.count; ++i) {
    mean[block.begin + i] = static_cast<float>(centre[i]);
    variance[block.begin + i] = static_cast<float>(squares[i] / rows);
  }
}

/// A layer's numbers for a block of columns.
struct Affine {
  float mean[kColumns], inverse[kColumns], weight[kColumns], bias[kColumns], slope[kColumns];

  Affine(const NormLayer& layer, const Columns& block) {
    for (int64_t i = 0; i < block.count; ++i) {
      const int64_t column = block.begin + i;
      mean[i] = layer.mean[column];
      inverse[i] = layer.inverse[column];
      weight[i] = layer.weight[column];
      bias[i] = layer.bias[column];
      slope[i] = layer.slopes ? layer.slopes[column / layer.slope_columns] : 1.0f;
    }
  }
};

GRIDS_CLONES void normalise_columns(const Columns& block, const Affine& layer, const float* x,
                                    float* y) {
  for (int64_t row = 0; row < block.rows; ++row) {
    const float* from = x + row * block.stride + block.begin;
    float* to = y + row * block.stride + block.begin;
    for (int64_t i = 0; i < block.count; ++i) {
      const float z =
          (from[i] - layer.mean[i]) * layer.inverse[i] * layer.weight[i] + layer.bias[i];
      to[i] = z > 0 ? z : layer.slope[i] * z;
    }
  }
}

/// Sums over rows that the gradients are made of: d is the gradient before the PReLU, u the
/// normalised x.
struct GradientSums {
  double d[kColumns] = {};
  double du[kColumns] = {};
  double slope[kColumns] = {};
};

GRIDS_CLONES void gradient_sums(const Columns& block, const Affine& layer, const float* x,
                                const float* y_gradient, GradientSums& sums) {
  for (int64_t row = 0; row < block.rows; ++row) {
    const float* from = x + row * block.stride + block.begin;
    const float* g = y_gradient + row * block.stride + block.begin;
    for (int64_t i = 0; i < block.count; ++i) {
      const float u = (from[i] - layer.mean[i]) * layer.inverse[i];
      const float z = u * layer.weight[i] + layer.bias[i];
      const float d = z > 0 ? g[i] : layer.slope[i] * g[i];
      const float to_slope = z > 0 ? 0.0f : g[i] * z;
      sums.d[i] += d;
      sums.du[i] += static_cast<double>(d) * u;
      sums.slope[i] += to_slope;
    }
  }
}

/// `mean_d` and `mean_du` are 0 where the statistics are not those of x.
GRIDS_CLONES void input_gradient(const Columns& block, const Affine& layer, const float* x,
                                 const float* y_gradient, const float* mean_d, const float* mean_du,
                                 float* x_gradient) {
  for (int64_t row = 0; row < block.rows; ++row) {
    const float* from = x + row * block.stride + block.begin;
    const float* g = y_gradient + row * block.stride + block.begin;
    float* to = x_gradient + row * block.stride + block.begin;
    for (int64_t i = 0; i < block.count; ++i) {
      const float u = (from[i] - layer.mean[i]) * layer.inverse[i];
      const float z = u * layer.weight[i] + layer.bias[i];
      const float d = z > 0 ? g[i] : layer.slope[i] * g[i];
      to[i] = layer.weight[i] * layer.inverse[i] * (d - mean_d[i] - u * mean_du[i]);
    }
  }
}

template <typename Work>
void for_columns(ThreadPool& pool, int64_t rows, int64_t columns, const Work& work) {
  pool.for_blocks(columns, kColumns, [&](int64_t begin, int64_t end, int64_t) {
    work(Columns{rows, columns, begin, end - begin});
  });
}

}  // namespace

void column_moments(ThreadPool& pool, int64_t rows, int64_t columns, const float* x, float* mean,
                    float* variance) {
  for_columns(pool, rows, columns,
              [&](const Columns& block) { moments_of(block, x, mean, variance); });
}

void column_sums(ThreadPool& pool, int64_t rows, int64_t columns, const float* x, float* sums) {
  for_columns(pool, rows, columns, [&](const Columns& block) { sums_of(block, x, sums); });
}

void normalise(ThreadPool& pool, const NormLayer& layer, const float* x, float* y) {
  for_columns(pool, layer.rows, layer.columns,
              [&](const Columns& block) { normalise_columns(block, Affine(layer, block), x, y); });
}

void normalise_gradient(ThreadPool& pool, const NormLayer& layer, const float* x,
                        const float* y_gradient, const NormGradient& gradient) {
  std::vector<double> to_slopes(static_cast<size_t>(layer.columns));
  for_columns(pool, layer.rows, layer.columns, [&](const Columns& block) {
    const Affine affine(layer, block);
    GradientSums sums;
    gradient_sums(block, affine, x, y_gradient, sums);
    float mean_d[kColumns] = {}, mean_du[kColumns] = {};
    for (int64_t i = 0; i < block.count; ++i) {
      const int64_t column = block.begin + i;
      if (gradient.bias) gradient.bias[column] = static_cast<float>(sums.d[i]);
      if (gradient.weight) gradient.weight[column] = static_cast<float>(sums.du[i]);
      to_slopes[static_cast<size_t>(column)] = sums.slope[i];
      if (!layer.of_batch) continue;
      mean_d[i] = static_cast<float>(sums.d[i] / static_cast<double>(layer.rows));
      mean_du[i] = static_cast<float>(sums.du[i] / static_cast<double>(layer.rows));
    }
    if (gradient.x) input_gradient(block, affine, x, y_gradient, mean_d, mean_du, gradient.x);
  });
  if (!gradient.slopes || !layer.slopes) return;
  for (int64_t begin = 0; begin < layer.columns; begin += layer.slope_columns) {
    double sum = 0;
    for (int64_t i = 0; i < layer.slope_columns; ++i) {
      sum += to_slopes[static_cast<size_t>(begin + i)];
    }
    gradient.slopes[begin / layer.slope_columns] = static_cast<float>(sum);
  }
}

}  // namespace grids::core
