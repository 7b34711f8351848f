#include "model/set_outputs.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"
#include "support/random_cis.hpp"
#include "support/random_surrogate.hpp"

namespace grids::core {
namespace {

using testing::random_open;
using testing::random_surrogate;
using testing::small_shape;

struct SetWorld {
  explicit SetWorld(std::vector<float> replacement, bool with_cis = true, int threads = 2)
      : pool(threads),
        file(random_surrogate(small_shape(), 5)),
        surrogate(file),
        path(testing::random_cis(file.shape, 5, CisResponse::kCounts)),
        model(surrogate, random_open(kCells, file.shape.peaks(), 0.15, 6), std::move(replacement),
              pool, with_cis ? testing::random_contribution(path, kCells, 5) : CisContribution()) {}

  static constexpr int64_t kCells = 75;
  ThreadPool pool;
  SurrogateFile file;
  FoldedSurrogate surrogate;
  CisPath path;
  SurrogateModel model;
};

std::vector<float> closed() {
  return replace_by(small_shape().peaks(), 0);
}

/// Closed, opened and something between.
std::vector<float> mixed() {
  std::vector<float> values;
  for (int64_t peak = 0; peak < small_shape().peaks(); ++peak) {
    values.push_back(peak % 3 == 0 ? 0.0f : peak % 3 == 1 ? 1.0f : 0.3f);
  }
  return values;
}

const std::vector<std::vector<Feature>> kSets = {
    {}, {31}, {64, 1, 30}, {2, 3, 4, 25, 26, 40, 66, 69}, {12, 13, 14, 15, 16, 17}};

/// A gene of the cis path, one of the networks, all.
std::vector<std::vector<int32_t>> gene_lists() {
  return {{6}, {1}, indices_below(13)};
}

TEST(SetOutputs, AreThoseOfAStateBegunWithTheSetToTheLastBit) {
  for (const bool with_cis : {false, true}) {
    for (const auto& replacement : {closed(), mixed()}) {
      const SetWorld world(replacement, with_cis);
      for (const auto& genes : gene_lists()) {
        const SetOutputs sets(world.model, genes);
        const auto cells = indices_below(SetWorld::kCells);
        const auto unmasked = sets.unmasked();
        for (const auto& set : kSets) {
          const auto rows = sets.masked(set);
          auto found = unmasked;
          for (size_t i = 0; i < rows.cells.size(); ++i) {
            std::copy_n(rows.outputs.begin() + static_cast<std::ptrdiff_t>(i * genes.size()),
                        genes.size(), found.begin() + rows.cells[i] * std::ssize(genes));
          }
          const auto state = world.model.begin(set, cells, genes);
          EXPECT_EQ(found, std::vector<float>(state->outputs().begin(), state->outputs().end()));
        }
      }
    }
  }
}

TEST(SetOutputs, OnlyCellsThatASetTouchesAreComputed) {
  const SetWorld world(closed());
  const SetOutputs sets(world.model, std::vector<int32_t>{6});
  const auto rows = sets.masked(std::vector<Feature>{31, 2});
  std::vector<int32_t> expected;
  for (int32_t cell = 0; cell < SetWorld::kCells; ++cell) {
    const auto& open = world.model.open();
    if (open.contains(cell, 2) || open.contains(cell, 31)) expected.push_back(cell);
  }
  EXPECT_EQ(rows.cells, expected);
  EXPECT_LT(std::ssize(rows.cells), SetWorld::kCells);
  EXPECT_TRUE(sets.masked({}).cells.empty());
}

TEST(SetOutputs, BlocksOfCellsAreThoseOfAll) {
  const SetWorld world(closed());
  const SetOutputs sets(world.model, indices_below(13));
  auto whole = sets.unmasked(0, 40);
  const auto rest = sets.unmasked(40, SetWorld::kCells);
  whole.insert(whole.end(), rest.begin(), rest.end());
  EXPECT_EQ(whole, sets.unmasked());
}

TEST(SetOutputs, ThreadsDoNotChangeABit) {
  const SetWorld one(mixed(), true, 1), three(mixed(), true, 3);
  const auto genes = indices_below(13);
  for (const auto& set : kSets) {
    EXPECT_EQ(SetOutputs(one.model, genes).masked(set).outputs,
              SetOutputs(three.model, genes).masked(set).outputs);
  }
}

TEST(SetOutputs, SetsThatMakeNoSenseAreRefused) {
  const SetWorld world(closed());
  const SetOutputs sets(world.model, std::vector<int32_t>{6});
  EXPECT_THROW(sets.masked(std::vector<Feature>{3, 3}), Error);
  EXPECT_THROW(sets.masked(std::vector<Feature>{70}), Error);
  EXPECT_THROW(sets.masked(std::vector<Feature>{-1}), Error);
}

TEST(SetOutputs, AClampedGeneKeepsWhatIsUntouched) {
  EXPECT_EQ(clamped_after(std::vector<float>{1, 0, 2}, {{0, 1}, {-1, 3}}),
            (std::vector<float>{0, 3, 2}));
}

}  // namespace
}  // namespace grids::core
