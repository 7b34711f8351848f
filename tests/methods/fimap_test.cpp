// FIMAP: its network's gradients, and what gates it learns.
#include "methods/fimap.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/indices.hpp"
#include "methods/explainer.hpp"
#include "methods/nets/gate_network.hpp"
#include "methods/nets/gate_samples.hpp"
#include "support/formula_model.hpp"
#include "support/search_world.hpp"
#include "support/slope.hpp"

namespace grids::core {
namespace {

using testing::FormulaModel;
using testing::SearchWorld;
using testing::slope_of;
using testing::value_objective;

TEST(GateNetwork, GradientsAreDerivatives) {
  GateNetwork network(9, 0.3f, RandomStream(1, Purpose::kMethods));
  const std::vector<int32_t> first = {0, 3, 4, 8}, second = {3, 5};
  const auto forward = [&] {
    std::vector<GateNetwork::Cell> cells(2);
    cells[0].features = first;
    cells[1].features = second;
    for (auto& cell : cells) network.forward(cell);
    return cells;
  };
  // Some function of all logits: Σ (k + 1) · logit².
  const auto value = [&] {
    double sum = 0, k = 0;
    for (const auto& cell : forward()) {
      for (const float logit : cell.logits) sum += ++k * double{logit} * double{logit};
    }
    return sum;
  };
  auto cells = forward();
  float k = 0;
  for (auto& cell : cells) {
    for (const float logit : cell.logits) cell.logit_gradients.push_back(2 * ++k * logit);
  }
  const auto gradients = network.gradients(cells);
  const auto parameters = network.parameters();
  ASSERT_EQ(gradients.size(), parameters.size());
  for (size_t p = 0; p < parameters.size(); ++p) {
    ASSERT_EQ(gradients[p].size(), parameters[p]->size());
    for (size_t i = 0; i < gradients[p].size(); ++i) {
      // Logits are floats: their rounding over the step is 1e-4 of a value of size 10.
      EXPECT_NEAR(slope_of(parameters[p]->values()[i], 4e-3f, value), gradients[p][i], 0.02)
          << p << " " << i;
    }
  }
}

TEST(GateSamples, AreConcreteSamples) {
  std::vector<uint32_t> words = {0, 255, 256, 1u << 31, 0xffffffff, 0xffffff00, 0x7fffffff};
  RandomStream random(2, Purpose::kMethods);
  while (words.size() < 1003) words.push_back(random());
  std::vector<float> logits(words.size()), gates(words.size()), slopes(words.size());
  for (float& logit : logits) logit = static_cast<float>(8 * random.normal());
  for (const float temperature : {1.0f, 0.3f, 0.1f}) {
    sample_gates(words, logits, temperature, gates, slopes);
    for (size_t i = 0; i < words.size(); ++i) {
      const double u = ((words[i] >> 8) + 0.5) / 16777216.0;
      const double x = (double{logits[i]} + std::log(u / (1 - u))) / double{temperature};
      const double gate = 1 / (1 + std::exp(-x));
      // The exponent, up to 30, is a float: 30 · 2⁻²³ of the gate where that is small.
      EXPECT_NEAR(gates[i], gate, 1e-5 * gate + 1.1e-13) << i;
      EXPECT_NEAR(slopes[i], gates[i] * (1 - gates[i]) / temperature, 1e-6) << i;
      EXPECT_TRUE(gates[i] == 0 || gates[i] > 5e-14f) << i;
    }
    // Neighbours do not matter.
    float gate = 0, slope = 0;
    sample_gates({&words[500], 1}, {&logits[500], 1}, temperature, {&gate, 1}, {&slope, 1});
    EXPECT_EQ(gate, gates[500]);
    EXPECT_EQ(slope, slopes[500]);
  }
}

std::vector<Feature> chosen(const MaskableModel& model, int64_t members) {
  ThreadPool pool(1);
  Reporter reporter;
  Objective objective = value_objective(model);
  ExplainerOptions options;
  options.set_size = members;
  auto subset =
      find_explainer("fimap").explain(objective, options, Context{1, pool, reporter}).subset;
  std::sort(subset.begin(), subset.end());
  return subset;
}

TEST(Fimap, FindsTheFeaturesThatHoldALinearModelUpMost) {
  const std::vector<double> coefficients = {0.5, 3, -4, 0.1, 0, 2, -1, 0.25};
  const FormulaModel model(8, [&](const std::vector<double>& x) {
    double sum = 50;
    for (size_t j = 0; j < x.size(); ++j) sum += coefficients[j] * x[j];
    return sum;
  });
  EXPECT_EQ(chosen(model, 1), (std::vector<Feature>{1}));
  EXPECT_EQ(chosen(model, 2), (std::vector<Feature>{1, 5}));
}

TEST(Fimap, FindsTwoThatStandInForEachOther) {
  // Neither's gradient says anything before the other is masked; at gates between it does.
  EXPECT_EQ(chosen(testing::redundant_pair(), 2), (std::vector<Feature>{2, 5}));
}

TEST(Fimap, LeavesAboutLGatesOpen) {
  const SearchWorld world(3);
  for (const int64_t members : {3, 8}) {
    Objective objective = world.objective({});
    FimapOptions options;
    options.rounds = 12;
    const auto found = fimap_gates(objective, members, options, 1, world.context);
    EXPECT_FALSE(found.reduced);
    // Rounds end within a tenth of L or half a gate, or when there are no more of them; twice that.
    EXPECT_NEAR(found.open, static_cast<double>(members),
                std::max(1.0, 0.2 * static_cast<double>(members)));
    for (const double score : found.scores) EXPECT_GE(score, 0);
  }
}

TEST(Fimap, EndsWhereLIsOutOfReach) {
  // Two features matter: no weight of the number of gates opens five.
  const FormulaModel model(8,
                           [](const std::vector<double>& x) { return 50 + 3 * x[1] + 2 * x[5]; });
  Objective objective = value_objective(model);
  ThreadPool pool(1);
  Reporter reporter;
  FimapOptions options;
  options.rounds = 12;
  const auto found = fimap_gates(objective, 5, options, 1, Context{1, pool, reporter});
  EXPECT_LT(found.rounds, options.rounds);
  for (const size_t j : {0u, 2u, 3u, 4u, 6u, 7u}) {
    EXPECT_LT(found.scores[j], std::min(found.scores[1], found.scores[5])) << j;
  }
}

TEST(Fimap, FewerOpenGatesNeedALargerWeight) {
  const SearchWorld world(4);
  FimapOptions options;
  options.rounds = 12;
  Objective few = world.objective({}), many = world.objective({});
  const auto small = fimap_gates(few, 2, options, 1, world.context);
  const auto large = fimap_gates(many, 10, options, 1, world.context);
  EXPECT_GT(small.weight, large.weight);
  EXPECT_LT(small.open, large.open);
}

}  // namespace
}  // namespace grids::core
