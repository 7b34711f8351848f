#include "math/pca.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "base/simd.hpp"
#include "math/gemm.hpp"
#include "math/symmetric_eigen.hpp"

namespace grids::core {
namespace {

constexpr int64_t kCellBlock = 256;
constexpr int64_t kFeatureBlock = 4096;
constexpr int64_t kGramBlock = 1024;
/// Share of the largest squared length below which a direction of float columns is only rounding.
constexpr double kEigenRounding = 1e-12;

/// line += Σ_k values[k] · rows[indices[k]], for rows of the given width.
GRIDS_CLONES void gather_rows(const int32_t* indices, const float* values, size_t count,
                              const float* rows, int64_t width, float* line) {
  for (size_t k = 0; k < count; ++k) {
    const float* source = rows + static_cast<int64_t>(indices[k]) * width;
    const float value = values[k];
    for (int64_t c = 0; c < width; ++c) line[c] += value * source[c];
  }
}

/// rows[indices[k]] += values[k] · line, for all k.
GRIDS_CLONES void scatter_rows(const int32_t* indices, const float* values, size_t count,
                               const float* line, int64_t width, float* rows) {
  for (size_t k = 0; k < count; ++k) {
    float* target = rows + static_cast<int64_t>(indices[k]) * width;
    const float value = values[k];
    for (int64_t c = 0; c < width; ++c) target[c] += value * line[c];
  }
}

/// out (cells × width) = (X − 1 meanᵀ) · right (features × width)
std::vector<float> times(const CsrMatrix& x, std::span<const float> mean,
                         const std::vector<float>& right, int64_t width, const Context& context) {
  std::vector<double> shift(at(width), 0.0);
  for (int64_t j = 0; j < x.columns(); ++j) {
    for (int64_t c = 0; c < width; ++c) {
      shift[at(c)] += static_cast<double>(mean[at(j)]) * right[at(j * width + c)];
    }
  }
  std::vector<float> out(at(x.rows() * width));
  context.pool.for_blocks(x.rows(), kCellBlock, [&](int64_t begin, int64_t end, int64_t) {
    context.check_cancelled();
    for (int64_t i = begin; i < end; ++i) {
      float* line = out.data() + i * width;
      for (int64_t c = 0; c < width; ++c) line[c] = static_cast<float>(-shift[at(c)]);
    }
    // Chunk by chunk of the features, so that the rows of `right` stay in cache from cell to cell.
    std::vector<size_t> done(at(end - begin), 0);
    for (int64_t chunk = 0; chunk < x.columns(); chunk += kFeatureBlock) {
      for (int64_t i = begin; i < end; ++i) {
        const auto indices = x.row_indices(i);
        size_t& from = done[at(i - begin)];
        size_t to = from;
        while (to < indices.size() && indices[to] < chunk + kFeatureBlock) ++to;
        gather_rows(indices.data() + from, x.row_values(i).data() + from, to - from, right.data(),
                    width, out.data() + i * width);
        from = to;
      }
    }
  });
  return out;
}

/// out (features × width) = (X − 1 meanᵀ)ᵀ · left (cells × width). Threads own ranges of features,
/// so every sum runs over the cells in order, and no transposed copy is needed.
std::vector<float> transposed_times(const CsrMatrix& x, std::span<const float> mean,
                                    const std::vector<float>& left, int64_t width,
                                    const Context& context) {
  std::vector<double> total(at(width), 0.0);
  for (int64_t i = 0; i < x.rows(); ++i) {
    for (int64_t c = 0; c < width; ++c) total[at(c)] += left[at(i * width + c)];
  }
  std::vector<float> out(at(x.columns() * width));
  const int64_t block = std::min(kFeatureBlock, std::max<int64_t>(256, x.columns() / 64));
  context.pool.for_blocks(x.columns(), block, [&](int64_t begin, int64_t end, int64_t) {
    context.check_cancelled();
    for (int64_t j = begin; j < end; ++j) {
      for (int64_t c = 0; c < width; ++c) {
        out[at(j * width + c)] = static_cast<float>(-mean[at(j)] * total[at(c)]);
      }
    }
    for (int64_t i = 0; i < x.rows(); ++i) {
      const auto indices = x.row_indices(i);
      const auto values = x.row_values(i);
      const auto first = std::lower_bound(indices.begin(), indices.end(), begin);
      const auto last = std::lower_bound(first, indices.end(), end);
      const auto skipped = static_cast<size_t>(first - indices.begin());
      scatter_rows(indices.data() + skipped, values.data() + skipped,
                   static_cast<size_t>(last - first), left.data() + i * width, width, out.data());
    }
  });
  return out;
}

/// leftᵀ · left (width × width), summed in double over fixed blocks in order.
std::vector<double> gram(const std::vector<float>& left, int64_t width, const Context& context) {
  const int64_t rows = static_cast<int64_t>(left.size()) / width;
  const int64_t blocks = (rows + kGramBlock - 1) / kGramBlock;
  std::vector<std::vector<double>> parts(at(blocks));
  context.pool.for_blocks(rows, kGramBlock, [&](int64_t begin, int64_t end, int64_t block) {
    auto& part = parts[at(block)];
    part.assign(at(width * width), 0.0);
    for (int64_t i = begin; i < end; ++i) {
      const float* line = left.data() + i * width;
      for (int64_t a = 0; a < width; ++a) {
        const double value = line[a];
        double* target = part.data() + a * width;
        for (int64_t b = a; b < width; ++b) target[b] += value * line[b];
      }
    }
  });
  std::vector<double> sum(at(width * width), 0.0);
  for (const auto& part : parts) {
    for (size_t k = 0; k < sum.size(); ++k) sum[k] += part[k];
  }
  for (int64_t a = 0; a < width; ++a) {
    for (int64_t b = 0; b < a; ++b) sum[at(a * width + b)] = sum[at(b * width + a)];
  }
  return sum;
}

/// left · right with right width × kept, row-major, in place of `left`.
void rotate(std::vector<float>& left, int64_t width, const std::vector<float>& right, int64_t kept,
            const Context& context) {
  const int64_t rows = static_cast<int64_t>(left.size()) / width;
  std::vector<float> out(at(rows * kept));
  gemm(context.pool, Transpose::kNo, Transpose::kNo, rows, kept, width, left.data(), width,
       right.data(), kept, 0.0f, out.data(), kept);
  left = std::move(out);
}

/// Makes the columns of `left` orthonormal, spanning what they spanned; directions that rounding
/// cannot tell from nothing are dropped. Returns the number of columns left.
int64_t orthonormalise(std::vector<float>& left, int64_t width, const Context& context) {
  // Twice: after the first pass the columns are nearly orthonormal and the second is accurate.
  for (int pass = 0; pass < 2 && width > 0; ++pass) {
    const auto eigen = symmetric_eigen(gram(left, width, context), width);
    const double floor = kEigenRounding * std::max(eigen.values.front(), 1e-300);
    int64_t kept = 0;
    while (kept < width && eigen.values[at(kept)] > floor) ++kept;
    std::vector<float> rotation(at(width * kept));
    for (int64_t a = 0; a < width; ++a) {
      for (int64_t b = 0; b < kept; ++b) {
        rotation[at(a * kept + b)] =
            static_cast<float>(eigen.vectors[at(a * width + b)] / std::sqrt(eigen.values[at(b)]));
      }
    }
    if (kept == 0) {
      left.clear();
      return 0;
    }
    rotate(left, width, rotation, kept, context);
    width = kept;
  }
  return width;
}

/// Mean of each feature, and the total variance.
double moments(const CsrMatrix& matrix, std::vector<float>& mean) {
  std::vector<double> sum(at(matrix.columns()), 0.0);
  std::vector<double> square(at(matrix.columns()), 0.0);
  for (size_t k = 0; k < matrix.values.size(); ++k) {
    const double value = matrix.values[k];
    if (!std::isfinite(value)) throw input_error("principal components: a value is not finite");
    const auto j = static_cast<size_t>(matrix.pattern.indices[k]);
    sum[j] += value;
    square[j] += value * value;
  }
  const auto n = static_cast<double>(matrix.rows());
  double total = 0;
  mean.resize(sum.size());
  for (size_t j = 0; j < sum.size(); ++j) {
    mean[j] = static_cast<float>(sum[j] / n);
    total += std::max(0.0, (square[j] - sum[j] * sum[j] / n) / (n - 1));
  }
  return total;
}

}  // namespace

void PcaOptions::describe(OptionSet& set) {
  set.inner("components", components, at_least(1));
  set.inner("oversampling", oversampling, at_least(0));
  set.inner("iterations", iterations, at_least(0));
}

Pca pca(const CsrMatrix& matrix, const PcaOptions& options, const Context& context) {
  validate(options, "principal components");
  if (matrix.rows() < 2) {
    throw input_error("principal components need at least 2 cells, there are {}", matrix.rows());
  }
  Pca result;
  result.cells = matrix.rows();
  result.features = matrix.columns();
  result.total_variance = moments(matrix, result.mean);

  const int64_t limit = std::min(matrix.rows() - 1, matrix.columns());
  int64_t width = std::min(options.components + options.oversampling, limit);
  if (width == 0 || result.total_variance <= 0) return result;

  std::vector<float> space(at(matrix.columns() * width));
  RandomStream random(context.seed, Purpose::kNeighbours);
  for (auto& value : space) value = static_cast<float>(random.normal());
  std::vector<float> image;
  for (int64_t pass = 0; pass <= options.iterations && width > 0; ++pass) {
    image = times(matrix, result.mean, space, width, context);
    width = orthonormalise(image, width, context);
    if (width == 0) break;
    space = transposed_times(matrix, result.mean, image, width, context);
    width = orthonormalise(space, width, context);
  }
  if (width == 0) return result;

  // Rayleigh–Ritz: within the space found, the axes along which the scores are uncorrelated.
  image = times(matrix, result.mean, space, width, context);
  const auto eigen = symmetric_eigen(gram(image, width, context), width);
  int64_t kept = 0;
  while (kept < std::min(options.components, width) &&
         eigen.values[at(kept)] > kEigenRounding * eigen.values.front()) {
    ++kept;
  }
  std::vector<float> axes(at(width * kept));
  for (int64_t a = 0; a < width; ++a) {
    for (int64_t c = 0; c < kept; ++c) {
      axes[at(a * kept + c)] = static_cast<float>(eigen.vectors[at(a * width + c)]);
    }
  }
  rotate(image, width, axes, kept, context);
  rotate(space, width, axes, kept, context);
  result.components = kept;
  result.scores = std::move(image);
  result.loadings = std::move(space);
  for (int64_t c = 0; c < kept; ++c) {
    result.variance.push_back(eigen.values[at(c)] / static_cast<double>(matrix.rows() - 1));
    float largest = 0;
    for (int64_t j = 0; j < matrix.columns(); ++j) {
      const float value = result.loadings[at(j * kept + c)];
      if (std::abs(value) > std::abs(largest)) largest = value;
    }
    if (largest >= 0) continue;
    for (int64_t j = 0; j < matrix.columns(); ++j) result.loadings[at(j * kept + c)] *= -1;
    for (int64_t i = 0; i < matrix.rows(); ++i) result.scores[at(i * kept + c)] *= -1;
  }
  return result;
}

std::vector<float> pca_project(const Pca& fitted, const CsrMatrix& matrix, const Context& context) {
  if (matrix.columns() != fitted.features) {
    throw internal_error("projecting {} features on components of {}", matrix.columns(),
                         fitted.features);
  }
  if (fitted.components == 0) return {};
  return times(matrix, fitted.mean, fitted.loadings, fitted.components, context);
}

TfIdf TfIdf::fit(const CsrPattern& open) {
  TfIdf result;
  result.inverse_frequency.assign(at(open.columns), 0.0f);
  std::vector<int64_t> cells(at(open.columns), 0);
  for (const int32_t peak : open.indices) ++cells[static_cast<size_t>(peak)];
  for (size_t j = 0; j < cells.size(); ++j) {
    if (cells[j] == 0) continue;
    result.inverse_frequency[j] =
        static_cast<float>(static_cast<double>(open.rows) / static_cast<double>(cells[j]));
  }
  return result;
}

CsrMatrix TfIdf::apply(const CsrPattern& open) const {
  if (open.columns != static_cast<int64_t>(inverse_frequency.size())) {
    throw internal_error("weights of {} peaks applied to {}", inverse_frequency.size(),
                         open.columns);
  }
  CsrMatrix result;
  result.pattern = open;
  result.values = Entries<float>::zeros(open.indices.room(), open.indices.size());
  float* to = result.values.data();
  for (int64_t i = 0; i < open.rows; ++i) {
    const auto peaks = open.row(i);
    const double share = 1.0 / static_cast<double>(std::max<size_t>(1, peaks.size()));
    for (const int32_t peak : peaks) {
      *to++ = static_cast<float>(
          std::log1p(1e4 * share * inverse_frequency[static_cast<size_t>(peak)]));
    }
  }
  return result;
}

}  // namespace grids::core
