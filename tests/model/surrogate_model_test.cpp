#include "model/surrogate_model.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <numeric>
#include <set>

#include "base/at.hpp"
#include "base/error.hpp"
#include "support/conformance.hpp"
#include "support/dense_reference.hpp"
#include "support/random_cis.hpp"
#include "support/random_surrogate.hpp"

namespace grids::core {
namespace {

using testing::Conformance;
using testing::DenseReference;
using testing::Numbers;
using testing::random_open;
using testing::random_surrogate;
using testing::small_shape;

enum class Mask { kClosed, kOpen, kMean };

std::vector<float> replacement(Mask mask, const CsrPattern& open) {
  if (mask == Mask::kMean) return replace_by_mean(open);
  return replace_by(open.columns, mask == Mask::kOpen ? 1.0f : 0.0f);
}

std::vector<int32_t> all_cells(int64_t count) {
  std::vector<int32_t> cells(static_cast<size_t>(count));
  std::iota(cells.begin(), cells.end(), 0);
  return cells;
}

/// Beside the surrogate: nothing, a cis path on counts, one on log values.
enum class Cis { kNone, kCounts, kLogValues };

/// A surrogate, cells and a model over them, alive together.
struct World {
  explicit World(Mask mask, uint64_t seed = 1, int threads = 1, int64_t cells = 45,
                 Cis cis = Cis::kNone)
      : pool(threads),
        file(random_surrogate(small_shape(), seed)),
        surrogate(file),
        open(random_open(cells, file.shape.peaks(), 0.15, seed + 1)),
        path(testing::random_cis(
            file.shape, seed,
            cis == Cis::kCounts ? CisResponse::kCounts : CisResponse::kLogValues)),
        contribution(cis == Cis::kNone ? CisContribution()
                                       : testing::random_contribution(path, cells, seed)),
        model(surrogate, open, replacement(mask, open), pool, contribution) {}

  /// What the equations say of a cell.
  Numbers expected(const DenseReference& reference, int32_t cell, const Numbers& x) const {
    return testing::reference_with_cis(reference, contribution, cell, x);
  }

  /// A cell's peaks, those of the subset replaced.
  Numbers masked(int64_t cell, std::span<const Feature> subset) const {
    Numbers x(static_cast<size_t>(open.columns), 0.0);
    for (const int32_t peak : open.row(cell)) x[static_cast<size_t>(peak)] = 1;
    for (const Feature peak : subset) x[static_cast<size_t>(peak)] = model.replacement(peak);
    return x;
  }

  mutable ThreadPool pool;
  SurrogateFile file;
  FoldedSurrogate surrogate;
  CsrPattern open;
  CisPath path;
  CisContribution contribution;
  SurrogateModel model;
};

std::vector<float> copy(std::span<const float> values) {
  return {values.begin(), values.end()};
}

class SurrogateModelWithMask : public ::testing::TestWithParam<std::tuple<Mask, Cis>> {
 protected:
  Mask mask() const { return std::get<0>(GetParam()); }
  World world() const { return World(mask(), 1, 1, 45, std::get<1>(GetParam())); }
};
INSTANTIATE_TEST_SUITE_P(
    Masks, SurrogateModelWithMask,
    ::testing::Combine(::testing::Values(Mask::kClosed, Mask::kOpen, Mask::kMean),
                       ::testing::Values(Cis::kNone, Cis::kCounts, Cis::kLogValues)));

TEST_P(SurrogateModelWithMask, MaskedCellsArePredictedAsTheEquationsSay) {
  const World world = this->world();
  const DenseReference reference(world.file);
  const std::vector<Feature> subset = {69, 3, 22, 23, 41, 5};
  const std::vector<int32_t> cells = {7, 2, 30, 44, 9};
  const std::vector<int32_t> genes = {12, 0, 4};
  const auto state = world.model.begin(subset, cells, genes);
  for (size_t i = 0; i < cells.size(); ++i) {
    const auto expected = world.expected(reference, cells[i], world.masked(cells[i], subset));
    for (size_t g = 0; g < genes.size(); ++g) {
      // Rounding of float sums of a few dozen terms of size one.
      EXPECT_NEAR(state->outputs()[i * 3 + g], expected[static_cast<size_t>(genes[g])], 2e-5);
    }
  }
  EXPECT_TRUE(std::is_sorted(state->subset().begin(), state->subset().end()));
}

TEST_P(SurrogateModelWithMask, GainsAreFiniteDifferencesOfTheEquations) {
  const World world = this->world();
  const DenseReference reference(world.file);
  const std::vector<Feature> subset = {3, 22, 41};
  const std::vector<int32_t> cells = {7, 2, 30, 44};
  const std::vector<int32_t> genes = {12, 4};
  const auto state = world.model.begin(subset, cells, genes);
  RandomStream random(5, Purpose::kBenchmark);
  std::vector<float> cotangent(cells.size() * genes.size());
  for (float& value : cotangent) value = static_cast<float>(random.normal());
  std::vector<double> gains(static_cast<size_t>(world.open.columns));
  state->gains(cotangent, gains);
  double largest = 0;
  std::vector<double> expected(gains.size(), 0.0);
  for (size_t peak = 0; peak < gains.size(); ++peak) {
    for (size_t i = 0; i < cells.size(); ++i) {
      const double x = world.open.contains(cells[i], static_cast<int32_t>(peak)) ? 1 : 0;
      const auto value = [&](double by) {
        auto masked = world.masked(cells[i], subset);
        masked[peak] += by;
        const auto y = world.expected(reference, cells[i], masked);
        double sum = 0;
        for (size_t g = 0; g < genes.size(); ++g) {
          sum += cotangent[i * genes.size() + g] * y[static_cast<size_t>(genes[g])];
        }
        return sum;
      };
      const double slope = (value(1e-6) - value(-1e-6)) / 2e-6;  // exact to 1e-9 in double
      expected[peak] += slope * (double{world.model.replacement(static_cast<Feature>(peak))} - x);
    }
    largest = std::max(largest, std::abs(expected[peak]));
  }
  for (size_t peak = 0; peak < gains.size(); ++peak) {
    EXPECT_NEAR(gains[peak], expected[peak], 1e-4 * largest) << peak;
  }
}

TEST_P(SurrogateModelWithMask, APeakThatAlreadyHasItsValueEverywhereGainsNothing) {
  const World plain = world();
  auto open = plain.open;
  // Peak 10 closed and peak 11 open in every cell.
  CsrPattern changed;
  changed.rows = open.rows;
  changed.columns = open.columns;
  for (int64_t cell = 0; cell < open.rows; ++cell) {
    std::set<int32_t> row(open.row(cell).begin(), open.row(cell).end());
    row.erase(10);
    row.insert(11);
    changed.indices.insert(changed.indices.end(), row.begin(), row.end());
    changed.offsets.push_back(changed.nonzeros());
  }
  ThreadPool pool(1);
  const SurrogateModel model(plain.surrogate, changed, replacement(mask(), changed), pool,
                             plain.contribution);
  const std::vector<int32_t> genes = {1};
  const auto state = model.begin({}, all_cells(changed.rows), genes);
  std::vector<float> cotangent(static_cast<size_t>(changed.rows), 1.0f);
  std::vector<double> gains(static_cast<size_t>(changed.columns));
  state->gains(cotangent, gains);
  if (mask() != Mask::kOpen) {
    EXPECT_EQ(gains[10], 0);
  }
  if (mask() != Mask::kClosed) {
    EXPECT_EQ(gains[11], 0);
  }
  EXPECT_NE(gains[12], 0);
}

/// A random legal edit: a swap, an addition or a removal.
Edit random_edit(const MaskState& state, int32_t features, RandomStream& random) {
  const auto subset = state.subset();
  const auto pick_in = [&] {
    for (;;) {
      const auto feature = static_cast<Feature>(random.below(static_cast<uint32_t>(features)));
      if (!std::binary_search(subset.begin(), subset.end(), feature)) return feature;
    }
  };
  Edit edit;
  const uint32_t kind = random.below(3);
  if (kind != 0 && !subset.empty()) {
    edit.out = subset[random.below(static_cast<uint32_t>(subset.size()))];
  }
  if (kind != 1 || subset.empty()) edit.in = pick_in();
  return edit;
}

RC_GTEST_PROP(SurrogateState, EqualsAFreshOneToTheLastBitWhateverItsHistory, ()) {
  const auto mask = *rc::gen::element(Mask::kClosed, Mask::kOpen, Mask::kMean);
  const auto seed = *rc::gen::inRange<uint64_t>(0, 1000);
  const bool all_outputs = *rc::gen::arbitrary<bool>();
  const auto cis = *rc::gen::element(Cis::kNone, Cis::kCounts);
  const World world(mask, seed % 7, 2, 45, cis);
  RandomStream random(seed, Purpose::kBenchmark);
  auto cells = all_cells(world.open.rows);
  random.shuffle(std::span(cells));
  cells.resize(1 + random.below(45));
  std::vector<int32_t> genes = {6};  // of the cis path, where there is one
  if (all_outputs) genes = all_cells(13);
  std::vector<Feature> subset = {1, 30, 31, 64};
  const auto state = world.model.begin(subset, cells, genes);
  const auto equals_fresh = [&](const MaskState& other, const std::vector<int32_t>& other_cells) {
    const auto fresh = world.model.begin(other.subset(), other_cells, genes);
    RC_ASSERT(copy(fresh->outputs()) == copy(other.outputs()));
    std::vector<float> cotangent = copy(other.outputs());
    std::vector<double> a(70), b(70);
    fresh->gains(cotangent, a);
    other.gains(cotangent, b);
    RC_ASSERT(a == b);
    // Few features are added up in another way.
    const std::vector<Feature> few = {2, 31, 44, 65};
    std::vector<double> of_few(70);
    other.gains_of(cotangent, few, of_few);
    for (const Feature feature : few) RC_ASSERT(of_few[at(feature)] == a[at(feature)]);
  };
  for (int step = 0; step < 12; ++step) {
    std::vector<Edit> edits;
    for (int i = 0; i < 5; ++i) edits.push_back(random_edit(*state, 70, random));
    edits.push_back({edits[0].out, edits[0].out});  // a swap with itself changes nothing
    // What each edit is said to lead to is what it leads to.
    std::vector<std::vector<float>> told(edits.size());
    state->outputs_after(
        edits, [&](size_t e, std::span<const int32_t> positions, const OutputRows& outputs) {
          RC_ASSERT(told[e].empty());
          RC_ASSERT(std::is_sorted(positions.begin(), positions.end()));
          RC_ASSERT(outputs.size() == positions.size());
          told[e] = copy(state->outputs());
          for (size_t i = 0; i < positions.size(); ++i) {
            std::copy_n(outputs[i].begin(), genes.size(),
                        told[e].begin() + positions[i] * static_cast<std::ptrdiff_t>(genes.size()));
          }
        });
    for (size_t e = 0; e < edits.size(); ++e) {
      const auto other = world.model.begin(state->subset(), cells, genes);
      other->apply(edits[e]);
      RC_ASSERT(copy(other->outputs()) == told[e]);
    }
    // Some of its cells, in another order, are a state like any other.
    auto part = all_cells(static_cast<int64_t>(cells.size()));
    random.shuffle(std::span(part));
    part.resize(1 + random.below(static_cast<uint32_t>(part.size())));
    std::vector<int32_t> part_cells;
    for (const int32_t position : part) part_cells.push_back(cells[static_cast<size_t>(position)]);
    const auto some = state->on(part);
    equals_fresh(*some, part_cells);
    some->apply(edits[random.below(5)]);
    equals_fresh(*some, part_cells);
    state->apply(edits[random.below(5)]);
    equals_fresh(*state, cells);
  }
}

TEST(SurrogateState, MaskingNothingChangesNothing) {
  const World world(Mask::kClosed);
  const auto cells = all_cells(world.open.rows);
  const auto genes = all_cells(13);
  const auto state = world.model.begin({}, cells, genes);
  auto outputs = copy(state->outputs());
  for (float& value : outputs) value = std::max(value, 0.0f);
  EXPECT_EQ(outputs,
            world.surrogate.predict(world.pool, world.open, world.surrogate.output_layer()));
}

TEST(SurrogateState, MaskingWithZeroIsClosing) {
  const World world(Mask::kClosed);
  const std::vector<Feature> subset = {3, 22, 41, 42, 69};
  const auto state = world.model.begin(subset, all_cells(world.open.rows), all_cells(13));
  const auto closed = close_peaks(world.open, subset);
  EXPECT_LT(closed.nonzeros(), world.open.nonzeros());
  const auto predicted =
      world.surrogate.predict(world.pool, closed, world.surrogate.output_layer());
  for (size_t i = 0; i < predicted.size(); ++i) {
    // The same sums of a few dozen floats, taken by leaving out or by subtracting.
    EXPECT_NEAR(std::max(state->outputs()[i], 0.0f), predicted[i], 1e-5);
  }
}

TEST(SurrogateState, OnlyCellsThatDifferFromTheReplacementAreTouched) {
  for (const auto mask : {Mask::kClosed, Mask::kOpen, Mask::kMean}) {
    const World world(mask);
    const auto cells = all_cells(world.open.rows);
    const std::vector<int32_t> genes = {3};
    const auto state = world.model.begin({}, cells, genes);
    const std::vector<Edit> edits = {{kNoFeature, 17}};
    state->outputs_after(edits, [&](size_t, std::span<const int32_t> positions, const OutputRows&) {
      std::vector<int32_t> expected;
      for (const int32_t cell : cells) {
        const float x = world.open.contains(cell, 17) ? 1 : 0;
        if (x != world.model.replacement(17)) expected.push_back(cell);
      }
      EXPECT_EQ(std::vector<int32_t>(positions.begin(), positions.end()), expected);
    });
  }
}

TEST(SurrogateState, ThreadsDoNotChangeABit) {
  const World one(Mask::kClosed, 3, 1, 200, Cis::kCounts);
  const World three(Mask::kClosed, 3, 3, 200, Cis::kCounts);
  const auto genes = all_cells(13);
  std::vector<std::vector<double>> gains;
  std::vector<std::vector<float>> outputs;
  for (const World* world : {&one, &three}) {
    const std::vector<Feature> subset = {2, 50};
    const auto state = world->model.begin(subset, all_cells(200), genes);
    state->apply({50, 51});
    outputs.push_back(copy(state->outputs()));
    gains.emplace_back(70);
    state->gains(outputs.back(), gains.back());
  }
  EXPECT_EQ(outputs[0], outputs[1]);
  EXPECT_EQ(gains[0], gains[1]);
}

TEST(SurrogateState, TheCisPathChangesNoOtherGene) {
  const World with(Mask::kClosed, 4, 1, 45, Cis::kCounts), without(Mask::kClosed, 4);
  const std::vector<Feature> subset = {1, 4, 30};
  const auto a = with.model.begin(subset, all_cells(45), all_cells(13));
  const auto b = without.model.begin(subset, all_cells(45), all_cells(13));
  for (size_t i = 0; i < a->outputs().size(); ++i) {
    const auto gene = static_cast<int32_t>(i % 13);
    const bool is_cis = gene % 3 == 0 && gene != 3;  // gene 3 failed its gate
    EXPECT_EQ(a->outputs()[i] == b->outputs()[i], !is_cis) << gene;
  }
}

TEST(SurrogateState, OnWholeOpennessTheCisPathIsThatOfItsRoom) {
  // cis_part and cis_state_part, which were used to fit it.
  const World world(Mask::kOpen, 5, 1, 45, Cis::kCounts);
  const std::vector<Feature> subset = {2, 3, 9};
  const std::vector<int32_t> genes = {0, 6, 9, 12};
  const auto state = world.model.begin(subset, all_cells(45), genes);
  const auto& types = world.contribution.type;
  CisMask mask;
  mask.opened = subset;
  const DenseReference reference(world.file);
  for (int32_t cell = 0; cell < 45; ++cell) {
    const auto exact = reference.atac_latent(world.masked(cell, subset));
    const std::vector<float> latents(exact.begin(), exact.end());
    const auto c = static_cast<size_t>(cell);
    for (size_t g = 0; g < genes.size(); ++g) {
      const CisGene& gene = world.path.genes[static_cast<size_t>(world.path.find(genes[g]))];
      const double eta = cis_state_part(world.path, gene,
                                        {std::log(1e5), types[c], world.contribution.donor[c],
                                         world.contribution.log_open_peaks[c], latents,
                                         world.contribution.batch[c]}) +
                         cis_part(gene, types[c], world.open.row(cell), mask);
      // Float sums of numbers around 10.
      EXPECT_NEAR(state->outputs()[c * genes.size() + g], std::log1p(std::exp(eta)), 2e-5);
    }
  }
}

TEST(CisOutputs, AreExactForAllSizesOfRates) {
  // One gene with nothing but an intercept: F = log(1 + exp(log 100,000 + intercept)).
  CisPath path;
  path.peaks = 1;
  path.study_genes = 1;
  path.types = 1;
  path.genes.resize(1);
  path.genes[0].cis.passed = true;
  path.genes[0].state = {0, 0};
  const CisContribution cell{&path, {0}, {}, {0.0}};
  CsrPattern none;
  none.rows = 1;
  none.columns = 1;
  none.offsets = {0, 0};
  for (double eta = -80; eta < 60; eta += 0.37) {
    path.genes[0].state[0] = eta - std::log(1e5);
    const std::vector<int32_t> genes = {0};
    const CisOutputs outputs(cell, genes, none);
    CisOutputs::Row row(outputs);
    std::vector<float> fixed(static_cast<size_t>(outputs.stride()));
    outputs.fix(0, outputs.masked({}, std::vector<float>{0}), row, fixed.data());
    const float* rows[] = {fixed.data()};
    float out = 0;
    outputs.predict(rows, nullptr, &out);
    const double exact = std::log1p(std::exp(static_cast<double>(fixed[0])));
    EXPECT_NEAR(out, exact, 4e-7 * exact) << eta;  // three units in the last place
  }
}

TEST(SurrogateState, EditsThatMakeNoSenseAreRefused) {
  const World world(Mask::kClosed);
  const std::vector<Feature> subset = {2, 50};
  const std::vector<int32_t> cells = {0, 1}, genes = {0};
  const auto state = world.model.begin(subset, cells, genes);
  EXPECT_THROW(state->apply({3, 4}), Error);            // 3 is not masked
  EXPECT_THROW(state->apply({2, 50}), Error);           // 50 is masked already
  EXPECT_THROW(state->apply({kNoFeature, 70}), Error);  // no such peak
  const std::vector<Feature> twice = {2, 2};
  EXPECT_THROW(world.model.begin(twice, cells, genes), Error);
}

class SurrogateModelConformance : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Sizes, SurrogateModelConformance, ::testing::Values("small", "medium"));

TEST_P(SurrogateModelConformance, LeaveOneOutAndChangesAreThePublishedOnes) {
  GRIDS_NEEDS(Conformance::file(GetParam(), "model"));
  const Conformance c(GetParam());
  const FoldedSurrogate surrogate(c.model);
  ThreadPool pool(2);
  const SurrogateModel model(surrogate, c.open(), replace_by(c.model.shape.peaks(), 0), pool);
  const auto cells = all_cells(c.open().rows);
  const std::vector<int32_t> target = {static_cast<int32_t>(c.integers("search.target_gene")[0])};
  const auto before = model.begin({}, cells, target);
  const auto clamped = [](float value) { return std::max(double{value}, 0.0); };

  std::vector<Edit> edits;
  for (Feature peak = 0; peak < c.model.shape.peaks(); ++peak) edits.push_back({kNoFeature, peak});
  const auto expected = c.floats("metrics.leave_one_out");
  before->outputs_after(
      edits, [&](size_t peak, std::span<const int32_t> positions, const OutputRows& outputs) {
        double change = 0;
        for (size_t i = 0; i < positions.size(); ++i) {
          change += clamped(outputs[i][0]) -
                    clamped(before->outputs()[static_cast<size_t>(positions[i])]);
        }
        // Tolerances of conformance/README.
        EXPECT_NEAR(change / static_cast<double>(cells.size()), expected[peak], 1e-6);
      });

  const auto trajectory = c.integers("search.monotone.trajectory");
  const auto length = static_cast<size_t>(c.at("search.monotone.trajectory").shape[1]);
  std::vector<Feature> subset;
  for (const int64_t peak : trajectory.last(length)) subset.push_back(static_cast<Feature>(peak));
  const auto after = model.begin(subset, cells, target);
  double average = 0, relative = 0;
  for (size_t i = 0; i < cells.size(); ++i) {
    const double x = std::exp(clamped(before->outputs()[i]));
    const double y = std::exp(clamped(after->outputs()[i]));
    average += (y - x) / static_cast<double>(cells.size());
    relative += (y - x) / x / static_cast<double>(cells.size());
  }
  EXPECT_NEAR(average, c.floats("metrics.average_change")[0], 1e-6);
  EXPECT_NEAR(relative, c.floats("metrics.relative_change")[0], 1e-6);
}

TEST_P(SurrogateModelConformance, AllOutputsAfterMaskingAreThePublishedOnes) {
  GRIDS_NEEDS(Conformance::file(GetParam(), "model"));
  const Conformance c(GetParam());
  const FoldedSurrogate surrogate(c.model);
  ThreadPool pool(2);
  const SurrogateModel model(surrogate, c.open(), replace_by(c.model.shape.peaks(), 0), pool);
  const auto cells = all_cells(c.open().rows);
  const auto genes = all_cells(c.model.shape.genes);
  const auto length = static_cast<size_t>(c.at("search.monotone.trajectory").shape[1]);
  std::vector<Feature> subset;
  for (const int64_t peak : c.integers("search.monotone.trajectory").last(length)) {
    subset.push_back(static_cast<Feature>(peak));
  }
  for (const bool masked : {false, true}) {
    const auto state = model.begin(masked ? subset : std::vector<Feature>{}, cells, genes);
    auto outputs = copy(state->outputs());
    for (float& value : outputs) value = std::max(value, 0.0f);
    testing::expect_close(outputs,
                          c.floats(masked ? "search.predicted_after" : "search.predicted_before"),
                          masked ? "after" : "before");
  }
}

}  // namespace
}  // namespace grids::core
