#include "methods/cxplain.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "base/at.hpp"
#include "base/random.hpp"
#include "math/statistics.hpp"
#include "methods/nets/share_network.hpp"
#include "methods/scores.hpp"

namespace grids::core {
namespace {

/// Held out of the training to end it.
constexpr double kHeldOutShare = 0.1;
/// Of the mean divergence of held-out cells, in nats: less is no gain.
constexpr double kLeastGain = 1e-4;
/// Cells whose masks are predicted at once: bounds the memory.
constexpr size_t kCellsAtOnce = 16;

uint64_t seed_of_shares(uint64_t seed, uint64_t stream) {
  RandomStream random(seed, Purpose::kMethods, stream);
  const uint64_t high = random();
  return high << 32 | random();
}

/// What differs in a cell; no shares yet.
BlockShares read_cell(const Objective& objective, const FeatureBlocks& blocks, int32_t position) {
  BlockShares cell;
  cell.position = position;
  for (const Feature j : objective.model->differing(objective.cells[at(position)])) {
    const int32_t place = blocks.place_of[at(j)];
    if (place >= 0) cell.places.push_back(place);
  }
  std::map<int32_t, int32_t> counts;
  for (const int32_t place : cell.places) ++counts[blocks.block_of[at(place)]];
  for (const auto& [block, count] : counts) {
    cell.blocks.push_back(block);
    cell.differ.push_back(count);
  }
  return cell;
}

/// The cell's features that differ, by its blocks.
std::vector<std::vector<Feature>> masks_of(const BlockShares& cell, const FeatureBlocks& blocks) {
  std::vector<std::vector<Feature>> masks(cell.blocks.size());
  for (const int32_t place : cell.places) {
    masks[cell.index_of(blocks.block_of[at(place)])].push_back(blocks.feature_at[at(place)]);
  }
  return masks;
}

void share_out(std::span<const double> changes, BlockShares& cell) {
  double sum = 0;
  for (const double change : changes) sum += std::max(-change, 0.0);
  if (!(sum > 0)) return;
  for (const double change : changes) {
    cell.shares.push_back(static_cast<float>(std::max(-change, 0.0) / sum));
  }
}

/// Cells to learn from, and others to say when to stop.
struct Lessons {
  std::vector<const BlockShares*> learnt;
  std::vector<const BlockShares*> held_out;
};

Lessons split(std::span<const BlockShares> cells, bool bootstrap, RandomStream random) {
  std::vector<const BlockShares*> all;
  for (const auto& cell : cells) {
    if (!cell.shares.empty()) all.push_back(&cell);
  }
  random.shuffle(std::span(all));
  const auto size = static_cast<int64_t>(all.size());
  const auto held = std::max<int64_t>(
      1, static_cast<int64_t>(std::lround(kHeldOutShare * static_cast<double>(size))));
  Lessons lessons;
  if (size < 2) return {all, all};
  lessons.held_out.assign(all.begin(), all.begin() + held);
  for (int64_t i = held; i < size; ++i) {
    const auto drawn = bootstrap ? held + random.below(static_cast<uint32_t>(size - held)) : i;
    lessons.learnt.push_back(all[at(drawn)]);
  }
  return lessons;
}

double mean_divergence(const ShareNetwork& network, std::span<const BlockShares* const> cells,
                       ShareNetwork::Memory& memory, ThreadPool& pool) {
  std::vector<double> each(cells.size());
  pool.for_each(static_cast<int64_t>(cells.size()),
                [&](int64_t i) { each[at(i)] = network.divergence(*cells[at(i)], memory); });
  return std::accumulate(each.begin(), each.end(), 0.0) / static_cast<double>(cells.size());
}

struct Trained {
  ShareNetwork network;
  int64_t epochs = 0;
};

Trained train(const FeatureBlocks& blocks, const Lessons& lessons, const CxplainOptions& options,
              uint64_t seed, uint32_t number, const Context& context) {
  ShareNetwork network(blocks, RandomStream(seed, Purpose::kMethods, 1, number));
  ShareNetwork::Memory memory;
  Trained best{network};
  double lowest = mean_divergence(network, lessons.held_out, memory, context.pool);
  auto order = lessons.learnt;
  int64_t step = 0;
  for (int64_t epoch = 1, kept = 0; epoch <= options.epochs && epoch - kept <= options.patience;
       ++epoch) {
    RandomStream random(seed, Purpose::kMethods, 2 + static_cast<uint64_t>(epoch), number);
    random.shuffle(std::span(order));
    for (size_t first = 0; first < order.size(); first += at(options.batch)) {
      context.check_cancelled();
      const auto size = std::min(at(options.batch), order.size() - first);
      network.learn(std::span(order).subspan(first, size), ++step, {options.rate}, memory,
                    context.pool);
    }
    best.epochs = epoch;
    const double divergence = mean_divergence(network, lessons.held_out, memory, context.pool);
    if (divergence < lowest - kLeastGain) {
      lowest = divergence;
      kept = epoch;
      best.network = network;
    }
  }
  return best;
}

/// Mean share of each feature over all cells of the objective.
std::vector<double> mean_shares(const ShareNetwork& network, const FeatureBlocks& blocks,
                                std::span<const BlockShares> cells, size_t features,
                                ThreadPool& pool) {
  std::vector<std::vector<float>> predicted(cells.size());
  ShareNetwork::Memory memory;
  pool.for_each(static_cast<int64_t>(cells.size()),
                [&](int64_t i) { predicted[at(i)] = network.predict(cells[at(i)], memory); });
  std::vector<double> sums(features, 0.0);
  for (size_t i = 0; i < cells.size(); ++i) {
    const BlockShares& cell = cells[i];
    for (const int32_t place : cell.places) {
      const auto k = cell.index_of(blocks.block_of[at(place)]);
      sums[at(blocks.feature_at[at(place)])] += double{predicted[i][k]} /
                                                static_cast<double>(cell.differ[k]) /
                                                static_cast<double>(cells.size());
    }
  }
  return sums;
}

}  // namespace

size_t BlockShares::index_of(int32_t block) const {
  const auto found = std::lower_bound(blocks.begin(), blocks.end(), block);
  return static_cast<size_t>(found - blocks.begin());
}

void CxplainOptions::describe(OptionSet& set) {
  set.inner("block", block, at_least(1));
  set.value("--cxplain-epochs", epochs,
            "Most epochs of the network; it ends when held-out cells gain no more", at_least(1));
  set.inner("patience", patience, at_least(1));
  set.value("--cxplain-batch", batch, "Cells of a training step (published; digits: 128)",
            at_least(1));
  set.value("--cxplain-rate", rate, "Learning rate (published; digits: 0.0005)", above(0));
  set.value("--cxplain-networks", networks,
            "Networks on bootstrap samples of the cells, of which the median counts", at_least(1));
  set.inner("level", level, above(0).below(1));
  set.inner("image-height", image_height, at_least(0));
  set.inner("image-width", image_width, at_least(0));
  set.rule([this](Problems& problems) {
    if ((image_height == 0) == (image_width == 0)) return;
    problems.add("an image has a height and a width above 0, not {} × {}", image_height,
                 image_width);
  });
}

FeatureBlocks feature_blocks(const Objective& objective, const CxplainOptions& options) {
  FeatureBlocks blocks;
  const int64_t features = objective.model->shape().features;
  blocks.place_of.assign(at(features), -1);
  if (options.image_height == 0) {
    blocks.width = static_cast<int64_t>(objective.allowed.size());
    blocks.feature_at = objective.allowed;
    for (int64_t place = 0; place < blocks.width; ++place) {
      blocks.block_of.push_back(static_cast<int32_t>(place / options.block));
    }
    blocks.blocks = (blocks.width + options.block - 1) / options.block;
  } else {
    blocks.height = options.image_height;
    blocks.width = options.image_width;
    if (blocks.height * blocks.width != features) {
      throw usage_error("an image of {} × {} pixels is not a model's {} features", blocks.height,
                        blocks.width, features);
    }
    blocks.feature_at.assign(at(features), kNoFeature);
    blocks.block_of.assign(at(features), -1);
    for (const Feature j : objective.allowed) {
      const int64_t row = j / blocks.width, column = j % blocks.width;
      blocks.feature_at[at(j)] = j;
      blocks.block_of[at(j)] =
          static_cast<int32_t>(row / 2 * ((blocks.width + 1) / 2) + column / 2);
    }
    blocks.blocks = (blocks.height + 1) / 2 * ((blocks.width + 1) / 2);
  }
  for (size_t place = 0; place < blocks.feature_at.size(); ++place) {
    const Feature j = blocks.feature_at[place];
    if (j != kNoFeature) blocks.place_of[at(j)] = static_cast<int32_t>(place);
  }
  return blocks;
}

std::vector<BlockShares> block_shares(Objective& objective, const FeatureBlocks& blocks,
                                      std::span<const int32_t> positions, const Context& context) {
  std::vector<BlockShares> cells(positions.size());
  const CellChanges changes(objective);
  for (size_t first = 0; first < positions.size(); first += kCellsAtOnce) {
    context.check_cancelled();
    const auto count = std::min(kCellsAtOnce, positions.size() - first);
    std::vector<std::vector<std::vector<Feature>>> masks(count);
    context.pool.for_each(static_cast<int64_t>(count), [&](int64_t i) {
      cells[first + at(i)] = read_cell(objective, blocks, positions[first + at(i)]);
      masks[at(i)] = masks_of(cells[first + at(i)], blocks);
    });
    std::vector<MaskedPosition> rows;
    for (size_t i = 0; i < count; ++i) {
      for (const auto& mask : masks[i]) rows.push_back({positions[first + i], mask});
      objective.evaluations += blocks.blocks - static_cast<int64_t>(masks[i].size());
    }
    const auto changed = cell_changes(objective, changes, rows);
    size_t row = 0;
    for (size_t i = 0; i < count; ++i) {
      share_out(std::span(changed).subspan(row, masks[i].size()), cells[first + i]);
      row += masks[i].size();
    }
  }
  return cells;
}

CxplainImportance cxplain_importance(Objective& objective, const CxplainOptions& options,
                                     uint64_t stream, const Context& context) {
  const auto features = at(objective.model->shape().features);
  CxplainImportance result;
  result.importance.assign(features, 0.0);
  result.low = result.high = result.importance;
  const FeatureBlocks blocks = feature_blocks(objective, options);
  const int64_t affordable = evaluations_left(objective) / std::max<int64_t>(1, blocks.blocks);
  result.reduced = affordable < objective.cell_count();
  const auto positions = some_cells(objective, affordable, stream, context);
  const auto taught = block_shares(objective, blocks, positions, context);
  result.cells = std::count_if(taught.begin(), taught.end(),
                               [](const BlockShares& cell) { return !cell.shares.empty(); });
  if (result.cells == 0) return result;

  std::vector<BlockShares> all(objective.cells.size());
  context.pool.for_each(objective.cell_count(), [&](int64_t i) {
    all[at(i)] = read_cell(objective, blocks, static_cast<int32_t>(i));
  });
  const uint64_t seed = seed_of_shares(context.seed, stream);
  std::vector<std::vector<double>> members;
  for (int64_t number = 0; number < options.networks; ++number) {
    const auto key = static_cast<uint32_t>(number);
    const auto lessons =
        split(taught, options.networks > 1, RandomStream(seed, Purpose::kMethods, 0, key));
    const Trained trained = train(blocks, lessons, options, seed, key, context);
    result.epochs = std::max(result.epochs, trained.epochs);
    members.push_back(mean_shares(trained.network, blocks, all, features, context.pool));
  }
  std::vector<double> values(members.size());
  for (size_t j = 0; j < features; ++j) {
    for (size_t m = 0; m < members.size(); ++m) values[m] = members[m][j];
    std::sort(values.begin(), values.end());
    result.importance[j] = sorted_quantile(values, 0.5);
    result.low[j] = sorted_quantile(values, (1 - options.level) / 2);
    result.high[j] = sorted_quantile(values, (1 + options.level) / 2);
  }
  return result;
}

}  // namespace grids::core
