// CXPlain: targets, its network's gradients, what it finds, and its intervals.
#include "methods/cxplain.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/error.hpp"
#include "methods/explainer.hpp"
#include "methods/nets/share_network.hpp"
#include "support/formula_model.hpp"
#include "support/search_world.hpp"
#include "support/slope.hpp"

namespace grids::core {
namespace {

using testing::FormulaModel;
using testing::SearchWorld;
using testing::slope_of;

TEST(Cxplain, TargetsAreSharesOfWhatBlocksDoTowardsTheGoal) {
  const SearchWorld world(2, 2);
  Objective objective = world.objective({});
  const auto blocks = feature_blocks(objective, {});
  const std::vector<int32_t> positions = {0, 3, 17};
  const auto cells = block_shares(objective, blocks, positions, world.context);
  EXPECT_EQ(objective.evaluations, 3 * blocks.blocks);
  const CellChanges changes(objective);
  for (size_t i = 0; i < cells.size(); ++i) {
    ASSERT_EQ(cells[i].shares.size(), cells[i].blocks.size());
    double sum = 0;
    for (const float share : cells[i].shares) sum += double{share};
    EXPECT_NEAR(sum, 1, 1e-5);  // floats
    // Ratios of shares are ratios of the changes by whole blocks masked.
    std::vector<double> effects;
    for (const int32_t block : cells[i].blocks) {
      std::vector<Feature> subset;
      for (Feature j = 0; j < world.model.shape().features; ++j) {
        if (j / 4 == block) subset.push_back(j);
      }
      const auto state = world.model.begin(
          subset, std::span(&objective.cells[static_cast<size_t>(positions[i])], 1),
          objective.outputs);
      effects.push_back(std::max(0.0, -changes({&positions[i], 1}, state->outputs())[0]));
    }
    const double total = std::accumulate(effects.begin(), effects.end(), 0.0);
    for (size_t k = 0; k < effects.size(); ++k) {
      EXPECT_NEAR(cells[i].shares[k], effects[k] / total, 1e-6);
    }
  }
}

TEST(Cxplain, BlocksOfAnImageAreTwoByTwo) {
  const FormulaModel model(6 * 4, [](const std::vector<double>& x) { return 1 + x[0]; });
  ObjectiveInput input;
  input.cells = {0};
  const Objective objective = make_objective(model, input, {});
  CxplainOptions options;
  options.image_height = 6;
  options.image_width = 4;
  const auto blocks = feature_blocks(objective, options);
  EXPECT_EQ(blocks.blocks, 6);
  for (const Feature j : {0, 1, 4, 5}) EXPECT_EQ(blocks.block_of[static_cast<size_t>(j)], 0);
  for (const Feature j : {18, 19, 22, 23}) EXPECT_EQ(blocks.block_of[static_cast<size_t>(j)], 5);
  options.image_width = 5;
  EXPECT_THROW(feature_blocks(objective, options), Error);
}

TEST(ShareNetwork, GradientsAreDerivatives) {
  FeatureBlocks blocks;
  blocks.width = 14;
  for (int32_t place = 0; place < 14; ++place) blocks.block_of.push_back(place / 4);
  blocks.blocks = 4;
  RandomStream random(5, Purpose::kWeights);
  ShareNetwork network(blocks, random);
  for (AdamValues* values : network.parameters()) {  // biases start at 0, where ReLUs turn
    for (float& value : values->values()) value += static_cast<float>(0.1 * random.normal());
  }
  const std::vector<BlockShares> cells = {
      {0, {0, 2, 5, 9}, {0, 1, 2}, {2, 1, 1}, {0.5, 0.2f, 0.3f}},
      {1, {3, 6, 7, 13}, {0, 1, 3}, {1, 2, 1}, {0, 0.9f, 0.1f}}};
  const std::vector<const BlockShares*> batch = {&cells[0], &cells[1]};
  ThreadPool pool(1);
  ShareNetwork::Memory memory;
  const auto value = [&] {
    return (network.divergence(cells[0], memory) + network.divergence(cells[1], memory)) / 2;
  };
  const auto gradients = network.gradients(batch, pool);
  const auto parameters = network.parameters();
  ASSERT_EQ(gradients.size(), parameters.size());
  int64_t checked = 0, smooth = 0;
  for (size_t p = 0; p < parameters.size(); ++p) {
    ASSERT_EQ(gradients[p].size(), parameters[p]->size());
    for (size_t i = 0; i < gradients[p].size(); ++i) {
      ++checked;
      const double slope = slope_of(parameters[p]->values()[i], 2e-3f, value);
      // Logits are floats of size 1 over a step of 4e-3, and the curvature of a slope itself.
      if (std::abs(slope - double{gradients[p][i]}) < 1e-3 + 0.02 * std::abs(slope)) ++smooth;
    }
  }
  // Where a ReLU of the U-Net turns within the step, both differ rightly.
  EXPECT_GE(static_cast<double>(smooth), 0.97 * static_cast<double>(checked));
}

TEST(ShareNetwork, ACellInWhichNothingWouldChangeHasNoShares) {
  FeatureBlocks blocks;
  blocks.width = 4;
  blocks.block_of = {0, 1, 2, 3};
  blocks.blocks = 4;
  const ShareNetwork network(blocks, RandomStream(5, Purpose::kWeights));
  ShareNetwork::Memory memory;
  EXPECT_TRUE(network.predict(BlockShares{}, memory).empty());
  EXPECT_EQ(network.divergence(BlockShares{}, memory), 0);
}

TEST(Cxplain, FindsTheBlockThatHoldsALinearModelUp) {
  const FormulaModel model(32, [](const std::vector<double>& x) {
    double sum = 50;
    for (size_t j = 0; j < x.size(); ++j) sum += (j == 21 ? 5 : j == 3 ? -6 : 0.1) * x[j];
    return sum;
  });
  ObjectiveInput input;
  input.cells = {0, 1, 2};
  LossOptions loss;
  loss.kind = LossKind::kValue;
  Objective objective = make_objective(model, input, loss);
  ThreadPool pool(1);
  Reporter reporter;
  CxplainOptions options;
  options.rate = 0.02;  // three cells are few steps an epoch
  const auto found = cxplain_importance(objective, options, 1, {1, pool, reporter});
  for (Feature j = 0; j < 32; ++j) {
    // 21 holds 5 of 5 + 31 · 0.1 but for the block with −6; the members of a block share alike.
    const double importance = found.importance[static_cast<size_t>(j)];
    EXPECT_EQ(j / 4 == 21 / 4, importance > 0.1) << j << " " << importance;
  }
  EXPECT_NEAR(std::accumulate(found.importance.begin(), found.importance.end(), 0.0), 1, 1e-4);
}

TEST(Cxplain, AnEnsembleHasIntervalsAroundItsMedian) {
  const SearchWorld world(3, 2);
  Objective objective = world.objective({});
  CxplainOptions options;
  options.epochs = 20;
  options.networks = 5;
  const auto found = cxplain_importance(objective, options, 1, world.context);
  EXPECT_EQ(objective.evaluations,
            objective.cell_count() * feature_blocks(objective, options).blocks);
  bool apart = false;
  for (size_t j = 0; j < found.importance.size(); ++j) {
    EXPECT_LE(found.low[j], found.importance[j]);
    EXPECT_GE(found.high[j], found.importance[j]);
    apart = apart || found.high[j] > found.low[j];
  }
  EXPECT_TRUE(apart);
  options.networks = 1;
  Objective alone = world.objective({});
  const auto one = cxplain_importance(alone, options, 1, world.context);
  EXPECT_EQ(one.low, one.importance);
  EXPECT_EQ(one.high, one.importance);
}

TEST(Cxplain, WithinABudgetLearnsFromFewerCells) {
  const SearchWorld world(3);
  Objective objective = world.objective({});
  const int64_t blocks = feature_blocks(objective, {}).blocks;
  objective.budget = objective.cell_count() + 7 * blocks + 1;
  CxplainOptions options;
  options.epochs = 3;
  const auto found = cxplain_importance(objective, options, 1, world.context);
  EXPECT_TRUE(found.reduced);
  EXPECT_LE(found.cells, 7);
  EXPECT_EQ(objective.evaluations, 7 * blocks);
}

}  // namespace
}  // namespace grids::core
