#include "torchscript/script_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "base/error.hpp"
#include "support/temp_folder.hpp"
#include "torchscript/script_networks.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;
using testing::random_matrix;
using testing::SmallNetwork;

constexpr int32_t kManyRows = 150;  // more than a batch
constexpr int32_t kFeatures = 7;
constexpr int32_t kOutputs = 3;
constexpr int64_t kVocabulary = 5;

std::vector<int32_t> integers(int32_t count) {
  std::vector<int32_t> values(static_cast<size_t>(count));
  std::iota(values.begin(), values.end(), 0);
  return values;
}

std::vector<float> copy(std::span<const float> values) {
  return {values.begin(), values.end()};
}

/// A network in a file, rows, and the model over them: of numbers, or of ids.
struct World {
  explicit World(bool ids, int threads = 1, std::vector<float> masked = {})
      : pool(threads), network(kFeatures, kOutputs, ids ? kVocabulary : 0) {
    network.save(folder / "network.pt");
    module = std::make_unique<ScriptModule>(folder / "network.pt");
    rows = random_matrix(kManyRows, kFeatures, ids ? kVocabulary : 0, 5);
    replacement = masked.empty() ? std::vector<float>(kFeatures, 0.0f) : masked;
    model = std::make_unique<ScriptModel>(*module, rows, replacement, pool);
  }

  std::vector<float> row(int32_t cell, std::span<const Feature> subset) const {
    const auto begin = rows.values.begin() + cell * kFeatures;
    std::vector<float> values(begin, begin + kFeatures);
    for (const Feature j : subset)
      values[static_cast<size_t>(j)] = replacement[static_cast<size_t>(j)];
    return values;
  }

  test::TempFolder folder;
  mutable ThreadPool pool;
  SmallNetwork network;
  std::unique_ptr<ScriptModule> module;
  FeatureMatrix rows;
  std::vector<float> replacement;
  std::unique_ptr<ScriptModel> model;
};

class ScriptModelOf : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(NumbersAndIds, ScriptModelOf, ::testing::Bool());

TEST_P(ScriptModelOf, MaskedRowsArePredictedAsTheEquationsSay) {
  const World world(GetParam(), 1, {0, 1, 2, 0, 4, 0, 1});
  const std::vector<Feature> subset = {5, 1, 2};
  const auto cells = integers(kManyRows);
  const std::vector<int32_t> outputs = {2, 0};
  const auto state = world.model->begin(subset, cells, outputs);
  for (const int32_t cell : cells) {
    const auto expected = world.network.outputs(world.network.embedded(world.row(cell, subset)));
    for (size_t o = 0; o < outputs.size(); ++o) {
      // Float sums of a few dozen terms of size one.
      EXPECT_NEAR(state->outputs()[static_cast<size_t>(cell) * 2 + o],
                  expected[static_cast<size_t>(outputs[o])], 1e-5);
    }
  }
  EXPECT_EQ(world.model->batch_rows(), 128);
}

TEST_P(ScriptModelOf, GainsAreFiniteDifferencesOfTheEquations) {
  const World world(GetParam(), 2, {0, 1, 2, 0, 4, 0, 1});
  const std::vector<Feature> subset = {1, 5};
  const auto cells = integers(kManyRows);
  const std::vector<int32_t> outputs = {2, 0};
  const auto state = world.model->begin(subset, cells, outputs);
  RandomStream random(3, Purpose::kBenchmark);
  std::vector<float> cotangent(cells.size() * 2);
  for (float& value : cotangent) value = static_cast<float>(random.normal());
  std::vector<std::vector<float>> told(cells.size(), std::vector<float>(kFeatures, 0.0f));
  state->cell_gains(
      cotangent, [&](size_t i, std::span<const Feature> features, std::span<const float> gains) {
        EXPECT_EQ(world.model->differing(cells[i]), std::vector(features.begin(), features.end()));
        for (size_t k = 0; k < features.size(); ++k)
          told[i][static_cast<size_t>(features[k])] = gains[k];
      });
  std::vector<double> sums(kFeatures, 0.0);
  for (const int32_t cell : cells) {
    const auto at_mask = world.network.embedded(world.row(cell, subset));
    const auto before = world.network.embedded(world.row(cell, {}));
    const auto after = world.network.embedded(world.replacement);
    for (size_t j = 0; j < kFeatures; ++j) {
      const auto moved = [&](double by) {
        auto e = at_mask;
        for (size_t k = j * static_cast<size_t>(world.network.size);
             k < (j + 1) * static_cast<size_t>(world.network.size); ++k) {
          e[k] += by * (after[k] - before[k]);
        }
        const auto y = world.network.outputs(e);
        return cotangent[static_cast<size_t>(cell) * 2] * y[2] +
               cotangent[static_cast<size_t>(cell) * 2 + 1] * y[0];
      };
      // Central differences of functions of size ten: 1e-9; float sums: 1e-5.
      const double expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
      EXPECT_NEAR(told[static_cast<size_t>(cell)][j], expected, 1e-4) << cell << " " << j;
      sums[j] += told[static_cast<size_t>(cell)][j];
    }
  }
  std::vector<double> gains(kFeatures);
  state->gains(cotangent, gains);
  for (size_t j = 0; j < kFeatures; ++j) EXPECT_NEAR(gains[j], sums[j], 1e-9);
}

TEST_P(ScriptModelOf, AStateEqualsAFreshOneToTheLastBitWhateverItsHistory) {
  const World world(GetParam(), 2);
  RandomStream random(9, Purpose::kBenchmark);
  auto cells = integers(kManyRows);
  random.shuffle(std::span(cells));
  const std::vector<int32_t> outputs = {0, 1, 2};
  const auto same = [&](const MaskState& state, const std::vector<int32_t>& own) {
    const auto fresh = world.model->begin(state.subset(), own, outputs);
    ASSERT_EQ(copy(fresh->outputs()), copy(state.outputs()));
    std::vector<double> a(kFeatures), b(kFeatures);
    fresh->gains(fresh->outputs(), a);
    state.gains(state.outputs(), b);
    ASSERT_EQ(a, b);
  };
  const auto state = world.model->begin(std::vector<Feature>{2, 4}, cells, outputs);
  const std::vector<Edit> steps = {{2, 3}, {kNoFeature, 0}, {4, kNoFeature},
                                   {0, 6}, {3, 3},          {6, 2}};
  for (const Edit step : steps) {
    const auto members = copy(std::vector<float>(state->subset().begin(), state->subset().end()));
    std::vector<Edit> edits = {step};
    for (Feature j = 0; j < kFeatures; ++j) {
      if (std::find(members.begin(), members.end(), static_cast<float>(j)) == members.end()) {
        edits.push_back({state->subset().front(), j});
      }
    }
    std::vector<std::vector<float>> told(edits.size());
    state->outputs_after(
        edits, [&](size_t e, std::span<const int32_t> positions, const OutputRows& rows) {
          told[e] = copy(state->outputs());
          ASSERT_TRUE(std::is_sorted(positions.begin(), positions.end()));
          for (size_t i = 0; i < positions.size(); ++i) {
            std::copy(rows[i].begin(), rows[i].end(), told[e].begin() + positions[i] * kOutputs);
          }
        });
    for (size_t e = 0; e < edits.size(); ++e) {
      const auto other = world.model->begin(state->subset(), cells, outputs);
      other->apply(edits[e]);
      ASSERT_EQ(copy(other->outputs()), told[e]);
    }
    state->apply(step);
    same(*state, cells);
    const std::vector<int32_t> part = {149, 3, 77};
    const auto some = state->on(part);
    same(*some, {cells[149], cells[3], cells[77]});
  }
}

TEST_P(ScriptModelOf, AnyNumberOfThreadsGivesTheSameBits) {
  const World one(GetParam(), 1), three(GetParam(), 3);
  const auto cells = integers(kManyRows);
  const std::vector<int32_t> outputs = {1};
  const std::vector<Feature> subset = {0, 6};
  const auto results = [&](const World& world) {
    std::vector<double> all;
    const auto state = world.model->begin(subset, cells, outputs);
    all.insert(all.end(), state->outputs().begin(), state->outputs().end());
    std::vector<double> gains(kFeatures);
    state->gains(state->outputs(), gains);
    all.insert(all.end(), gains.begin(), gains.end());
    const auto noisy = world.model->begin_relaxed(cells, outputs, Noise{0.3, 7, 1});
    all.insert(all.end(), noisy->outputs().begin(), noisy->outputs().end());
    return all;
  };
  EXPECT_EQ(results(one), results(three));
}

TEST_P(ScriptModelOf, PredictionsAreThoseOfAState) {
  const World world(GetParam(), 2);
  const std::vector<int32_t> outputs = {2, 1};
  std::vector<std::vector<Feature>> subsets;
  std::vector<MaskedCell> rows;
  for (int32_t i = 0; i < 200; ++i) subsets.push_back({i % 3, 3 + i % 4});
  for (int32_t i = 0; i < 200; ++i)
    rows.push_back({i % kManyRows, subsets[static_cast<size_t>(i)]});
  std::vector<std::vector<float>> told(rows.size());
  world.model->predict(rows, outputs, [&](size_t first, std::span<const float> values) {
    for (size_t row = 0; row * outputs.size() < values.size(); ++row) {
      told[first + row] = copy(values.subspan(row * outputs.size(), outputs.size()));
    }
  });
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto state = world.model->begin(rows[i].subset, std::span(&rows[i].cell, 1), outputs);
    EXPECT_EQ(told[i], copy(state->outputs()));
  }
}

TEST_P(ScriptModelOf, NoiseDependsOnTheCellAloneAndVanishesWithItsDeviation) {
  const World world(GetParam());
  const std::vector<int32_t> outputs = {0};
  const auto all = world.model->begin_relaxed(integers(kManyRows), outputs, Noise{0.2, 3, 4});
  const auto one = world.model->begin_relaxed(std::vector<int32_t>{140}, outputs, Noise{0.2, 3, 4});
  EXPECT_EQ(one->outputs()[0], all->outputs()[140]);
  const auto none = world.model->begin_relaxed(integers(kManyRows), outputs, Noise{0, 3, 4});
  const auto plain = world.model->begin({}, integers(kManyRows), outputs);
  EXPECT_EQ(copy(none->outputs()), copy(plain->outputs()));
  EXPECT_NE(copy(all->outputs()), copy(plain->outputs()));
}

TEST_P(ScriptModelOf, GatesLieBetweenUnmaskedAndMasked) {
  const World world(GetParam(), 2, {0, 1, 2, 0, 4, 0, 1});
  const std::vector<int32_t> cells = {3, 140, 77};
  const std::vector<int32_t> outputs = {1, 0};
  const std::vector<Feature> features = {0, 2, 5};
  const auto gated = [&](const std::vector<float>& gates) {
    return world.model->begin_relaxed(cells, outputs, std::vector<CellGates>(3, {features, gates}));
  };
  const auto gains_of = [&](const GradientState& state) {
    std::vector<float> all;
    state.cell_gains(std::vector<float>(6, 1.0f), [&](size_t, auto, std::span<const float> gains) {
      all.insert(all.end(), gains.begin(), gains.end());
    });
    return all;
  };
  // Open and shut gates are a subset, to the last bit.
  const auto masked = world.model->begin(std::vector<Feature>{2, 5}, cells, outputs);
  const std::vector<float> shut = {0, 1, 1};
  const auto at_mask = gated(shut);
  EXPECT_EQ(copy(at_mask->outputs()), copy(masked->outputs()));
  EXPECT_EQ(gains_of(*at_mask), gains_of(*masked));
  const std::vector<float> half = {0.25f, 0.5f, 1};
  const auto state = gated(half);
  for (size_t i = 0; i < cells.size(); ++i) {
    auto e = world.network.embedded(world.row(cells[i], {}));
    const auto p = world.network.embedded(world.replacement);
    const auto size = static_cast<size_t>(world.network.size);
    for (size_t g = 0; g < features.size(); ++g) {
      for (size_t k = static_cast<size_t>(features[g]) * size, n = 0; n < size; ++n, ++k) {
        e[k] += half[g] * (p[k] - e[k]);
      }
    }
    // Float sums of a few dozen terms of size one.
    EXPECT_NEAR(state->outputs()[2 * i], world.network.outputs(e)[1], 1e-5);
  }
}

// Layers wide enough for blocked products, whose rounding may differ between full and partial
// blocks.
TEST(ScriptModel, ARowOfAWideNetworkHasTheSameBitsInAnyCompany) {
  constexpr int32_t kWide = 300;
  const test::TempFolder folder;
  testing::save_script(folder / "n.pt",
                       {{"a", testing::random_tensor({kWide, 70}, 0.1, 1)},
                        {"b", testing::random_tensor({70, 3}, 0.1, 2)}},
                       "def forward(self, x):\n"
                       "    return torch.matmul(torch.relu(torch.matmul(x, self.a)), self.b)\n");
  ThreadPool pool(2);
  const ScriptModel model(ScriptModule(folder / "n.pt"), random_matrix(kManyRows, kWide, 0, 3),
                          std::vector<float>(kWide, 0.0f), pool);
  const auto cells = integers(kManyRows);
  const std::vector<int32_t> outputs = {0, 2};
  const std::vector<Feature> subset = {5, 250};
  const auto all = model.begin(subset, cells, outputs);
  for (const int32_t cell : cells) {
    const auto alone = model.begin(subset, std::span(&cell, 1), outputs);
    EXPECT_EQ(alone->outputs()[0], all->outputs()[static_cast<size_t>(cell) * 2]);
    EXPECT_EQ(alone->outputs()[1], all->outputs()[static_cast<size_t>(cell) * 2 + 1]);
  }
}

// A network that looks at its batch (here its mean) has no outputs of a row; alone, it has.
TEST(ScriptModel, ANetworkThatLooksAtItsBatchIsGivenSingleRows) {
  const test::TempFolder folder;
  testing::save_script(folder / "n.pt", {},
                       "def forward(self, x):\n    return x - torch.mean(x, 0, True) + x * x\n");
  const ScriptModule module(folder / "n.pt");
  ThreadPool pool(1);
  const ScriptModel model(module, random_matrix(40, 2, 0, 1), {0, 0}, pool);
  EXPECT_EQ(model.batch_rows(), 1);
}

// As where a library rounds every other row in another way: most rows happen to give the same.
TEST(ScriptModel, ANetworkThatTreatsPlacesOfFewRowsDifferentlyIsFoundOut) {
  const test::TempFolder folder;
  testing::save_script(folder / "n.pt", {},
                       "def forward(self, x):\n"
                       "    odd = torch.arange(x.size(0)).unsqueeze(1) % 2\n"
                       "    return x + 1e-6 * odd * (x > 1)\n");
  const ScriptModule module(folder / "n.pt");
  ThreadPool pool(1);
  constexpr int64_t kBatch = 128;  // the rows of the trial are those of the matrix
  std::vector<float> values(kBatch, 0.5f);
  values[9] = 1.5f;
  const ScriptModel model(module, testing::matrix(kBatch, 1, values), {0}, pool);
  EXPECT_LT(model.batch_rows(), kBatch);
}

std::string message(const std::string& source, FeatureMatrix rows, std::vector<float> replacement) {
  const test::TempFolder folder;
  testing::save_script(folder / "n.pt", {{"w", at::ones({3, 2})}}, source);
  ThreadPool pool(1);
  try {
    const ScriptModule module(folder / "n.pt");
    const ScriptModel model(module, std::move(rows), std::move(replacement), pool);
    const auto cells = integers(model.shape().cells);
    const std::vector<int32_t> outputs = {0};
    const auto state = model.begin({}, cells, outputs);
    state->cell_gains(state->outputs(), [](auto, auto, auto) {});
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "no error";
}

TEST(ScriptModel, WhatANetworkCannotTakeOrGiveIsSaidInItsOwnWords) {
  const auto rows = testing::matrix(2, 3, {1, 2, 3, 4, 5, -16});
  const std::vector<float> zero(3, 0.0f);
  EXPECT_THAT(message("def forward(self, x):\n    return torch.matmul(x, self.w)\n",
                      testing::matrix(2, 4, std::vector<float>(8)), {0, 0, 0, 0}),
              HasSubstr("with the 4 features of rows.npz: x: "));
  EXPECT_THAT(
      message("def forward(self, x):\n    return torch.matmul(x, self.w).double()\n", rows, zero),
      HasSubstr("must return float32 [rows, outputs] of an input [1, 3], not Double [1, 2]"));
  EXPECT_THAT(message("def forward(self, x):\n    return torch.mean(x)\n", rows, zero),
              HasSubstr("not Float []"));
  EXPECT_THAT(
      message("def forward(self, x):\n    return torch.log(torch.matmul(x, self.w))\n", rows, zero),
      HasSubstr("output 0 of row 1 of rows.npz: x is"));
  EXPECT_THAT(
      message("def forward(self, x):\n    return torch.matmul(x.detach(), self.w)\n", rows, zero),
      HasSubstr("no gradient"));
  const std::string embed = "def embed(self, ids):\n    return torch.embedding(self.w, ids)\n";
  const std::string forward = "def forward(self, e):\n    return torch.sum(e, 1)\n";
  EXPECT_THAT(message(embed + forward, rows, zero),
              HasSubstr("entry 5 is -16; the model embeds ids"));
  EXPECT_THAT(message(embed + forward, testing::matrix(1, 3, {1, 2, 3}), zero),
              HasSubstr("embed failed: index out of range"));
}

TEST(ScriptModel, OtherFilesAreNoTorchScript) {
  const test::TempFolder folder;
  for (const bool exists : {false, true}) {
    try {
      const ScriptModule module(exists ? folder.path() : folder / "n.pt");
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
    }
  }
}

}  // namespace
}  // namespace grids::core
