#include "search/objective.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/indices.hpp"
#include "support/search_world.hpp"

namespace grids::core {
namespace {

using testing::SearchWorld;

const std::vector<LossOptions> kLosses = {
    {.kind = LossKind::kRate},  {.kind = LossKind::kRate, .direction = Direction::kUp, .beta = 0.5},
    {.kind = LossKind::kEq11},  {.kind = LossKind::kEq11, .direction = Direction::kUp, .beta = 2},
    {.kind = LossKind::kValue},
};

RC_GTEST_PROP(Objective, ASwapValueIsTheValueOfTheSwappedSubsetToTheLastBit, ()) {
  const auto seed = *rc::gen::inRange<uint64_t>(1, 8);
  const SearchWorld world(seed, 2, 60, seed % 2 == 0);
  auto objective = world.objective(kLosses[*rc::gen::inRange<size_t>(0, kLosses.size())]);
  const std::vector<Feature> subset = {2, 19, 33, 60};
  const auto state = begin(objective, subset);
  std::vector<Edit> edits;
  for (int i = 0; i < 6; ++i) {
    const Feature out = *rc::gen::elementOf(subset);
    const Feature in = *rc::gen::inRange(0, 70);
    if (std::find(subset.begin(), subset.end(), in) == subset.end()) edits.push_back({out, in});
  }
  edits.push_back({19, kNoFeature});
  edits.push_back({kNoFeature, 5});
  const auto values = values_after(objective, *state, edits);
  RC_ASSERT(objective.evaluations == static_cast<int64_t>(edits.size()) * objective.cell_count());
  for (size_t i = 0; i < edits.size(); ++i) {
    std::vector<Feature> swapped;
    for (const Feature member : subset) {
      if (member != edits[i].out) swapped.push_back(member);
    }
    if (edits[i].in != kNoFeature) swapped.push_back(edits[i].in);
    RC_ASSERT(values[i] == value(objective, *begin(objective, swapped)));
  }
}

TEST(Objective, ThreadsDoNotChangeABitOfTheValuesAfterEdits) {
  for (const LossOptions& loss : kLosses) {
    std::vector<std::vector<double>> values;
    for (const int threads : {1, 2, 3}) {
      const SearchWorld world(4, threads, 150, true);
      auto objective = world.objective(loss);
      const auto state = begin(objective, std::vector<Feature>{2, 19, 33, 60});
      std::vector<Edit> edits;
      for (Feature in = 0; in < 70; ++in) {
        if (std::count(state->subset().begin(), state->subset().end(), in) > 0) continue;
        edits.push_back({in % 2 == 0 ? 19 : 60, in});
        edits.push_back({kNoFeature, in});
      }
      values.push_back(values_after(objective, *state, edits));
    }
    EXPECT_EQ(values[0], values[1]);
    EXPECT_EQ(values[0], values[2]);
  }
}

TEST(Objective, APartOfAStateIsTheStateOfAPart) {
  for (const LossOptions& loss : kLosses) {
    const SearchWorld world(4, 2, 60, true);
    auto objective = world.objective(loss);
    const auto whole = begin(objective, std::vector<Feature>{2, 19, 33, 60});
    const std::vector<int32_t> positions = {3, 4, 17, 40, 59};
    Objective part = objective.on(positions);
    const auto begun = begin(part, std::vector<Feature>{2, 19, 33, 60});
    const auto cut = whole->on(positions);
    EXPECT_EQ(value(part, *cut), value(part, *begun));
    EXPECT_EQ(gains(part, *cut), gains(part, *begun));
  }
}

TEST(Objective, MaskingNothingGivesTheValueOfUnmaskedCells) {
  const SearchWorld world;
  auto rate = world.objective({.kind = LossKind::kRate});
  EXPECT_EQ(value(rate, *begin(rate, {})), 1.0);
  // The reference of a cell is its own prediction wherever that is above the floor.
  auto eq11 = world.objective({.kind = LossKind::kEq11, .beta = 1});
  const double share_counted = 1 - static_cast<double>(cells_below_floor(eq11.loss)) /
                                       static_cast<double>(eq11.cells.size());
  EXPECT_GE(value(eq11, *begin(eq11, {})), share_counted - 1e-12);
  EXPECT_LE(value(eq11, *begin(eq11, {})), 1 + 1e-12);
}

TEST(Objective, PermutedCellsGiveTheSameValuesAndGains) {
  const SearchWorld world;
  auto plain = world.objective({.kind = LossKind::kRate, .beta = 1});
  ObjectiveInput input;
  input.cells = indices_below(60);
  std::reverse(input.cells.begin(), input.cells.end());
  input.target = world.target();
  auto permuted = make_objective(world.model, input, {.kind = LossKind::kRate, .beta = 1});
  const std::vector<Feature> subset = {2, 19, 33, 60};
  const auto a = begin(plain, subset);
  const auto b = begin(permuted, subset);
  // Sums of 60 doubles in another order; gains are sums of floats.
  EXPECT_NEAR(value(plain, *a), value(permuted, *b), 1e-12);
  const auto gains_a = gains(plain, *a);
  const auto gains_b = gains(permuted, *b);
  for (size_t j = 0; j < gains_a.size(); ++j) EXPECT_NEAR(gains_a[j], gains_b[j], 1e-6);
}

TEST(Objective, GainsForeseeSmallChanges) {
  // To first order masking peak j adds gain_j; with many peaks a single one is a small step, so the
  // two agree in sign and size for most, and the correlation is close to 1.
  const SearchWorld world(3);
  auto objective = world.objective({.kind = LossKind::kRate});
  const auto state = begin(objective, {});
  const double start = value(objective, *state);
  const auto foreseen = gains(objective, *state);
  std::vector<Edit> edits;
  for (Feature j = 0; j < 70; ++j) edits.push_back({kNoFeature, j});
  const auto values = values_after(objective, *state, edits);
  double xy = 0, xx = 0, yy = 0;
  for (size_t j = 0; j < values.size(); ++j) {
    const double change = values[j] - start;
    xy += foreseen[j] * change;
    xx += foreseen[j] * foreseen[j];
    yy += change * change;
  }
  EXPECT_GT(xy / std::sqrt(xx * yy), 0.8);
}

TEST(Objective, TransitionRowsAreEquation14) {
  const std::vector<double> d = {-1, 2, -3, 4, 5};
  const std::vector<Feature> r = {3, 1};
  EXPECT_EQ(transition_row(d, r, 0), (std::vector<double>{-5, -4, -7, 0, 1}));
  EXPECT_EQ(transition_row(d, r, 1), (std::vector<double>{-3, 0, -5, -2, 3}));
  const std::vector<Feature> twice = {3, 3};
  EXPECT_EQ(transition_row(d, twice, 0), (std::vector<double>{-5, -2, -7, 0, 1}));
}

TEST(Objective, TheLowestAreTakenWithTiesToTheSmallerIndex) {
  const std::vector<double> scores = {0, -1, 0, -1, 3, 0};
  const std::vector<Feature> all = {0, 1, 2, 3, 4, 5};
  EXPECT_EQ(lowest(scores, all, 4), (std::vector<Feature>{1, 3, 0, 2}));
  // Against sorting all of them, with many ties.
  RandomStream random(1, Purpose::kBenchmark);
  std::vector<double> many(1000);
  for (double& score : many) score = random.below(60);
  auto sorted = indices_below(1000);
  std::stable_sort(sorted.begin(), sorted.end(), [&](Feature a, Feature b) {
    return many[static_cast<size_t>(a)] < many[static_cast<size_t>(b)];
  });
  for (const int64_t count : {0, 1, 42, 999, 1000, 2000}) {
    const auto end = sorted.begin() + std::min<int64_t>(count, 1000);
    EXPECT_EQ(lowest(many, indices_below(1000), count), std::vector<Feature>(sorted.begin(), end));
  }
  const std::vector<Feature> some = {0, 4, 5};
  EXPECT_EQ(lowest(scores, some, 9), (std::vector<Feature>{0, 5, 4}));
}

TEST(CellChanges, OfTheOnlyCellIsTheChangeOfTheValue) {
  const SearchWorld world(4);
  for (const LossKind kind : {LossKind::kRate, LossKind::kEq11, LossKind::kValue}) {
    LossOptions options;
    options.kind = kind;
    if (kind != LossKind::kValue) options.beta = 0.5;
    Objective whole = world.objective(options);
    const std::vector<int32_t> positions = {11};
    Objective objective = whole.on(positions);
    const std::vector<Feature> mask = {3, 8, 9, 40};
    const CellChanges changes(objective);
    const std::vector<MaskedPosition> rows = {{0, mask}, {0, {}}};
    const auto told = cell_changes(objective, changes, rows);
    EXPECT_EQ(objective.evaluations, 2);
    const double unmasked = value(objective, *begin(objective, {}));
    EXPECT_NEAR(told[0], value(objective, *begin(objective, mask)) - unmasked, 1e-12);
    EXPECT_EQ(told[1], 0);
  }
}

TEST(CellChanges, AddUpOverCellsWhereTheLossIsAMean) {
  const SearchWorld world(5);
  LossOptions options;
  options.kind = LossKind::kValue;
  Objective objective = world.objective(options);
  const std::vector<Feature> mask = {1, 2, 30};
  std::vector<MaskedPosition> rows;
  for (int32_t position = 0; position < 60; ++position) rows.push_back({position, mask});
  const auto told = cell_changes(objective, CellChanges(objective), rows);
  double sum = 0;
  for (const double change : told) sum += change;
  const double change =
      value(objective, *begin(objective, mask)) - value(objective, *begin(objective, {}));
  EXPECT_NEAR(sum, change, 1e-12);
}

TEST(CellGains, AddUpToTheGainsAndCountThree) {
  const SearchWorld world(6);
  LossOptions options;
  Objective objective = world.objective(options);
  const auto state = begin(objective, std::vector<Feature>{4, 17});
  const auto whole = gains(objective, *state);
  EXPECT_EQ(objective.evaluations, 3 * objective.cell_count());
  std::vector<std::vector<double>> own(objective.cells.size(),
                                       std::vector<double>(whole.size(), 0.0));
  cell_gains(
      objective, *state,
      [&](size_t position, std::span<const Feature> features, std::span<const float> values) {
        for (size_t i = 0; i < features.size(); ++i) {
          own[position][static_cast<size_t>(features[i])] = values[i];
        }
      });
  EXPECT_EQ(objective.evaluations, 6 * objective.cell_count());
  double largest = 0;
  for (const double gain : whole) largest = std::max(largest, std::abs(gain));
  for (size_t j = 0; j < whole.size(); ++j) {
    double sum = 0;
    for (const auto& cell : own) sum += cell[j];
    EXPECT_NEAR(sum, whole[j], 1e-5 * largest);  // sums of floats in another order
  }
}

}  // namespace
}  // namespace grids::core
