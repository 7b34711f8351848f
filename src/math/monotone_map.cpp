#include "math/monotone_map.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"

namespace grids::core {
namespace {

/// Neighbouring values pooled into one.
struct Block {
  double value;  // weighted mean
  double weight;
  size_t count;  // values pooled
};

/// Pools from left to right: a block that is not above its left neighbour is merged into it.
std::vector<Block> pool_adjacent_violators(std::span<const double> values,
                                           std::span<const double> weights) {
  std::vector<Block> blocks;
  for (size_t i = 0; i < values.size(); ++i) {
    blocks.push_back({values[i], weights.empty() ? 1.0 : weights[i], 1});
    while (blocks.size() > 1 && blocks.back().value <= blocks[blocks.size() - 2].value) {
      const Block right = blocks.back();
      blocks.pop_back();
      Block& left = blocks.back();
      // Equal values stay as they are, to the last bit: pooling again then changes nothing.
      if (right.value != left.value) {
        left.value =
            (left.value * left.weight + right.value * right.weight) / (left.weight + right.weight);
      }
      left.weight += right.weight;
      left.count += right.count;
    }
  }
  return blocks;
}

}  // namespace

std::vector<double> isotonic_regression(std::span<const double> values,
                                        std::span<const double> weights) {
  std::vector<double> fitted;
  fitted.reserve(values.size());
  for (const Block& block : pool_adjacent_violators(values, weights)) {
    fitted.insert(fitted.end(), block.count, block.value);
  }
  return fitted;
}

MonotoneMap::MonotoneMap(std::vector<double> x, std::vector<double> y)
    : x_(std::move(x)), y_(std::move(y)) {
  if (x_.empty() || x_.size() != y_.size() || !std::is_sorted(x_.begin(), x_.end()) ||
      !std::is_sorted(y_.begin(), y_.end())) {
    throw internal_error("a monotone map needs ascending knots, one value for each");
  }
}

double MonotoneMap::operator()(double x) const {
  const auto above = std::upper_bound(x_.begin(), x_.end(), x);
  if (above == x_.begin()) return y_.front();
  if (above == x_.end()) return y_.back();
  const auto right = static_cast<size_t>(above - x_.begin());
  const size_t left = right - 1;
  const double share = (x - x_[left]) / (x_[right] - x_[left]);
  return std::lerp(y_[left], y_[right], share);
}

MonotoneMap fit_monotone_map(std::span<const float> prediction, std::span<const double> response,
                             std::span<const double> weights) {
  const size_t count = prediction.size();
  if (count == 0 || response.size() != count || (!weights.empty() && weights.size() != count)) {
    throw internal_error("a monotone map needs one response for each of its {} predictions", count);
  }
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return prediction[a] < prediction[b]; });

  // Equal predictions become one point first: a function has one value for them.
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> weight;
  for (const size_t i : order) {
    const double w = weights.empty() ? 1.0 : weights[i];
    if (x.empty() || prediction[i] != x.back()) {
      x.push_back(prediction[i]);
      y.push_back(0);
      weight.push_back(0);
    }
    y.back() += w * response[i];
    weight.back() += w;
  }
  for (size_t i = 0; i < y.size(); ++i) y[i] /= weight[i];

  std::vector<double> knot_x;
  std::vector<double> knot_y;
  size_t i = 0;
  for (const Block& block : pool_adjacent_violators(y, weight)) {
    double sum = 0;
    for (const size_t end = i + block.count; i < end; ++i) sum += weight[i] * x[i];
    knot_x.push_back(sum / block.weight);
    knot_y.push_back(block.value);
  }
  return {std::move(knot_x), std::move(knot_y)};
}

}  // namespace grids::core
