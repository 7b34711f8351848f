// The seam of the exact single knock-out: summed_changes of the surrogate's state.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "base/indices.hpp"
#include "model/surrogate_model.hpp"
#include "support/random_cis.hpp"
#include "support/random_surrogate.hpp"

namespace grids::core {
namespace {

using testing::random_open;
using testing::random_surrogate;
using testing::small_shape;

/// Moves every gene of the surrogate by the same, so that none, few, half or all of the outputs are
/// at the clamp.
SurrogateFile shifted(SurrogateFile file, float shift) {
  auto& tensor = file.tensors.at("rna_model.decoder.6.bias");
  std::vector<float> bias(tensor.f32(), tensor.f32() + file.shape.genes);
  for (float& value : bias) value += shift;
  tensor = Tensor::of_f32(tensor.shape, bias);
  return file;
}

struct SummedWorld {
  explicit SummedWorld(float replacement, uint64_t seed = 1, int threads = 1, int64_t cells = 45,
                       float shift = 0)
      : pool(threads),
        file(shifted(random_surrogate(small_shape(), seed), shift)),
        surrogate(file),
        open(close_peaks(random_open(cells, file.shape.peaks(), 0.3, seed + 1), closed)),
        path(testing::random_cis(file.shape, seed)),
        // Half of the worlds have a cis path.
        model(surrogate, open, replace_by(open.columns, replacement), pool,
              seed % 2 == 0 ? CisContribution() : testing::random_contribution(path, cells, seed)) {
  }

  std::vector<int32_t> closed = {10, 69};  ///< open in no cell
  ThreadPool pool;
  SurrogateFile file;
  FoldedSurrogate surrogate;
  CsrPattern open;
  CisPath path;
  SurrogateModel model;
};

/// What the sink was told, feature by feature.
struct Told {
  std::vector<int64_t> touched;
  std::vector<std::vector<double>> changes;
  bool operator==(const Told&) const = default;
};

ChangeSink note(Told& told) {
  return [&told](size_t feature, int64_t touched, std::span<const double> changes) {
    EXPECT_EQ(feature, told.touched.size());  // in order, each once
    told.touched.push_back(touched);
    told.changes.emplace_back(changes.begin(), changes.end());
  };
}

Told summed(const MaskState& state, std::span<const Feature> features, const Measure& measure) {
  Told told;
  state.summed_changes(features, measure, note(told));
  return told;
}

Measure clamped(int64_t outputs) {
  return {MeasureKind::kClamped, outputs, {}};
}

/// A measure of another size than the outputs.
Measure mapped(int64_t outputs) {
  Measure measure{MeasureKind::kMapped, outputs, {}};
  for (int64_t j = 0; j < outputs; ++j) {
    const auto slope = static_cast<double>(j + 1);
    measure.maps.push_back(MonotoneMap({0, 0.5, 2}, {0, slope, slope * slope + 1}));
  }
  return measure;
}

/// A state, some features that it may mask and how many outputs it has.
struct RandomState {
  std::unique_ptr<MaskState> state;
  std::vector<Feature> features;
  int64_t width = 0;
};

RandomState random_state(const SummedWorld& world, uint64_t seed, bool all_genes) {
  RandomStream random(seed, Purpose::kBenchmark);
  auto cells = indices_below(150);
  random.shuffle(std::span(cells));
  cells.resize(1 + random.below(150));
  const auto genes = all_genes ? indices_below(13) : std::vector<int32_t>{3};
  std::vector<Feature> subset;
  if (random.below(2) == 0) subset = {1, 30, 64};
  RandomState result;
  result.features = indices_below(70);
  std::erase_if(result.features,
                [&](Feature f) { return std::count(subset.begin(), subset.end(), f); });
  random.shuffle(std::span(result.features));
  result.state = world.model.begin(subset, cells, genes);
  result.width = static_cast<int64_t>(genes.size());
  return result;
}

Told plainly_summed(const RandomState& random, const Measure& measure) {
  Told plain;
  random.state->MaskState::summed_changes(random.features, measure, note(plain));
  return plain;
}

RC_GTEST_PROP(SummedChanges, EqualTheDefaultToTheLastBit, ()) {
  const auto replacement = *rc::gen::element(0.0f, 1.0f, 0.4f);
  const auto seed = *rc::gen::inRange<uint64_t>(0, 500);
  const SummedWorld world(replacement, seed % 5, 2, 150);
  for (const bool all_genes : {false, true}) {
    const auto random = random_state(world, seed, all_genes);
    const auto width = random.width;
    for (const Measure& measure :
         {clamped(width), Measure{MeasureKind::kRate, width, {}}, mapped(width)}) {
      if (all_genes && measure.kind == MeasureKind::kClamped) continue;  // the next test
      RC_ASSERT(summed(*random.state, random.features, measure) == plainly_summed(random, measure));
    }
  }
}

RC_GTEST_PROP(SummedChanges, OfManyClampedGenesEqualTheDefaultWhereverTheClampActs, ()) {
  const auto replacement = *rc::gen::element(0.0f, 1.0f, 0.4f);
  const auto seed = *rc::gen::inRange<uint64_t>(0, 500);
  const auto shift = *rc::gen::element(-3.0f, -0.5f, 0.0f, 0.5f, 3.0f);
  const SummedWorld world(replacement, seed % 5, 2, 150, shift);
  const auto random = random_state(world, seed, true);
  const auto plain = plainly_summed(random, clamped(13));
  const auto fast = summed(*random.state, random.features, clamped(13));
  RC_ASSERT(fast.touched == plain.touched);
  double largest = 0;
  for (const float output : random.state->outputs())
    largest = std::max(largest, std::abs(double{output}));
  for (size_t i = 0; i < plain.changes.size(); ++i) {
    for (size_t g = 0; g < 13; ++g) {
      // A row's rounding: some units in the last place of the largest output.
      const double tolerance =
          1e-6 * largest * static_cast<double>(std::max<int64_t>(plain.touched[i], 1));
      RC_ASSERT(std::abs(fast.changes[i][g] - plain.changes[i][g]) <= tolerance);
    }
  }
}

TEST(SummedChanges, EqualMaskingAndPredictingAgain) {
  SummedWorld world(0, 4, 2, 200);
  const auto features = indices_below(70);
  const auto state = world.model.begin({}, indices_below(200), indices_below(13));
  const auto told = summed(*state, features, clamped(13));
  const auto layer = world.surrogate.output_layer();
  const auto before = world.surrogate.predict(world.pool, world.open, layer);
  const double largest = *std::max_element(before.begin(), before.end());
  for (const Feature peak : features) {
    const auto closed = close_peaks(world.open, {&peak, 1});
    const auto after = world.surrogate.predict(world.pool, closed, layer);
    for (size_t gene = 0; gene < 13; ++gene) {
      double change = 0;
      for (size_t i = gene; i < after.size(); i += 13) change += double{after[i]} - before[i];
      // A mean over cells of float predictions: the rounding of one prediction, at most.
      EXPECT_NEAR(told.changes[static_cast<size_t>(peak)][gene] / 200, change / 200,
                  1e-6 * largest);
    }
  }
}

TEST(SummedChanges, OfPeaksThatTouchNoCellAreZero) {
  const SummedWorld world(0);
  const auto state = world.model.begin({}, indices_below(45), indices_below(13));
  const auto features = indices_below(70);
  const auto told = summed(*state, features, clamped(13));
  for (const int32_t peak : world.closed) {
    EXPECT_EQ(told.touched[static_cast<size_t>(peak)], 0);
    EXPECT_EQ(told.changes[static_cast<size_t>(peak)], std::vector<double>(13, 0.0));
  }
  const auto cells_of = transpose(world.open);
  for (const Feature peak : features) {
    EXPECT_EQ(told.touched[static_cast<size_t>(peak)],
              static_cast<int64_t>(cells_of.row(peak).size()));
  }
}

TEST(SummedChanges, DependNeitherOnThreadsNorOnTheOtherFeatures) {
  // Enough rows for several units of work and a batch that ends in between.
  const SummedWorld one(0, 3, 1, 4000);
  const SummedWorld three(0, 3, 3, 4000);
  const auto features = indices_below(70);
  std::vector<Told> told;
  for (const SummedWorld* world : {&one, &three}) {
    const auto state = world->model.begin({}, indices_below(4000), indices_below(13));
    told.push_back(summed(*state, features, clamped(13)));
  }
  EXPECT_EQ(told[0], told[1]);
  const auto state = one.model.begin({}, indices_below(4000), indices_below(13));
  for (const Feature peak : {0, 41, 68}) {
    const auto alone = summed(*state, {&peak, 1}, clamped(13));
    EXPECT_EQ(alone.changes[0], told[0].changes[static_cast<size_t>(peak)]);
  }
}

TEST(SummedChanges, AnErrorOfTheSinkReachesTheCaller) {
  const SummedWorld world(0, 1, 2);
  const auto state = world.model.begin({}, indices_below(45), indices_below(13));
  const auto features = indices_below(70);
  const auto stop = [](size_t feature, int64_t, std::span<const double>) {
    if (feature == 5) throw Error(ErrorKind::kCancelled, "stopped");
  };
  EXPECT_THROW(state->summed_changes(features, clamped(13), stop), Error);
}

TEST(SummedChanges, RefuseFeaturesThatCannotBeMasked) {
  const SummedWorld world(0);
  const std::vector<Feature> subset = {7};
  const auto state = world.model.begin(subset, indices_below(45), indices_below(13));
  for (const Feature wrong : {7, 70, -2}) {
    EXPECT_THROW(summed(*state, {&wrong, 1}, clamped(13)), Error) << wrong;
  }
}

}  // namespace
}  // namespace grids::core
