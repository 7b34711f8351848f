#include "math/neighbours.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "math/gemm.hpp"
#include "math/neighbour_graph.hpp"

namespace grids::core {
namespace {

constexpr int64_t kQueryBlock = 128;
constexpr int64_t kReferenceBlock = 2048;
/// Candidates kept beyond those asked for: products in float may swap near-equal distances.
constexpr int64_t kSpare = 8;
/// With fewer queries than one for so many references, neighbours are exact among any number.
constexpr int64_t kReferencesPerQuery = 100;
/// Approximate neighbours of so many cells are held against the exact ones.
constexpr int64_t kQueriesTried = 100;

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

/// Rows of queries and references, ready to be compared.
class NeighbourSearch {
 public:
  NeighbourSearch(std::span<const float> queries, std::span<const float> references,
                  int64_t dimensions, bool skip_self, const NeighbourOptions& options)
      : queries_(queries),
        references_(references),
        dimensions_(dimensions),
        skip_self_(skip_self),
        distance_(options.distance),
        query_rows_(static_cast<int64_t>(queries.size()) / dimensions),
        reference_rows_(static_cast<int64_t>(references.size()) / dimensions) {
    result_.cells = query_rows_;
    const int64_t available = std::max<int64_t>(0, reference_rows_ - (skip_self ? 1 : 0));
    result_.count = std::min(options.count, available);
    wanted_ = static_cast<size_t>(std::min(available, result_.count + kSpare));
    result_.index.resize(static_cast<size_t>(query_rows_ * result_.count));
    result_.distance.resize(result_.index.size());
    const auto mean = column_means(references, dimensions);
    right_ = prepare_rows(references, dimensions, options.distance, mean);
    if (!skip_self) left_own_ = prepare_rows(queries, dimensions, options.distance, mean);
  }

  Neighbours exact(const Context& context) {
    context.pool.for_blocks(query_rows_, kQueryBlock, [&](int64_t begin, int64_t end, int64_t) {
      context.check_cancelled();
      auto best = nearest_of(begin, end);
      for (int64_t i = begin; i < end; ++i) keep(i, best[static_cast<size_t>(i - begin)]);
    });
    return std::move(result_);
  }

  Neighbours approximate(const Context& context) {
    const NeighbourGraph graph(
        right_.rows, dimensions_,
        distance_ == Distance::kCosine ? GraphMetric::kProduct : GraphMetric::kSquare, context);
    context.pool.for_blocks(query_rows_, kQueryBlock, [&](int64_t begin, int64_t end, int64_t) {
      context.check_cancelled();
      for (int64_t i = begin; i < end; ++i) {
        auto found = candidates_of(graph, i);
        // Where the walk came to an end too early.
        if (static_cast<int64_t>(found.size()) < result_.count) found = nearest_of(i, i + 1)[0];
        keep(i, found);
      }
    });
    tell_share_found(context);
    return std::move(result_);
  }

 private:
  const Prepared& left() const { return skip_self_ ? right_ : left_own_; }

  /// The nearest references of queries [begin, end), some more than asked for, by products in
  /// float: heaps, the worst on top.
  std::vector<std::vector<Candidate>> nearest_of(int64_t begin, int64_t end) const {
    const int64_t rows = end - begin;
    std::vector<float> product(static_cast<size_t>(rows * kReferenceBlock));
    std::vector<std::vector<Candidate>> best(static_cast<size_t>(rows));
    for (int64_t first = 0; first < reference_rows_; first += kReferenceBlock) {
      const int64_t columns = std::min(kReferenceBlock, reference_rows_ - first);
      gemm(Transpose::kNo, Transpose::kYes, rows, columns, dimensions_,
           left().rows.data() + begin * dimensions_, dimensions_,
           right_.rows.data() + first * dimensions_, dimensions_, 0.0f, product.data(), columns);
      for (int64_t i = 0; i < rows; ++i) {
        auto& heap = best[static_cast<size_t>(i)];
        const float* line = product.data() + i * columns;
        double limit =
            heap.size() < wanted_ ? std::numeric_limits<double>::infinity() : heap.front().distance;
        for (int64_t j = 0; j < columns; ++j) {
          // The query's own length shifts all its distances alike and is left out.
          const double rank = right_.half_square[static_cast<size_t>(first + j)] - line[j];
          // References come in ascending order, so an equal one has the larger index and loses.
          if (rank >= limit || (skip_self_ && first + j == begin + i)) continue;
          if (heap.size() == wanted_) {
            std::pop_heap(heap.begin(), heap.end());
            heap.pop_back();
          }
          heap.push_back({rank, static_cast<int32_t>(first + j)});
          std::push_heap(heap.begin(), heap.end());
          if (heap.size() == wanted_) limit = heap.front().distance;
        }
      }
    }
    return best;
  }

  std::vector<Candidate> candidates_of(const NeighbourGraph& graph, int64_t query) const {
    const auto wanted = static_cast<int64_t>(wanted_) + (skip_self_ ? 1 : 0);
    std::vector<Candidate> found;
    found.reserve(static_cast<size_t>(wanted));
    for (const int32_t index : graph.near(left().rows.data() + query * dimensions_, wanted)) {
      if (!skip_self_ || index != query) found.push_back({0, index});
    }
    return found;
  }

  /// Brings candidates into the order of their distances in double.
  void rank(int64_t query, std::vector<Candidate>& candidates) const {
    for (auto& candidate : candidates) {
      candidate.distance = exact_distance(queries_.data() + query * dimensions_,
                                          references_.data() + candidate.index * dimensions_,
                                          dimensions_, distance_);
    }
    std::sort(candidates.begin(), candidates.end());
  }

  void keep(int64_t query, std::vector<Candidate>& candidates) {
    rank(query, candidates);
    for (int64_t k = 0; k < result_.count; ++k) {
      const auto slot = static_cast<size_t>(query * result_.count + k);
      result_.index[slot] = candidates[static_cast<size_t>(k)].index;
      result_.distance[slot] = static_cast<float>(candidates[static_cast<size_t>(k)].distance);
    }
  }

  /// Looks some queries up exactly and tells how many of their neighbours were found.
  void tell_share_found(const Context& context) const {
    const int64_t tried = std::min(kQueriesTried, query_rows_);
    std::vector<int64_t> found(static_cast<size_t>(tried), 0);
    context.pool.for_each(tried, [&](int64_t t) {
      const int64_t query = t * query_rows_ / tried;
      auto nearest = nearest_of(query, query + 1)[0];
      rank(query, nearest);
      const auto mine = result_.of(query);
      for (int64_t k = 0; k < result_.count; ++k) {
        found[static_cast<size_t>(t)] +=
            std::count(mine.begin(), mine.end(), nearest[static_cast<size_t>(k)].index);
      }
    });
    const auto sum = std::accumulate(found.begin(), found.end(), int64_t{0});
    context.reporter.info(fmt::format(
        "Neighbours of {} cells among {} are approximate (a graph instead of all pairs): {:.1f} % "
        "of "
        "those of {} cells are the nearest ones",
        query_rows_, reference_rows_,
        100 * static_cast<double>(sum) / static_cast<double>(tried * result_.count), tried));
  }

  std::span<const float> queries_, references_;
  int64_t dimensions_;
  bool skip_self_;  ///< queries are the references
  Distance distance_;
  int64_t query_rows_, reference_rows_;
  size_t wanted_ = 0;  ///< candidates of a query
  Prepared right_, left_own_;
  Neighbours result_;
};

Neighbours search(std::span<const float> queries, std::span<const float> references,
                  int64_t dimensions, bool skip_self, const NeighbourOptions& options,
                  const Context& context) {
  validate(options, "nearest neighbours");
  if (dimensions <= 0) throw internal_error("nearest neighbours in {} dimensions", dimensions);
  const auto query_rows = static_cast<int64_t>(queries.size()) / dimensions;
  const auto reference_rows = static_cast<int64_t>(references.size()) / dimensions;
  if (query_rows == 0 || reference_rows - (skip_self ? 1 : 0) <= 0) return {query_rows, 0, {}, {}};
  NeighbourSearch work(queries, references, dimensions, skip_self, options);
  // For few queries to look at all references costs less than to make their graph.
  const bool few = query_rows < reference_rows / kReferencesPerQuery;
  return reference_rows <= options.exact_cells || few ? work.exact(context)
                                                      : work.approximate(context);
}

}  // namespace

void NeighbourOptions::describe(OptionSet& set) {
  set.inner("count", count, at_least(1));
  set.inner("exact-cells", exact_cells, at_least(0));
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
