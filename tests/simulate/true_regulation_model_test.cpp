#include "simulate/true_regulation_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/random.hpp"
#include "support/random_surrogate.hpp"

namespace grids::core {
namespace {

constexpr int32_t kPeaks = 12;
constexpr int32_t kTrueCells = 40;

/// One gene of each kind with three causes (single: one), in two types, of which each gene acts in
/// the first only; the quorum represses; the last cause of the second "together" was not kept by
/// the study.
struct TrueWorld {
  explicit TrueWorld(float closed = 0) {
    truth.types = {"A", "B"};
    const std::vector<Regulation> kinds = {
        Regulation::kNone,           Regulation::kSingle,   Regulation::kAdditive,
        Regulation::kMultiplicative, Regulation::kEither,   Regulation::kTogether,
        Regulation::kQuorum,         Regulation::kBuffered, Regulation::kTogether};
    for (size_t g = 0; g < kinds.size(); ++g) {
      GeneTruth gene;
      gene.gene = "g" + std::to_string(g);
      gene.kind = kinds[g];
      if (kinds[g] != Regulation::kNone) {
        gene.effect = kinds[g] == Regulation::kQuorum ? 1.2 : -1.2;
        gene.buffering = kinds[g] == Regulation::kBuffered ? 0.4 : 0;
        gene.types = {"A"};
        const size_t members = kinds[g] == Regulation::kSingle ? 1 : 3;
        for (size_t k = 0; k < members; ++k) gene.peaks.push_back(name((g + 4 * k) % kPeaks));
      }
      gene.base_rate = {0.4, 2};
      gene.state_loading = 0.3;
      truth.genes.push_back(gene);
    }
    truth.genes.back().peaks.back() = "filtered";
    for (size_t j = 0; j < kPeaks; ++j) names.push_back(name(j));
    regulation.emplace(truth, names);
    input.open = testing::random_open(kTrueCells, kPeaks, 0.5, 3);
    RandomStream random(5, Purpose::kBenchmark);
    for (int32_t cell = 0; cell < kTrueCells; ++cell) {
      input.types.push_back(cell % 2);
      score.push_back(static_cast<float>(random.normal()));
      for (int64_t gene = 0; gene < regulation->genes(); ++gene) {
        input.state_rates.push_back(
            regulation->state_rate(gene, cell % 2, std::span(&score.back(), 1)));
      }
    }
    input.genes.resize(truth.genes.size());
    std::iota(input.genes.begin(), input.genes.end(), 0);
    input.replacement.assign(kPeaks, closed);
    model.emplace(*regulation, input);
  }

  static std::string name(size_t j) { return "p" + std::to_string(j); }

  std::vector<int32_t> cells() const {
    std::vector<int32_t> all(kTrueCells);
    std::iota(all.begin(), all.end(), 0);
    return all;
  }

  /// The truth's own rate with the subset put to `value`.
  double rate(int32_t cell, int32_t gene, std::span<const Feature> subset, bool value) const {
    std::vector<int32_t> open;
    for (Feature j = 0; j < kPeaks; ++j) {
      const bool masked = std::find(subset.begin(), subset.end(), j) != subset.end();
      if (masked ? value : input.open.contains(cell, j)) open.push_back(j);
    }
    const auto c = static_cast<size_t>(cell);
    return regulation->true_rate(gene, input.types[c], std::span(&score[c], 1), open);
  }

  Truth truth;
  std::vector<std::string> names;
  std::optional<TrueRegulation> regulation;
  TrueRegulationInput input;
  std::vector<float> score;
  std::optional<TrueRegulationModel> model;
};

// 1e-6: outputs are floats.
TEST(TrueRegulationModel, EqualsTheTruthUnderEveryMask) {
  for (const bool opened : {false, true}) {
    const TrueWorld world(opened ? 1.0f : 0.0f);
    for (const std::vector<Feature>& subset :
         {std::vector<Feature>{}, {4}, {0, 4, 8}, {1, 2, 3, 5, 6, 7, 9, 10, 11}}) {
      const auto state = world.model->begin(subset, world.cells(), world.input.genes);
      size_t i = 0;
      for (int32_t cell = 0; cell < kTrueCells; ++cell) {
        for (const int32_t gene : world.input.genes) {
          EXPECT_NEAR(std::expm1(state->outputs()[i++]), world.rate(cell, gene, subset, opened),
                      1e-6 * 20);
        }
      }
    }
  }
}

TEST(TrueRegulationModel, EditsGiveWhatAFreshStateGives) {
  for (const float closed : {0.0f, 1.0f, 0.3f}) {
    const TrueWorld world(closed);
    const std::vector<int32_t> outputs = {5, 2, 4};
    const auto state = world.model->begin(std::vector<Feature>{4, 9}, world.cells(), outputs);
    const std::vector<Edit> edits = {{kNoFeature, 0}, {4, 8}, {9, kNoFeature}};
    std::vector<std::vector<float>> after;
    for (const Edit& edit : edits) {
      after.emplace_back(state->outputs().begin(), state->outputs().end());
      state->outputs_after(std::span(&edit, 1), [&](size_t, std::span<const int32_t> positions,
                                                    const OutputRows& rows) {
        for (size_t i = 0; i < positions.size(); ++i) {
          std::copy(rows[i].begin(), rows[i].end(),
                    after.back().begin() + positions[i] * static_cast<int64_t>(outputs.size()));
        }
      });
      state->apply(edit);
      const auto fresh = world.model->begin(state->subset(), world.cells(), outputs);
      for (size_t i = 0; i < after.back().size(); ++i) {
        EXPECT_EQ(after.back()[i], fresh->outputs()[i]);
        EXPECT_EQ(state->outputs()[i], fresh->outputs()[i]);
      }
    }
    const std::vector<int32_t> some = {7, 3};
    const auto part = state->on(some);
    EXPECT_EQ(part->outputs()[0], state->outputs()[7 * outputs.size()]);
  }
}

/// The law that makes it a fair judge: in the rate, a gain is what masking the peak alone changes.
/// 1e-5: outputs are floats near 1.
TEST(TrueRegulationModel, GainsAreTheChangesOfSingleMasks) {
  const TrueWorld world;
  const std::vector<Feature> subset = {4};
  for (const int32_t gene : world.input.genes) {
    const auto state = world.model->begin(subset, world.cells(), {&gene, 1});
    for (int32_t cell = 0; cell < kTrueCells; ++cell) {
      std::vector<float> cotangent(kTrueCells, 0.0f);
      const double before = world.rate(cell, gene, subset, false);
      cotangent[static_cast<size_t>(cell)] = static_cast<float>(1 + before);  // d rate / d output
      std::vector<double> gains(kPeaks);
      state->gains(cotangent, gains);
      for (Feature j = 0; j < kPeaks; ++j) {
        if (j == 4) continue;
        const std::vector<Feature> with = {4, j};
        EXPECT_NEAR(gains[static_cast<size_t>(j)], world.rate(cell, gene, with, false) - before,
                    1e-5);
      }
    }
  }
}

TEST(TrueRegulationModel, CellGainsAddUpToGains) {
  for (const float closed : {0.0f, 0.3f}) {
    const TrueWorld world(closed);
    const std::vector<int32_t> outputs = {4, 5};
    const auto state = world.model->begin({}, world.cells(), outputs);
    const std::vector<float> cotangent(outputs.size() * kTrueCells, 0.7f);
    std::vector<double> gains(kPeaks), sums(kPeaks, 0.0);
    state->gains(cotangent, gains);
    state->cell_gains(cotangent, [&](size_t position, std::span<const Feature> features,
                                     std::span<const float> own) {
      for (size_t i = 0; i < features.size(); ++i) {
        sums[static_cast<size_t>(features[i])] += static_cast<double>(own[i]);
        EXPECT_TRUE(closed != 0 ||
                    world.input.open.contains(static_cast<int64_t>(position), features[i]));
      }
    });
    for (size_t j = 0; j < kPeaks; ++j) EXPECT_NEAR(sums[j], gains[j], 1e-5);  // floats
  }
}

TEST(TrueRegulationModel, NoiseDependsOnSeedCopyAndCellAlone) {
  const TrueWorld world;
  const std::vector<int32_t> all = world.cells();
  const std::vector<int32_t> one = {6};
  const int32_t gene = 3;
  const auto whole = world.model->begin_relaxed(all, {&gene, 1}, Noise{0.2, 1, 2});
  EXPECT_EQ(world.model->begin_relaxed(one, {&gene, 1}, Noise{0.2, 1, 2})->outputs()[0],
            whole->outputs()[6]);
  EXPECT_NE(world.model->begin_relaxed(one, {&gene, 1}, Noise{0.2, 1, 3})->outputs()[0],
            whole->outputs()[6]);
  EXPECT_EQ(world.model->begin_relaxed(one, {&gene, 1}, Noise{0, 1, 2})->outputs()[0],
            world.model->begin({}, one, {&gene, 1})->outputs()[0]);
}

TEST(TrueRegulationModel, WholeGatesAreAMaskAndGainsBetweenAreDerivatives) {
  for (const float closed : {0.0f, 0.3f}) {
    const TrueWorld world(closed);
    const std::vector<int32_t> cells = {2, 7}, outputs = {4, 5};
    const std::vector<Feature> features = {1, 4, 6, 9};
    const std::vector<float> whole = {1, 0, 1, 1};
    const std::vector<float> between = {0.2f, 0.7f, 0, 0.5f};
    const std::vector<Feature> subset = {1, 6, 9};
    const auto masked = world.model->begin(subset, cells, outputs);
    const std::vector<CellGates> shut = {{features, whole}, {features, whole}};
    const auto gated = world.model->begin_relaxed(cells, outputs, shut);
    EXPECT_TRUE(std::equal(masked->outputs().begin(), masked->outputs().end(),
                           gated->outputs().begin(), gated->outputs().end()));
    const std::vector<CellGates> half = {{features, between}, {features, whole}};
    const std::vector<float> cotangent = {1, -0.5, 0, 0};
    const auto state = world.model->begin_relaxed(cells, outputs, half);
    const auto value = [&](size_t gate, float change) {
      auto moved = between;
      moved[gate] += change;
      const std::vector<CellGates> other = {{features, moved}, {features, whole}};
      const auto after = world.model->begin_relaxed(cells, outputs, other);
      return double{after->outputs()[0]} - 0.5 * double{after->outputs()[1]};
    };
    state->cell_gains(cotangent, [&](size_t position, std::span<const Feature> told,
                                     std::span<const float> gains) {
      if (position != 0) return;
      for (size_t k = 0; k < features.size(); ++k) {
        const auto place = std::find(told.begin(), told.end(), features[k]);
        const double gain =
            place == told.end() ? 0 : gains[static_cast<size_t>(place - told.begin())];
        // Floats of size 1 over a step of 0.04; the curvature of log1p adds less.
        EXPECT_NEAR(gain, (value(k, 0.02f) - value(k, -0.02f)) / 0.04, 1e-3);
      }
    });
  }
}

}  // namespace
}  // namespace grids::core
