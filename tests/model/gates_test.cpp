// Features on their way from unmasked to masked: what networks that learn gates ask for.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>

#include "base/indices.hpp"
#include "support/search_world.hpp"

namespace grids::core {
namespace {

using testing::SearchWorld;

using Gains = std::map<size_t, std::vector<float>>;

Gains gains_of(const GradientState& state, std::span<const float> cotangent) {
  Gains gains;
  std::mutex mutex;
  state.cell_gains(cotangent,
                   [&](size_t position, std::span<const Feature>, std::span<const float> values) {
                     const std::lock_guard lock(mutex);
                     gains[position].assign(values.begin(), values.end());
                   });
  return gains;
}

/// Random gates of every feature in some cells.
struct RandomGates {
  RandomGates(int32_t features, size_t cells, uint64_t seed, bool whole)
      : all(indices_below(features)) {
    RandomStream random(seed, Purpose::kBenchmark, 5);
    for (size_t i = 0; i < cells; ++i) {
      values.emplace_back();
      for (int32_t j = 0; j < features; ++j) {
        const double value = random.uniform();
        values.back().push_back(whole ? (value < 0.2 ? 1.0f : 0.0f) : static_cast<float>(value));
      }
    }
  }
  std::vector<CellGates> gates() const {
    std::vector<CellGates> result;
    for (const auto& own : values) result.push_back({all, own});
    return result;
  }

  std::vector<Feature> all;
  std::vector<std::vector<float>> values;
};

struct GatedWorld {
  GatedWorld(uint64_t seed, bool cis, float replacement)
      : world(seed, 2, 60, cis),
        pool(2),
        model(world.surrogate, world.model.open(),
              replace_by(world.surrogate.shape().peaks(), replacement), pool,
              cis ? testing::random_contribution(world.path, 60, seed) : CisContribution()),
        outputs{world.target(), 0, 3} {}

  SearchWorld world;
  ThreadPool pool;
  SurrogateModel model;
  std::vector<int32_t> outputs;
  std::vector<int32_t> cells = {4, 1, 20};
};

RC_GTEST_PROP(Gates, ThatAreWholeAreAMaskToTheLastBit, ()) {
  const auto seed = *rc::gen::inRange<uint64_t>(0, 50);
  const GatedWorld world(seed, *rc::gen::arbitrary<bool>(), *rc::gen::element(0.0f, 0.3f, 1.0f));
  const auto features = world.model.shape().features;
  const RandomGates random(features, world.cells.size(), seed, true);
  const auto gated = world.model.begin_relaxed(world.cells, world.outputs, random.gates());
  const std::vector<float> cotangent(world.cells.size() * world.outputs.size(), 0.7f);
  const auto gains = gains_of(*gated, cotangent);
  for (size_t i = 0; i < world.cells.size(); ++i) {
    std::vector<Feature> subset;
    for (Feature j = 0; j < features; ++j) {
      if (random.values[i][static_cast<size_t>(j)] == 1) subset.push_back(j);
    }
    // Among the same cells: products are of whole blocks.
    const auto masked = world.model.begin(subset, world.cells, world.outputs);
    for (size_t o = 0; o < world.outputs.size(); ++o) {
      const size_t at = i * world.outputs.size() + o;
      RC_ASSERT(masked->outputs()[at] == gated->outputs()[at]);
    }
    RC_ASSERT(gains_of(*masked, cotangent)[i] == gains.at(i));
  }
}

RC_GTEST_PROP(Gates, GainsAreDerivativesWithRespectToThem, ()) {
  const auto seed = *rc::gen::inRange<uint64_t>(0, 50);
  const GatedWorld world(seed, *rc::gen::arbitrary<bool>(), *rc::gen::element(0.0f, 0.3f, 1.0f));
  const auto features = static_cast<size_t>(world.model.shape().features);
  const RandomGates random(world.model.shape().features, world.cells.size(), seed, false);
  const std::vector<float> cotangent(world.cells.size() * world.outputs.size(), 1.0f);
  const auto gated = world.model.begin_relaxed(world.cells, world.outputs, random.gates());
  // All gates of a cell at once, in a random direction: a single gate moves a float too little.
  constexpr double kStep = 2e-3;
  RandomStream draws(seed, Purpose::kBenchmark, 6);
  std::vector<std::vector<double>> direction(world.cells.size());
  for (auto& own : direction) {
    for (size_t j = 0; j < features; ++j) own.push_back(draws.normal());
  }
  const auto summed = [&](double step) {
    RandomGates moved = random;
    for (size_t i = 0; i < moved.values.size(); ++i) {
      for (size_t j = 0; j < features; ++j) {
        moved.values[i][j] += static_cast<float>(step * direction[i][j]);
      }
    }
    const auto state = world.model.begin_relaxed(world.cells, world.outputs, moved.gates());
    double sum = 0;
    for (const float value : state->outputs()) sum += double{value};
    return sum;
  };
  double expected = 0, size = 0;
  gated->cell_gains(
      cotangent, [&, mutex = std::make_shared<std::mutex>()](
                     size_t position, std::span<const Feature> told, std::span<const float> gains) {
        const std::lock_guard lock(*mutex);
        for (size_t k = 0; k < told.size(); ++k) {
          const double part = double{gains[k]} * direction[position][static_cast<size_t>(told[k])];
          expected += part;
          size += part * part;
        }
      });
  // Outputs are floats of size 1 to 10, and a PReLU may bend within the step.
  RC_ASSERT(std::abs((summed(kStep) - summed(-kStep)) / (2 * kStep) - expected) <=
            0.05 * std::sqrt(size) + 5e-3);
}

}  // namespace
}  // namespace grids::core
