#include "methods/nets/gate_network.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "math/lanes.hpp"
#include "methods/nets/gathered_rows.hpp"

namespace grids::core {
namespace {

constexpr int64_t kWidth = GateNetwork::kWidth;
static_assert(kWidth == kLanes);

/// Features whose parameters one thread moves at a time.
constexpr int64_t kFeatureBlock = 1024;

float scale_of(const GateNetwork::Cell& cell) {
  return 1.0f / std::sqrt(static_cast<float>(std::max<size_t>(1, cell.features.size())));
}

}  // namespace

/// Of a block of features.
struct GateNetwork::FeatureGradients {
  std::vector<float> in, out, bias;
};

GateNetwork::GateNetwork(int64_t features, float bias, RandomStream random)
    : features_(features),
      in_(at(features * kWidth)),
      out_(at(features * kWidth)),
      bias_(at(features)),
      layer_(at(kWidth * kWidth)),
      layer_bias_(at(kWidth)) {
  const double scale = 1 / std::sqrt(static_cast<double>(kWidth));
  for (float& value : in_.values()) value = static_cast<float>(random.normal());
  for (float& value : layer_.values()) value = static_cast<float>(scale * random.normal());
  // Small, so that all gates start alike.
  for (float& value : out_.values()) value = static_cast<float>(0.1 * scale * random.normal());
  std::fill(bias_.values().begin(), bias_.values().end(), bias);
}

void GateNetwork::forward(Cell& cell) const {
  cell.summed.assign(at(kWidth), 0.0f);
  cell.hidden.assign(at(kWidth), 0.0f);
  cell.logits.resize(cell.features.size());
  sum_rows(cell.features, in_.values().data(), cell.summed.data());
  for (float& value : cell.summed) value *= scale_of(cell);
  const auto weight = layer_.values();
  for (int64_t o = 0; o < kWidth; ++o) {
    float sum = layer_bias_.values()[at(o)];
    for (int64_t i = 0; i < kWidth; ++i) sum += weight[at(o * kWidth + i)] * cell.summed[at(i)];
    cell.hidden[at(o)] = std::max(sum, 0.0f);
  }
  row_products(cell.features, out_.values().data(), cell.hidden.data(), bias_.values().data(),
               cell.logits.data());
}

void GateNetwork::backward(Cell& cell) const {
  cell.hidden_gradients.assign(at(kWidth), 0.0f);
  cell.summed_gradients.assign(at(kWidth), 0.0f);
  weighted_rows(cell.features, out_.values().data(), cell.logit_gradients.data(),
                cell.hidden_gradients.data());
  const auto weight = layer_.values();
  for (int64_t o = 0; o < kWidth; ++o) {
    float& gradient = cell.hidden_gradients[at(o)];
    if (cell.hidden[at(o)] <= 0) gradient = 0;
    for (int64_t i = 0; i < kWidth; ++i) {
      cell.summed_gradients[at(i)] += gradient * weight[at(o * kWidth + i)];
    }
  }
  for (float& value : cell.summed_gradients) value *= scale_of(cell);
}

GateNetwork::FeatureGradients GateNetwork::feature_gradients(std::span<const Cell> cells,
                                                             int64_t begin, int64_t end) const {
  FeatureGradients sums;
  sums.in.assign(at((end - begin) * kWidth), 0.0f);
  sums.out.assign(sums.in.size(), 0.0f);
  sums.bias.assign(at(end - begin), 0.0f);
  for (const Cell& cell : cells) {
    const auto first = std::lower_bound(cell.features.begin(), cell.features.end(), begin);
    const auto last = std::lower_bound(first, cell.features.end(), end);
    const auto skipped = first - cell.features.begin();
    const auto start = static_cast<int32_t>(begin);
    add_to_rows({first, last}, cell.summed_gradients.data(), start, sums.in.data());
    add_outer({first, last}, cell.logit_gradients.data() + skipped, cell.hidden.data(), start,
              sums.out.data(), sums.bias.data());
  }
  return sums;
}

void GateNetwork::layer_gradients(std::span<const Cell> cells, std::span<float> weight,
                                  std::span<float> bias) const {
  for (const Cell& cell : cells) {
    for (int64_t o = 0; o < kWidth; ++o) {
      const float gradient = cell.hidden_gradients[at(o)];
      bias[at(o)] += gradient;
      for (int64_t i = 0; i < kWidth; ++i) {
        weight[at(o * kWidth + i)] += gradient * cell.summed[at(i)];
      }
    }
  }
}

std::vector<std::vector<float>> GateNetwork::gradients(std::span<Cell> cells) const {
  for (Cell& cell : cells) backward(cell);
  auto features = feature_gradients(cells, 0, features_);
  std::vector<float> weight(at(kWidth * kWidth), 0.0f), bias(at(kWidth), 0.0f);
  layer_gradients(cells, weight, bias);
  return {std::move(features.in), std::move(features.out), std::move(features.bias),
          std::move(weight), std::move(bias)};
}

void GateNetwork::learn(std::span<Cell> cells, int64_t step, const AdamOptions& options,
                        ThreadPool& pool) {
  pool.for_each(static_cast<int64_t>(cells.size()), [&](int64_t i) { backward(cells[at(i)]); });
  pool.for_blocks(features_, kFeatureBlock, [&](int64_t begin, int64_t end, int64_t) {
    const auto sums = feature_gradients(cells, begin, end);
    in_.move(at(begin * kWidth), sums.in, step, options);
    out_.move(at(begin * kWidth), sums.out, step, options);
    bias_.move(at(begin), sums.bias, step, options);
  });
  std::vector<float> weight(at(kWidth * kWidth), 0.0f), bias(at(kWidth), 0.0f);
  layer_gradients(cells, weight, bias);
  layer_.move(0, weight, step, options);
  layer_bias_.move(0, bias, step, options);
}

}  // namespace grids::core
