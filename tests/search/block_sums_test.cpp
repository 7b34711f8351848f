#include "search/block_sums.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/indices.hpp"
#include "base/random.hpp"
#include "support/search_world.hpp"

namespace grids::core {
namespace {

constexpr int64_t kWidth = 3;
// Below, at and above one block and several.
constexpr int64_t kCellCounts[] = {1, 700, 1023, 1024, 1025, 2048, 3500};

const std::vector<LossOptions> kSummedLosses = {
    {.kind = LossKind::kRate},
    {.kind = LossKind::kRate, .direction = Direction::kUp, .beta = 0.5},
    {.kind = LossKind::kEq11, .beta = 2},
    {.kind = LossKind::kEq11, .beta = 1, .reference = LossReference::kObserved},
    {.kind = LossKind::kValue},
    {.kind = LossKind::kCrossEntropy},
    {.kind = LossKind::kOutput},
};

std::vector<float> random_outputs(int64_t cells, uint64_t seed) {
  RandomStream random(seed, Purpose::kBenchmark, 11);
  std::vector<float> values(static_cast<size_t>(cells * kWidth));
  for (float& value : values) value = static_cast<float>(0.5 + random.normal());
  return values;
}

Loss random_loss(int64_t cells, const LossOptions& options) {
  auto before = random_outputs(cells, 1);
  before[0] = 1;  // one cell has something to change
  auto observed = before;
  for (float& value : observed) value = std::max(value, 0.0f);
  return make_loss({kWidth, before, observed, {}}, options);
}

/// A loop over all cells, one by one, by blocks of so many.
std::vector<double> plain_sums(const Loss& loss, const std::vector<float>& outputs, int64_t block) {
  std::vector<double> sums(static_cast<size_t>(loss.terms), 0.0), terms(sums.size());
  for (int32_t first = 0; first < loss.cells; first += static_cast<int32_t>(block)) {
    std::vector<double> own(sums.size(), 0.0);
    for (int32_t cell = first; cell < std::min(loss.cells, first + block); ++cell) {
      loss_terms(loss, {&cell, 1}, {outputs.data() + cell * kWidth, kWidth}, terms);
      for (size_t t = 0; t < own.size(); ++t) own[t] += terms[t];
    }
    for (size_t t = 0; t < own.size(); ++t) sums[t] += own[t];
  }
  return sums;
}

/// None, each kind of one, a few, all.
std::vector<std::vector<int32_t>> edited_cells(int64_t cells) {
  const auto last = static_cast<int32_t>(cells - 1);
  std::vector<int32_t> some;
  RandomStream random(7, Purpose::kBenchmark, 12);
  for (int32_t cell = 0; cell < cells; ++cell) {
    if (random.uniform() < 0.03) some.push_back(cell);
  }
  return {{}, {0}, {last}, {last / 2}, some, indices_below(cells)};
}

/// Rows of a matrix, a row a cell.
std::vector<const float*> rows_at(const std::vector<float>& outputs,
                                  std::span<const int32_t> cells) {
  std::vector<const float*> rows;
  for (const int32_t cell : cells) rows.push_back(outputs.data() + cell * kWidth);
  return rows;
}

TEST(BlockSums, AreThePlainLoopByBlocksToTheLastBit) {
  for (const int64_t cells : kCellCounts) {
    const auto outputs = random_outputs(cells, 2);
    for (const LossOptions& options : kSummedLosses) {
      const Loss loss = random_loss(cells, options);
      const auto expected = plain_sums(loss, outputs, kSumCells);
      EXPECT_EQ(loss_sums(loss, outputs), expected) << cells << loss_name(options.kind);
      const BlockSums kept(loss, outputs);
      EXPECT_EQ(std::vector<double>(kept.sums().begin(), kept.sums().end()), expected) << cells;
    }
  }
}

TEST(BlockSums, OfNoMoreCellsThanABlockAreThePlainSumToTheLastBit) {
  for (const int64_t cells : {1, 700, 1024}) {
    const auto outputs = random_outputs(cells, 3);
    for (const LossOptions& options : kSummedLosses) {
      const Loss loss = random_loss(cells, options);
      EXPECT_EQ(loss_sums(loss, outputs), plain_sums(loss, outputs, cells)) << cells;
    }
  }
}

TEST(BlockSums, AfterAnEditAreThoseOfTheEditedOutputsToTheLastBit) {
  for (const int64_t cells : kCellCounts) {
    const auto outputs = random_outputs(cells, 4);
    const auto other = random_outputs(cells, 5);
    for (const LossOptions& options : kSummedLosses) {
      const Loss loss = random_loss(cells, options);
      const BlockSums kept(loss, outputs);
      for (const auto& edited : edited_cells(cells)) {
        auto after = outputs;
        for (const int32_t cell : edited) {
          std::copy_n(other.data() + cell * kWidth, kWidth, after.data() + cell * kWidth);
        }
        const auto rows = rows_at(other, edited);
        const auto sums = kept.sums_after(edited, {rows, kWidth});
        EXPECT_EQ(sums, loss_sums(loss, after)) << cells << " cells, " << edited.size();
        EXPECT_EQ(sums, plain_sums(loss, after, kSumCells)) << cells << " cells, " << edited.size();
      }
    }
  }
}

// Rows of more outputs than are gathered at once.
TEST(BlockSums, OfWideRowsAreThoseOfTheEditedOutputs) {
  constexpr int64_t kWide = 5000;
  RandomStream random(3, Purpose::kBenchmark, 13);
  std::vector<float> before(3 * kWide), after;
  for (float& value : before) value = static_cast<float>(std::abs(random.normal()));
  after = before;
  for (size_t i = kWide; i < before.size(); ++i) after[i] += 0.25f;
  const Loss loss = make_loss({kWide, before, {}, {}}, {.kind = LossKind::kRate, .beta = 1});
  const std::vector<int32_t> edited = {1, 2};
  const std::vector<const float*> rows = {after.data() + kWide, after.data() + 2 * kWide};
  const BlockSums kept(loss, before);
  EXPECT_EQ(kept.sums_after(edited, {rows, kWide}), loss_sums(loss, after));
}

TEST(BlockSums, OfASearchOverSeveralBlocksAreTheSameForAnyThreadsAndAnyPath) {
  for (const LossOptions& options :
       {LossOptions{.kind = LossKind::kRate}, LossOptions{.kind = LossKind::kEq11, .beta = 0.5}}) {
    std::vector<std::vector<double>> values;
    for (const int threads : {1, 3}) {
      const testing::SearchWorld world(4, threads, 1500);
      auto objective = world.objective(options);
      const auto state = begin(objective, std::vector<Feature>{2, 19, 33});
      std::vector<Edit> edits;
      for (Feature in = 40; in < 60; ++in) edits.push_back({in % 2 == 0 ? 19 : kNoFeature, in});
      values.push_back(values_after(objective, *state, edits));
      for (size_t e = 0; e < edits.size(); ++e) {
        auto edited = begin(objective, std::vector<Feature>{2, 19, 33});
        edited->apply(edits[e]);
        EXPECT_EQ(value(objective, *edited), values.back()[e]);
        const auto fresh = begin(objective, edited->subset());
        EXPECT_EQ(value(objective, *fresh), values.back()[e]);
      }
    }
    EXPECT_EQ(values[0], values[1]);
  }
}

}  // namespace
}  // namespace grids::core
