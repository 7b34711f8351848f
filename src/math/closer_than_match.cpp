#include "math/closer_than_match.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/nan.hpp"
#include "math/gemm.hpp"

namespace grids::core {
namespace {

constexpr int64_t kAskedInBlock = 64;
constexpr int64_t kCandidatesInBlock = 2048;
/// Weights are whole multiples of 1 / kUnit: sums of whole numbers do not depend on their order.
constexpr double kUnit = 65536;

/// Rows moved to a common centre, so that |a|² + |b|² − 2ab does not cancel.
struct CentredRows {
  std::vector<float> rows;
  std::vector<double> length;
};

std::vector<double> centre_of(std::span<const float> points, int64_t dimensions) {
  std::vector<double> mean(at(dimensions));
  for (size_t i = 0; i < points.size(); ++i) mean[i % at(dimensions)] += points[i];
  const double rows = static_cast<double>(points.size()) / static_cast<double>(dimensions);
  for (double& value : mean) value /= rows;
  return mean;
}

CentredRows centred(std::span<const float> points, int64_t dimensions,
                    std::span<const double> centre) {
  CentredRows result;
  result.rows.resize(points.size());
  result.length.resize(points.size() / at(dimensions));
  for (size_t row = 0; row < result.length.size(); ++row) {
    double square = 0;
    for (size_t j = 0; j < at(dimensions); ++j) {
      const size_t i = row * at(dimensions) + j;
      const auto value = static_cast<float>(points[i] - centre[j]);
      result.rows[i] = value;
      square += static_cast<double>(value) * value;
    }
    result.length[row] = std::sqrt(square);
  }
  return result;
}

/// Twice the shares' numerators, in units of a weight.
struct Sums {
  explicit Sums(size_t rows) : all(rows), group(rows) {}

  void add(const Sums& other) {
    for (size_t i = 0; i < all.size(); ++i) all[i] += other.all[i];
    for (size_t i = 0; i < group.size(); ++i) group[i] += other.group[i];
  }

  std::vector<uint64_t> all, group;
};

class MatchComparison {
 public:
  explicit MatchComparison(const MatchedPoints& points) : points_(points) {
    const auto centre = centre_of(points.candidates, points.dimensions);
    queries_ = centred(points.queries, points.dimensions, centre);
    candidates_ = centred(points.candidates, points.dimensions, centre);
    for (const double weight : points.stand_for) {
      weights_.push_back(static_cast<uint64_t>(std::llround(weight * kUnit)));
    }
  }

  CloserThanMatch compare(const Context& context) {
    const auto rows = points_.groups.size();
    const auto asked = std::ssize(points_.asked);
    Sums of_query(at(asked));
    Sums of_candidate(rows);
    std::mutex adding;
    context.pool.for_blocks(asked, kAskedInBlock, [&](int64_t begin, int64_t end, int64_t) {
      context.check_cancelled();
      Sums mine(rows);
      compare_block(begin, end, of_query, mine);
      const std::lock_guard lock(adding);
      of_candidate.add(mine);
    });
    return shares_of(of_query, of_candidate);
  }

 private:
  double squared_distance(int64_t query, int64_t candidate) const {
    const float* a = points_.queries.data() + query * points_.dimensions;
    const float* b = points_.candidates.data() + candidate * points_.dimensions;
    double square = 0;
    for (int64_t j = 0; j < points_.dimensions; ++j) {
      const double gap = static_cast<double>(a[j]) - b[j];
      square += gap * gap;
    }
    return square;
  }

  /// 2: the candidate is closer than the match; 1: as far; 0: farther.
  uint64_t exactly(int64_t query, int64_t candidate, double own) const {
    const double other = squared_distance(query, candidate);
    return other < own ? 2 : (other > own ? 0 : 1);
  }

  void compare_block(int64_t begin, int64_t end, Sums& of_query, Sums& of_candidate) const {
    const int64_t width = points_.dimensions;
    std::vector<float> block(at((end - begin) * width));
    for (int64_t i = begin; i < end; ++i) {
      const float* row = queries_.rows.data() + points_.asked[at(i)] * width;
      std::copy_n(row, width, block.data() + (i - begin) * width);
    }
    std::vector<float> products(at((end - begin) * kCandidatesInBlock));
    const auto rows = std::ssize(points_.groups);
    for (int64_t first = 0; first < rows; first += kCandidatesInBlock) {
      const int64_t count = std::min(kCandidatesInBlock, rows - first);
      gemm(Transpose::kNo, Transpose::kYes, end - begin, count, width, block.data(), width,
           candidates_.rows.data() + first * width, width, 0.0f, products.data(), count);
      const auto lengths = std::span(candidates_.length).subspan(at(first), at(count));
      const double longest = *std::max_element(lengths.begin(), lengths.end());
      for (int64_t i = begin; i < end; ++i) {
        compare_row(i, first, {products.data() + (i - begin) * count, at(count)}, longest, of_query,
                    of_candidate);
      }
    }
  }

  /// An asked row against a block of candidates, of which `products` are those with the query.
  void compare_row(int64_t i, int64_t first, std::span<const float> products, double longest,
                   Sums& of_query, Sums& of_candidate) const {
    const int64_t query = points_.asked[at(i)];
    const int32_t group = points_.groups[at(query)];
    const double own = squared_distance(query, query);
    const double length = queries_.length[at(query)];
    const double limit = (own - length * length) / 2;
    // Rounding of coordinates, products and their sum, in float: each a 2⁻²⁴ of no more than this
    // square, a term for each dimension; twice that is taken.
    const double reach = length + longest;
    const double rounding = static_cast<double>(points_.dimensions + 8) * 0x1p-23 * reach * reach;
    for (size_t j = 0; j < products.size(); ++j) {
      const int64_t candidate = first + static_cast<int64_t>(j);
      const double half = candidates_.length[at(candidate)] * candidates_.length[at(candidate)] / 2;
      const double gap = half - products[j] - limit;
      if (gap > rounding || candidate == query) continue;
      const uint64_t twice = gap < -rounding ? 2 : exactly(query, candidate, own);
      of_query.all[at(i)] += twice;
      of_candidate.all[at(candidate)] += twice * weights_[at(i)];
      if (points_.groups[at(candidate)] != group) continue;
      of_query.group[at(i)] += twice;
      of_candidate.group[at(candidate)] += twice * weights_[at(i)];
    }
  }

  CloserThanMatch shares_of(const Sums& of_query, const Sums& of_candidate) const {
    std::vector<double> size, weight;  // of each group: rows, and what the asked stand for
    double weights = 0;
    const auto grow = [](std::vector<double>& values, int32_t group) -> double& {
      if (values.size() <= at(group)) values.resize(at(group) + 1);
      return values[at(group)];
    };
    for (const int32_t group : points_.groups) grow(size, group) += 1;
    for (size_t i = 0; i < weights_.size(); ++i) {
      const double mine = static_cast<double>(weights_[i]);
      grow(weight, points_.groups[at(points_.asked[i])]) += mine;
      weights += mine;
    }
    const auto share = [](uint64_t twice, double of) {
      return of > 0 ? static_cast<double>(twice) / (2 * of) : kNaN;
    };
    CloserThanMatch result;
    const auto rows = static_cast<double>(points_.groups.size());
    for (size_t i = 0; i < weights_.size(); ++i) {
      const size_t row = at(points_.asked[i]);
      const size_t group = at(points_.groups[row]);
      const auto mine = static_cast<double>(weights_[i]);
      result.of_all.as_query.push_back(share(of_query.all[i], rows - 1));
      result.of_all.as_candidate.push_back(share(of_candidate.all[row], weights - mine));
      result.of_group.as_query.push_back(share(of_query.group[i], size[group] - 1));
      result.of_group.as_candidate.push_back(share(of_candidate.group[row], weight[group] - mine));
    }
    return result;
  }

  MatchedPoints points_;
  CentredRows queries_, candidates_;
  std::vector<uint64_t> weights_;  // of each asked row, in units of 1 / kUnit
};

}  // namespace

CloserThanMatch closer_than_match(const MatchedPoints& points, const Context& context) {
  const size_t values = points.groups.size() * at(points.dimensions);
  if (points.dimensions <= 0 || points.queries.size() != values ||
      points.candidates.size() != values || points.asked.size() != points.stand_for.size()) {
    throw internal_error("{} and {} coordinates of {} rows in {} dimensions, {} asked, {} weights",
                         points.queries.size(), points.candidates.size(), points.groups.size(),
                         points.dimensions, points.asked.size(), points.stand_for.size());
  }
  return MatchComparison(points).compare(context);
}

}  // namespace grids::core
