// Cells under masks of their own, gains cell by cell, and noise.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/indices.hpp"
#include "support/search_world.hpp"

namespace grids::core {
namespace {

using testing::SearchWorld;

std::vector<Feature> random_mask(int32_t features, double share, RandomStream& random) {
  std::vector<Feature> mask;
  for (Feature j = 0; j < features; ++j) {
    if (random.uniform() < share) mask.push_back(j);
  }
  return mask;
}

/// The model of a world with other replacement values.
SurrogateModel with_replacement(const SearchWorld& world, float value, ThreadPool& pool,
                                CisContribution cis) {
  return {world.surrogate, world.model.open(), replace_by(world.surrogate.shape().peaks(), value),
          pool, std::move(cis)};
}

RC_GTEST_PROP(MaskedRows, AreThoseOfAStateBegunWithTheMaskToTheLastBit, ()) {
  const auto seed = *rc::gen::inRange<uint64_t>(0, 50);
  const bool cis = *rc::gen::arbitrary<bool>();
  const auto value = *rc::gen::element(0.0f, 0.3f, 1.0f);
  const SearchWorld world(seed, 2, 60, cis);
  ThreadPool pool(2);
  const auto contribution =
      cis ? testing::random_contribution(world.path, 60, seed) : CisContribution();
  const auto model = with_replacement(world, value, pool, contribution);
  RandomStream random(seed, Purpose::kBenchmark);
  const std::vector<int32_t> outputs = {world.target(), 0, 3};
  std::vector<std::vector<Feature>> masks;
  std::vector<MaskedCell> rows;
  for (int row = 0; row < 70; ++row) {
    masks.push_back(random_mask(model.shape().features, random.uniform(), random));
  }
  for (const auto& mask : masks) rows.push_back({static_cast<int32_t>(random.below(60)), mask});
  std::vector<std::vector<float>> told(rows.size());
  model.predict(rows, outputs, [&](size_t first, std::span<const float> values) {
    for (size_t row = 0; row * outputs.size() < values.size(); ++row) {
      const auto own = values.subspan(row * outputs.size(), outputs.size());
      told[first + row].assign(own.begin(), own.end());
    }
  });
  for (size_t row = 0; row < rows.size(); ++row) {
    const auto state = model.begin(rows[row].subset, std::span(&rows[row].cell, 1), outputs);
    RC_ASSERT(std::equal(told[row].begin(), told[row].end(), state->outputs().begin(),
                         state->outputs().end()));
  }
}

RC_GTEST_PROP(CellGains, AddUpToTheGainsAndAreThoseOfTheCellAlone, ()) {
  const auto seed = *rc::gen::inRange<uint64_t>(0, 50);
  const bool cis = *rc::gen::arbitrary<bool>();
  const auto value = *rc::gen::element(0.0f, 0.3f, 1.0f);
  const SearchWorld world(seed, 2, 40, cis);
  ThreadPool pool(2);
  const auto contribution =
      cis ? testing::random_contribution(world.path, 40, seed) : CisContribution();
  const auto model = with_replacement(world, value, pool, contribution);
  const auto features = static_cast<size_t>(model.shape().features);
  RandomStream random(seed, Purpose::kBenchmark);
  const auto subset = random_mask(model.shape().features, 0.1, random);
  const std::vector<int32_t> cells = {7, 3, 21, 39, 0};
  const std::vector<int32_t> outputs = {world.target(), 1};
  const auto state = model.begin(subset, cells, outputs);
  std::vector<float> cotangent;
  for (size_t i = 0; i < state->outputs().size(); ++i) {
    cotangent.push_back(static_cast<float>(random.normal()));
  }
  std::vector<double> whole(features);
  state->gains(cotangent, whole);
  std::vector<std::vector<double>> own(cells.size(), std::vector<double>(features, 0.0));
  state->cell_gains(cotangent, [&](size_t position, std::span<const Feature> listed,
                                   std::span<const float> gains) {
    for (size_t i = 0; i < listed.size(); ++i) {
      own[position][static_cast<size_t>(listed[i])] = gains[i];
    }
  });
  double largest = 0;
  for (const double gain : whole) largest = std::max(largest, std::abs(gain));
  for (size_t j = 0; j < features; ++j) {
    double sum = 0;
    for (const auto& gains : own) sum += gains[j];
    RC_ASSERT(std::abs(sum - whole[j]) <= 1e-5 * largest);  // sums of floats in another order
  }
  for (size_t i = 0; i < cells.size(); ++i) {
    const auto alone = model.begin(subset, std::span(&cells[i], 1), outputs);
    std::vector<double> gains(features);
    alone->gains(std::span(cotangent).subspan(2 * i, 2), gains);
    for (size_t j = 0; j < features; ++j) {
      RC_ASSERT(std::abs(gains[j] - own[i][j]) <= 1e-5 * largest);
    }
  }
}

TEST(Noise, OfNoDeviationChangesNothingOfOutputsAndGains) {
  for (const bool cis : {false, true}) {
    const SearchWorld world(3, 1, 30, cis);
    const auto cells = indices_below(30);  // some with the target's own peaks open
    const std::vector<int32_t> outputs = {world.target()};
    const auto plain = world.model.begin({}, cells, outputs);
    const auto noisy = world.model.begin_relaxed(cells, outputs, Noise{0, 1, 0});
    EXPECT_TRUE(std::equal(plain->outputs().begin(), plain->outputs().end(),
                           noisy->outputs().begin(), noisy->outputs().end()));
    const auto gains_of = [&](const GradientState& state) {
      std::map<size_t, std::vector<float>> gains;
      const std::vector<float> cotangent(cells.size(), 1);
      state.cell_gains(
          cotangent, [&](size_t position, std::span<const Feature>, std::span<const float> values) {
            gains[position].assign(values.begin(), values.end());
          });
      return gains;
    };
    EXPECT_EQ(gains_of(*plain), gains_of(*noisy));
  }
}

TEST(Noise, MovesOutputsAsMuchAsNoiseOnEveryPeakWould) {
  const SearchWorld world(5, 1, 30);
  const std::vector<int32_t> cells = {4}, outputs = {world.target()};
  // The slope with respect to every peak: closed ones gain towards 1, open ones towards 0.
  double squares = 0;
  ThreadPool pool(1);
  for (const float value : {0.0f, 1.0f}) {
    const auto model = with_replacement(world, value, pool, {});
    const auto state = model.begin({}, cells, outputs);
    std::vector<double> gains(static_cast<size_t>(model.shape().features));
    state->gains(std::vector<float>{1}, gains);
    for (const double gain : gains) squares += gain * gain;
  }
  constexpr double kDeviation = 1e-3;  // small enough that the model is linear
  constexpr int kCopies = 2000;
  double sum = 0, sum_of_squares = 0;
  const double plain = world.model.begin({}, cells, outputs)->outputs()[0];
  for (int copy = 0; copy < kCopies; ++copy) {
    const auto noisy = world.model.begin_relaxed(cells, outputs,
                                                 Noise{kDeviation, 9, static_cast<uint64_t>(copy)});
    const double change = noisy->outputs()[0] - plain;
    sum += change;
    sum_of_squares += change * change;
  }
  const double expected = kDeviation * std::sqrt(squares);
  // Standard errors: expected / √2000 = 2.2 % of the mean's scale, 1.6 % of the deviation's.
  EXPECT_NEAR(sum / kCopies, 0, 0.1 * expected);
  EXPECT_NEAR(std::sqrt(sum_of_squares / kCopies), expected, 0.07 * expected);
}

TEST(Noise, OfACellDependsOnSeedCopyAndCellAlone) {
  const SearchWorld world(6, 2, 30, true);
  const std::vector<int32_t> outputs = {world.target()};
  const std::vector<int32_t> some = {9, 2}, one = {2};
  const auto outputs_of = [&](std::span<const int32_t> cells, uint64_t seed, uint64_t copy) {
    const auto state = world.model.begin_relaxed(cells, outputs, Noise{0.2, seed, copy});
    return std::vector<float>(state->outputs().begin(), state->outputs().end());
  };
  EXPECT_EQ(outputs_of(some, 1, 0)[1], outputs_of(one, 1, 0)[0]);
  EXPECT_NE(outputs_of(one, 1, 0), outputs_of(one, 1, 1));
  EXPECT_NE(outputs_of(one, 1, 0), outputs_of(one, 2, 0));
}

}  // namespace
}  // namespace grids::core
