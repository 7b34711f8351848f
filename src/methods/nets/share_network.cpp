#include "methods/nets/share_network.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/at.hpp"
#include "base/simd.hpp"
#include "math/lanes.hpp"
#include "methods/nets/gathered_rows.hpp"

namespace grids::core {
namespace {

constexpr int64_t kRank = ShareNetwork::kRank;
static_assert(kRank == kLanes);

/// Places, or blocks, whose parameters one thread moves at a time. No power of 2: as many rows of
/// places would compete for the same lines of the first-level cache.
constexpr int64_t kParameterBlock = 1008;
static_assert(kParameterBlock % kLanes == 0);

/// ⟨row r, x⟩ of the kRank rows.
GRIDS_CLONES void project(int64_t stride, const float* rows, const float* x, float* out) {
  Lanes sums[kRank] = {};
  for (int64_t i = 0; i < stride; i += kLanes) {
    const Lanes own = lanes_at(x + i);
    for (int64_t r = 0; r < kRank; ++r) sums[r] += own * lanes_at(rows + r * stride + i);
  }
  for (int64_t r = 0; r < kRank; ++r) {
    const Lanes sum = sums[r];
    out[r] = sum_of(sum);
  }
}

/// Σ_r factor_r · row r.
GRIDS_CLONES void combine(int64_t stride, const float* rows, const float* factors, float* out) {
  for (int64_t i = 0; i < stride; i += kLanes) {
    Lanes even = {}, odd = {};  // two chains, so that one need not wait for the other
    for (int64_t r = 0; r < kRank; r += 2) {
      even += factors[r] * lanes_at(rows + r * stride + i);
      odd += factors[r + 1] * lanes_at(rows + (r + 1) * stride + i);
    }
    lanes_at(out + i) = even + odd;
  }
}

/// Adds x_cell to the row r of `sums`, factor_cell,r times, over the cells; whole vectors.
GRIDS_CLONES void add_products(size_t cells, const float* const* x, const float* const* factors,
                               int64_t count, float* sums) {
  for (int64_t i = 0; i < count; i += kLanes) {
    Lanes own[kRank];
    for (int64_t r = 0; r < kRank; ++r) own[r] = lanes_at(sums + r * count + i);
    for (size_t cell = 0; cell < cells; ++cell) {
      const Lanes value = lanes_at(x[cell] + i);
      for (int64_t r = 0; r < kRank; ++r) own[r] += factors[cell][r] * value;
    }
    for (int64_t r = 0; r < kRank; ++r) lanes_at(sums + r * count + i) = own[r];
  }
}

std::vector<float> summed(std::span<const ShareNetwork::Pass> passes, size_t size) {
  std::vector<float> sums(size, 0.0f);
  for (const auto& pass : passes) {
    for (size_t i = 0; i < size; ++i) sums[i] += pass.unet_gradients[i];
  }
  return sums;
}

}  // namespace

std::unique_ptr<ShareNetwork::Room> ShareNetwork::Memory::take() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) return std::make_unique<Room>();
  auto room = std::move(free_.back());
  free_.pop_back();
  return room;
}

void ShareNetwork::Memory::give(std::unique_ptr<Room> room) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(room));
}

ShareNetwork::ShareNetwork(const FeatureBlocks& blocks, RandomStream random)
    : places_(blocks.height * blocks.width),
      stride_(padded(places_)),
      blocks_(blocks.blocks),
      scale_(1.0f / std::sqrt(static_cast<float>(std::max<int64_t>(1, places_)))),
      unet_(blocks.height, blocks.width, random),
      in_(at(kRank * stride_)),
      out_(at(blocks_ * kRank)),
      bias_(at(blocks_)) {
  for (int64_t place = 0; place < places_; ++place) {
    for (int64_t r = 0; r < kRank; ++r) {
      in_.values()[at(r * stride_ + place)] = static_cast<float>(random.normal());
    }
  }
  // Small, so that all blocks start alike.
  for (float& value : out_.values()) value = static_cast<float>(0.1 * random.normal());
}

void ShareNetwork::forward(const BlockShares& cell, UNet::Work& work, Pass& pass) const {
  pass.cell = &cell;
  pass.seen.resize(at(stride_), 0.0f);
  unet_.forward(cell.places, work, pass.seen);
  pass.hidden.resize(at(kRank));
  project(stride_, in_.values().data(), pass.seen.data(), pass.hidden.data());
  for (float& value : pass.hidden) value *= scale_;
  pass.shares.resize(cell.blocks.size());
  row_products(cell.blocks, out_.values().data(), pass.hidden.data(), bias_.values().data(),
               pass.shares.data());
  if (pass.shares.empty()) return;  // a cell in which no feature would change anything
  const float largest = *std::max_element(pass.shares.begin(), pass.shares.end());
  double sum = 0;
  for (float& share : pass.shares) {
    share = std::exp(share - largest);
    sum += double{share};
  }
  for (float& share : pass.shares) share = static_cast<float>(double{share} / sum);
}

std::vector<float> ShareNetwork::predict(const BlockShares& cell, Memory& memory) const {
  auto room = memory.take();
  forward(cell, room->work, room->pass);
  auto shares = room->pass.shares;
  memory.give(std::move(room));
  return shares;
}

double ShareNetwork::divergence(const BlockShares& cell, Memory& memory) const {
  const auto predicted = predict(cell, memory);
  double sum = 0;
  for (size_t i = 0; i < predicted.size(); ++i) {
    const double share = cell.shares[i];
    if (share > 0) sum += share * std::log(share / std::max(double{predicted[i]}, 1e-30));
  }
  return sum;
}

std::span<const ShareNetwork::Pass> ShareNetwork::passes(std::span<const BlockShares* const> cells,
                                                         Memory& memory, ThreadPool& pool) const {
  memory.passes.resize(std::max(memory.passes.size(), cells.size()));
  pool.for_each(static_cast<int64_t>(cells.size()), [&](int64_t i) {
    auto room = memory.take();
    const BlockShares& cell = *cells[at(i)];
    Pass& pass = memory.passes[at(i)];
    forward(cell, room->work, pass);
    const float weight = 1.0f / static_cast<float>(cells.size());
    pass.logit_gradients.resize(cell.blocks.size());
    for (size_t k = 0; k < cell.blocks.size(); ++k) {
      pass.logit_gradients[k] = weight * (pass.shares[k] - cell.shares[k]);
    }
    pass.hidden_gradients.resize(at(kRank));
    weighted_rows(cell.blocks, out_.values().data(), pass.logit_gradients.data(),
                  pass.hidden_gradients.data());
    for (float& value : pass.hidden_gradients) value *= scale_;
    room->seen_gradients.resize(at(stride_));
    combine(stride_, in_.values().data(), pass.hidden_gradients.data(),
            room->seen_gradients.data());
    pass.unet_gradients.assign(unet_.parameters().size(), 0.0f);
    unet_.backward(room->seen_gradients, room->work, pass.unet_gradients);
    memory.give(std::move(room));
  });
  return std::span(memory.passes).first(cells.size());
}

void ShareNetwork::place_gradients(std::span<const Pass> passes, int64_t begin, int64_t end,
                                   std::span<float> sums) const {
  std::vector<const float*> seen, factors;
  for (const Pass& pass : passes) {
    seen.push_back(pass.seen.data() + begin);
    factors.push_back(pass.hidden_gradients.data());
  }
  add_products(passes.size(), seen.data(), factors.data(), end - begin, sums.data());
}

void ShareNetwork::block_gradients(std::span<const Pass> passes, int64_t begin, int64_t end,
                                   std::span<float> rows, std::span<float> bias) const {
  for (const Pass& pass : passes) {
    const auto& blocks = pass.cell->blocks;
    const auto first = std::lower_bound(blocks.begin(), blocks.end(), begin);
    const auto last = std::lower_bound(first, blocks.end(), end);
    add_outer({first, last}, pass.logit_gradients.data() + (first - blocks.begin()),
              pass.hidden.data(), static_cast<int32_t>(begin), rows.data(), bias.data());
  }
}

std::vector<AdamValues*> ShareNetwork::parameters() {
  return {&unet_.parameters(), &in_, &out_, &bias_};
}

std::vector<std::vector<float>> ShareNetwork::gradients(std::span<const BlockShares* const> cells,
                                                        ThreadPool& pool) const {
  Memory memory;
  const auto all = passes(cells, memory, pool);
  std::vector<float> in(in_.size(), 0.0f), out(out_.size(), 0.0f), bias(bias_.size(), 0.0f);
  place_gradients(all, 0, stride_, in);
  block_gradients(all, 0, blocks_, out, bias);
  return {summed(all, unet_.parameters().size()), std::move(in), std::move(out), std::move(bias)};
}

void ShareNetwork::learn(std::span<const BlockShares* const> cells, int64_t step,
                         const AdamOptions& options, Memory& memory, ThreadPool& pool) {
  const auto all = passes(cells, memory, pool);
  pool.for_blocks(stride_, kParameterBlock, [&](int64_t begin, int64_t end, int64_t) {
    const auto count = at(end - begin);
    std::vector<float> sums(count * at(kRank), 0.0f);
    place_gradients(all, begin, end, sums);
    for (int64_t r = 0; r < kRank; ++r) {
      in_.move(at(r * stride_ + begin), std::span(sums).subspan(at(r) * count, count), step,
               options);
    }
  });
  pool.for_blocks(blocks_, kParameterBlock, [&](int64_t begin, int64_t end, int64_t) {
    std::vector<float> rows(at((end - begin) * kRank), 0.0f), bias(at(end - begin), 0.0f);
    block_gradients(all, begin, end, rows, bias);
    out_.move(at(begin * kRank), rows, step, options);
    bias_.move(at(begin), bias, step, options);
  });
  unet_.parameters().move(0, summed(all, unet_.parameters().size()), step, options);
}

}  // namespace grids::core
