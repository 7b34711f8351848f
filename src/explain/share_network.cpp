#include "explain/share_network.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>

#include "base/lanes.hpp"
#include "base/simd.hpp"

namespace grids {
namespace {

constexpr int64_t kRank = ShareNetwork::kRank;
static_assert(kRank == kLanes);

/// Places, or blocks, whose parameters one thread moves at a time.
constexpr int64_t kParameterBlock = 4096;

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

/// Σ factor_i · row_i.
GRIDS_CLONES void weighted_rows(size_t count, const float* rows, const float* factors, float* out) {
  Lanes even = {}, odd = {};  // two chains, so that one need not wait for the other
  size_t i = 0;
  for (; i + 2 <= count; i += 2) {
    even += factors[i] * lanes_at(rows + i * at(kRank));
    odd += factors[i + 1] * lanes_at(rows + (i + 1) * at(kRank));
  }
  if (i < count) even += factors[i] * lanes_at(rows + i * at(kRank));
  lanes_at(out) = even + odd;
}

/// ⟨row_i, x⟩.
GRIDS_CLONES void row_products(size_t count, const float* rows, const float* x, float* out) {
  const Lanes right = lanes_at(x);
  for (size_t i = 0; i < count; ++i) {
    const Lanes product = lanes_at(rows + i * at(kRank)) * right;
    out[i] = sum_of(product);
  }
}

/// Adds factor_i · x to row_i.
GRIDS_CLONES void add_outer(size_t count, const float* factors, const float* x, float* rows) {
  const Lanes right = lanes_at(x);
  for (size_t i = 0; i < count; ++i) lanes_at(rows + i * at(kRank)) += factors[i] * right;
}

/// Rooms for passes, one for each thread that asks at a time.
class Works {
 public:
  std::unique_ptr<UNet::Work> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<UNet::Work>();
    auto work = std::move(free_.back());
    free_.pop_back();
    return work;
  }
  void give(std::unique_ptr<UNet::Work> work) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(work));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<UNet::Work>> free_;
};

}  // namespace

/// What one cell's pass leaves for the gradients of what the cells share.
struct ShareNetwork::Pass {
  const BlockShares* cell = nullptr;
  std::vector<float> seen;              ///< unet(x), places
  std::vector<float> hidden;            ///< h
  std::vector<float> shares;            ///< predicted, of the cell's blocks
  std::vector<float> logit_gradients;   ///< likewise
  std::vector<float> hidden_gradients;  ///< of h / √places
  std::vector<float> unet_gradients;
};

ShareNetwork::ShareNetwork(const FeatureBlocks& blocks, RandomStream random)
    : places_(blocks.height * blocks.width),
      blocks_(blocks.blocks),
      scale_(1.0f / std::sqrt(static_cast<float>(std::max<int64_t>(1, places_)))),
      unet_(blocks.height, blocks.width, random),
      in_(at(places_ * kRank)),
      out_(at(blocks_ * kRank)),
      bias_(at(blocks_)) {
  for (float& value : in_.values()) value = static_cast<float>(random.normal());
  // Small, so that all blocks start alike.
  for (float& value : out_.values()) value = static_cast<float>(0.1 * random.normal());
}

void ShareNetwork::forward(const BlockShares& cell, UNet::Work& work, Pass& pass) const {
  std::vector<float> x(at(places_), 0.0f);
  for (const int32_t place : cell.places) x[at(place)] = 1;
  pass.cell = &cell;
  pass.seen.resize(x.size());
  unet_.forward(x, work, pass.seen);
  pass.hidden.assign(at(kRank), 0.0f);
  weighted_rows(x.size(), in_.values().data(), pass.seen.data(), pass.hidden.data());
  for (float& value : pass.hidden) value *= scale_;
  pass.shares.resize(cell.blocks.size());
  float largest = -std::numeric_limits<float>::infinity();
  for (size_t i = 0; i < cell.blocks.size(); ++i) {
    float& logit = pass.shares[i];
    const auto block = at(cell.blocks[i]);
    row_products(1, out_.values().data() + block * at(kRank), pass.hidden.data(), &logit);
    logit += bias_.values()[block];
    largest = std::max(largest, logit);
  }
  double sum = 0;
  for (float& share : pass.shares) {
    share = std::exp(share - largest);
    sum += double{share};
  }
  for (float& share : pass.shares) share = static_cast<float>(double{share} / sum);
}

std::vector<float> ShareNetwork::predict(const BlockShares& cell, UNet::Work& work) const {
  Pass pass;
  forward(cell, work, pass);
  return std::move(pass.shares);
}

double ShareNetwork::divergence(const BlockShares& cell, UNet::Work& work) const {
  const auto predicted = predict(cell, work);
  double sum = 0;
  for (size_t i = 0; i < predicted.size(); ++i) {
    const double share = cell.shares[i];
    if (share > 0) sum += share * std::log(share / std::max(double{predicted[i]}, 1e-30));
  }
  return sum;
}

std::vector<ShareNetwork::Pass> ShareNetwork::passes(std::span<const BlockShares* const> cells,
                                                     ThreadPool& pool) const {
  std::vector<Pass> passes(cells.size());
  Works works;
  pool.for_each(static_cast<int64_t>(cells.size()), [&](int64_t i) {
    auto work = works.take();
    const BlockShares& cell = *cells[at(i)];
    Pass& pass = passes[at(i)];
    forward(cell, *work, pass);
    pass.hidden_gradients.assign(at(kRank), 0.0f);
    const float weight = 1.0f / static_cast<float>(cells.size());
    for (size_t k = 0; k < cell.blocks.size(); ++k) {
      const float gradient = weight * (pass.shares[k] - cell.shares[k]);
      pass.logit_gradients.push_back(gradient);
      const float* row = out_.values().data() + at(cell.blocks[k]) * at(kRank);
      for (size_t r = 0; r < at(kRank); ++r) pass.hidden_gradients[r] += gradient * row[r];
    }
    for (float& value : pass.hidden_gradients) value *= scale_;
    std::vector<float> seen_gradients(pass.seen.size());
    row_products(seen_gradients.size(), in_.values().data(), pass.hidden_gradients.data(),
                 seen_gradients.data());
    pass.unet_gradients.assign(unet_.parameters().size(), 0.0f);
    unet_.backward(seen_gradients, *work, pass.unet_gradients);
    works.give(std::move(work));
  });
  return passes;
}

void ShareNetwork::place_gradients(std::span<const Pass> passes, int64_t begin, int64_t end,
                                   std::span<float> sums) const {
  for (const Pass& pass : passes) {
    add_outer(at(end - begin), pass.seen.data() + begin, pass.hidden_gradients.data(), sums.data());
  }
}

void ShareNetwork::block_gradients(std::span<const Pass> passes, int64_t begin, int64_t end,
                                   std::span<float> rows, std::span<float> bias) const {
  for (const Pass& pass : passes) {
    const auto& blocks = pass.cell->blocks;
    auto i = at(std::lower_bound(blocks.begin(), blocks.end(), begin) - blocks.begin());
    for (; i < blocks.size() && blocks[i] < end; ++i) {
      const auto block = at(blocks[i] - begin);
      bias[block] += pass.logit_gradients[i];
      add_outer(1, &pass.logit_gradients[i], pass.hidden.data(), rows.data() + block * at(kRank));
    }
  }
}

namespace {

std::vector<float> summed(const std::vector<std::vector<float>>& parts, size_t size) {
  std::vector<float> sums(size, 0.0f);
  for (const auto& part : parts) {
    for (size_t i = 0; i < size; ++i) sums[i] += part[i];
  }
  return sums;
}

}  // namespace

std::vector<AdamValues*> ShareNetwork::parameters() {
  return {&unet_.parameters(), &in_, &out_, &bias_};
}

std::vector<std::vector<float>> ShareNetwork::gradients(std::span<const BlockShares* const> cells,
                                                        ThreadPool& pool) const {
  auto all = passes(cells, pool);
  std::vector<float> in(in_.size(), 0.0f), out(out_.size(), 0.0f), bias(bias_.size(), 0.0f);
  place_gradients(all, 0, places_, in);
  block_gradients(all, 0, blocks_, out, bias);
  std::vector<std::vector<float>> unet;
  for (auto& pass : all) unet.push_back(std::move(pass.unet_gradients));
  return {summed(unet, unet_.parameters().size()), std::move(in), std::move(out), std::move(bias)};
}

void ShareNetwork::learn(std::span<const BlockShares* const> cells, int64_t step,
                         const AdamOptions& options, ThreadPool& pool) {
  auto all = passes(cells, pool);
  pool.for_blocks(places_, kParameterBlock, [&](int64_t begin, int64_t end, int64_t) {
    std::vector<float> sums(at((end - begin) * kRank), 0.0f);
    place_gradients(all, begin, end, sums);
    in_.move(at(begin * kRank), sums, step, options);
  });
  pool.for_blocks(blocks_, kParameterBlock, [&](int64_t begin, int64_t end, int64_t) {
    std::vector<float> rows(at((end - begin) * kRank), 0.0f), bias(at(end - begin), 0.0f);
    block_gradients(all, begin, end, rows, bias);
    out_.move(at(begin * kRank), rows, step, options);
    bias_.move(at(begin), bias, step, options);
  });
  std::vector<std::vector<float>> unet;
  for (auto& pass : all) unet.push_back(std::move(pass.unet_gradients));
  unet_.parameters().move(0, summed(unet, unet_.parameters().size()), step, options);
}

}  // namespace grids
