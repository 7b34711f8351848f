#include "math/neighbours.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "math/gemm.hpp"

namespace grids::core {
namespace {

constexpr int64_t kQueryBlock = 128;
constexpr int64_t kReferenceBlock = 2048;
/// Candidates kept beyond those asked for: products in float may swap near-equal distances.
constexpr int64_t kSpare = 8;

struct Candidate {
  double distance;
  int32_t index;
  bool operator<(const Candidate& other) const {
    return distance < other.distance || (distance == other.distance && index < other.index);
  }
};

/// Rows made ready for products: unit length (cosine) or moved to the references' mean (euclidean,
/// so that |a|² + |b|² − 2ab does not cancel), and half their squared length.
struct Prepared {
  std::vector<float> rows;
  std::vector<float> half_square;
};

std::vector<double> column_means(std::span<const float> points, int64_t dimensions) {
  std::vector<double> mean(static_cast<size_t>(dimensions), 0.0);
  for (size_t i = 0; i < points.size(); ++i) {
    mean[i % static_cast<size_t>(dimensions)] += points[i];
  }
  const double rows = static_cast<double>(points.size()) / static_cast<double>(dimensions);
  for (auto& value : mean) value /= rows;
  return mean;
}

Prepared prepare_rows(std::span<const float> points, int64_t dimensions, Distance distance,
                      const std::vector<double>& mean) {
  const auto width = static_cast<size_t>(dimensions);
  Prepared result;
  result.rows.resize(points.size());
  result.half_square.resize(points.size() / width);
  for (size_t row = 0; row < result.half_square.size(); ++row) {
    const float* in = points.data() + row * width;
    float* out = result.rows.data() + row * width;
    double square = 0;
    if (distance == Distance::kCosine) {
      for (size_t j = 0; j < width; ++j) square += static_cast<double>(in[j]) * in[j];
      const double scale = square > 0 ? 1.0 / std::sqrt(square) : 0.0;
      for (size_t j = 0; j < width; ++j) out[j] = static_cast<float>(in[j] * scale);
      result.half_square[row] = 0;  // ranked by the product alone
    } else {
      for (size_t j = 0; j < width; ++j) {
        out[j] = static_cast<float>(in[j] - mean[j]);
        square += static_cast<double>(out[j]) * out[j];
      }
      result.half_square[row] = static_cast<float>(square / 2);
    }
  }
  return result;
}

double exact_distance(const float* a, const float* b, int64_t dimensions, Distance distance) {
  double ab = 0;
  double aa = 0;
  double bb = 0;
  double square = 0;
  for (int64_t j = 0; j < dimensions; ++j) {
    const double x = a[j];
    const double y = b[j];
    ab += x * y;
    aa += x * x;
    bb += y * y;
    square += (x - y) * (x - y);
  }
  if (distance == Distance::kEuclidean) return std::sqrt(square);
  if (aa == 0 || bb == 0) return 1.0;
  return std::max(0.0, 1.0 - ab / std::sqrt(aa * bb));
}

Neighbours search(std::span<const float> queries, std::span<const float> references,
                  int64_t dimensions, bool skip_self, const NeighbourOptions& options,
                  const Context& context) {
  validate(options, "nearest neighbours");
  if (dimensions <= 0) throw internal_error("nearest neighbours in {} dimensions", dimensions);
  const int64_t query_rows = static_cast<int64_t>(queries.size()) / dimensions;
  const int64_t reference_rows = static_cast<int64_t>(references.size()) / dimensions;
  Neighbours result;
  result.cells = query_rows;
  const int64_t available = std::max<int64_t>(0, reference_rows - (skip_self ? 1 : 0));
  result.count = std::min(options.count, available);
  result.index.resize(static_cast<size_t>(query_rows * result.count));
  result.distance.resize(result.index.size());
  if (result.index.empty()) return result;

  const auto mean = column_means(references, dimensions);
  const Prepared right = prepare_rows(references, dimensions, options.distance, mean);
  const Prepared left_own =
      skip_self ? Prepared{} : prepare_rows(queries, dimensions, options.distance, mean);
  const Prepared& left = skip_self ? right : left_own;
  const auto wanted = static_cast<size_t>(std::min(available, result.count + kSpare));

  context.pool.for_blocks(query_rows, kQueryBlock, [&](int64_t begin, int64_t end, int64_t) {
    context.check_cancelled();
    const int64_t rows = end - begin;
    std::vector<float> product(static_cast<size_t>(rows * kReferenceBlock));
    std::vector<std::vector<Candidate>> best(static_cast<size_t>(rows));  // heaps, worst on top
    for (int64_t first = 0; first < reference_rows; first += kReferenceBlock) {
      const int64_t columns = std::min(kReferenceBlock, reference_rows - first);
      gemm(Transpose::kNo, Transpose::kYes, rows, columns, dimensions,
           left.rows.data() + begin * dimensions, dimensions,
           right.rows.data() + first * dimensions, dimensions, 0.0f, product.data(), columns);
      for (int64_t i = 0; i < rows; ++i) {
        auto& heap = best[static_cast<size_t>(i)];
        const float* line = product.data() + i * columns;
        double limit =
            heap.size() < wanted ? std::numeric_limits<double>::infinity() : heap.front().distance;
        for (int64_t j = 0; j < columns; ++j) {
          // The query's own length shifts all its distances alike and is left out.
          const double rank = right.half_square[static_cast<size_t>(first + j)] - line[j];
          // References come in ascending order, so an equal one has the larger index and loses.
          if (rank >= limit || (skip_self && first + j == begin + i)) continue;
          if (heap.size() == wanted) {
            std::pop_heap(heap.begin(), heap.end());
            heap.pop_back();
          }
          heap.push_back({rank, static_cast<int32_t>(first + j)});
          std::push_heap(heap.begin(), heap.end());
          if (heap.size() == wanted) limit = heap.front().distance;
        }
      }
    }
    for (int64_t i = 0; i < rows; ++i) {
      auto& candidates = best[static_cast<size_t>(i)];
      for (auto& candidate : candidates) {
        candidate.distance = exact_distance(queries.data() + (begin + i) * dimensions,
                                            references.data() + candidate.index * dimensions,
                                            dimensions, options.distance);
      }
      std::sort(candidates.begin(), candidates.end());
      for (int64_t k = 0; k < result.count; ++k) {
        const auto slot = static_cast<size_t>((begin + i) * result.count + k);
        result.index[slot] = candidates[static_cast<size_t>(k)].index;
        result.distance[slot] = static_cast<float>(candidates[static_cast<size_t>(k)].distance);
      }
    }
  });
  return result;
}

}  // namespace

void NeighbourOptions::describe(OptionSet& set) {
  set.inner("count", count, at_least(1));
}

Neighbours nearest_neighbours(std::span<const float> points, int64_t dimensions,
                              const NeighbourOptions& options, const Context& context) {
  return search(points, points, dimensions, true, options, context);
}

Neighbours nearest_neighbours(std::span<const float> queries, std::span<const float> references,
                              int64_t dimensions, const NeighbourOptions& options,
                              const Context& context) {
  return search(queries, references, dimensions, false, options, context);
}

}  // namespace grids::core
