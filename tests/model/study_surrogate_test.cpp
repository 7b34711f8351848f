#include "model/study_surrogate.hpp"

#include <gtest/gtest.h>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "support/random_cis.hpp"
#include "support/random_surrogate.hpp"

namespace grids::core {
namespace {

using testing::random_cis;
using testing::random_open;
using testing::random_surrogate;
using testing::small_shape;

struct StudyWorld {
  StudyWorld() {
    RandomStream random(3, Purpose::kSimulate);
    study.open = random_open(90, surrogate.shape().peaks(), 0.2, 5);
    study.genes.names.resize(static_cast<size_t>(surrogate.shape().genes));
    study.cells.barcodes.resize(90);
    for (int cell = 0; cell < 90; ++cell) {
      study.cells.type.codes.push_back(static_cast<int32_t>(random.below(testing::kCisTypes)));
      study.cells.donor.codes.push_back(static_cast<int32_t>(random.below(testing::kCisDonors)));
      study.cells.batch.codes.push_back(static_cast<int32_t>(random.below(testing::kCisBatches)));
      study.cells.open_peaks.push_back(10 + random.below(10));
    }
  }

  FoldedSurrogate surrogate{random_surrogate(small_shape(), 4)};
  CisPath path = random_cis(small_shape(), 4);
  Study study;
  ThreadPool pool{2};
};

const std::vector<int32_t> kCells = {5, 4, 80, 17};
const std::vector<int32_t> kGenes = {12, 1, 3, 0};

TEST(StudySurrogate, WithoutACisPathIsTheFoldedSurrogate) {
  StudyWorld world;
  const StudySurrogate plain = world.surrogate;
  const auto open = select_rows(world.study.open, kCells);
  EXPECT_EQ(plain.predict(world.study, kCells, kGenes, world.pool),
            world.surrogate.predict(world.pool, open, world.surrogate.output_layer(kGenes)));
  EXPECT_EQ(plain.predict_all(world.study, kCells, world.pool),
            world.surrogate.predict(world.pool, open, world.surrogate.output_layer()));
}

TEST(StudySurrogate, PredictsWhatItsModelDoesToTheLastBit) {
  StudyWorld world;
  for (const CisPath* path : {static_cast<const CisPath*>(nullptr), &std::as_const(world.path)}) {
    const StudySurrogate surrogate(world.surrogate, path);
    const auto model =
        surrogate.model(world.study, kCells, replace_by(surrogate.shape().peaks(), 0), world.pool);
    const auto state = model->begin({}, std::vector<int32_t>{0, 1, 2, 3}, kGenes);
    std::vector<float> outputs(state->outputs().begin(), state->outputs().end());
    for (float& value : outputs) value = std::max(value, 0.0f);
    EXPECT_EQ(surrogate.predict(world.study, kCells, kGenes, world.pool), outputs);
  }
}

TEST(StudySurrogate, ClosingPeaksIsMaskingThemWithZero) {
  StudyWorld world;
  const StudySurrogate surrogate(world.surrogate, &world.path);
  const std::vector<int32_t> closed = {1, 3, 4, 9, 40};
  const auto model =
      surrogate.model(world.study, kCells, replace_by(surrogate.shape().peaks(), 0), world.pool);
  const auto state = model->begin(closed, std::vector<int32_t>{0, 1, 2, 3}, kGenes);
  const auto predicted = surrogate.predict(world.study, kCells, kGenes, world.pool, closed);
  const auto unmasked = surrogate.predict(world.study, kCells, kGenes, world.pool);
  EXPECT_NE(predicted, unmasked);
  for (size_t i = 0; i < predicted.size(); ++i) {
    // The same sums of a few dozen floats, taken by leaving out or by subtracting.
    EXPECT_NEAR(predicted[i], std::max(state->outputs()[i], 0.0f), 1e-5);
  }
}

TEST(StudySurrogate, CellsThatAreKeptArePredictedAsFreshOnes) {
  StudyWorld world;
  // Of gene 6 so few peaks beside so many open ones that they are looked up among these.
  world.study.open = random_open(90, world.surrogate.shape().peaks(), 0.9, 5);
  world.path.genes[2].terms.resize(1);
  const std::vector<int32_t> closed = {40, 1, 3};
  for (const CisPath* path : {static_cast<const CisPath*>(nullptr), &std::as_const(world.path)}) {
    const StudySurrogate surrogate(world.surrogate, path);
    const auto kept = surrogate.to_predict(world.study, kCells, world.pool, closed);
    for (const auto& genes : {std::vector<int32_t>{6}, std::vector<int32_t>{1}, kGenes}) {
      const auto state =
          surrogate
              .model(world.study, kCells, replace_by(surrogate.shape().peaks(), 0), world.pool)
              ->begin(closed, std::vector<int32_t>{0, 1, 2, 3}, genes);
      const auto predicted = surrogate.predict(world.study, kept, genes, world.pool);
      EXPECT_EQ(predicted, surrogate.predict(world.study, kCells, genes, world.pool, closed));
      for (size_t i = 0; i < predicted.size(); ++i) {
        EXPECT_NEAR(predicted[i], std::max(state->outputs()[i], 0.0f), 1e-5);
      }
    }
  }
}

TEST(StudySurrogate, TheCisPathChangesItsGenesOnly) {
  StudyWorld world;
  const StudySurrogate with(world.surrogate, &world.path);
  const StudySurrogate without(world.surrogate);
  const auto a = with.predict_all(world.study, kCells, world.pool);
  const auto b = without.predict_all(world.study, kCells, world.pool);
  int changed = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const auto gene = static_cast<int32_t>(i % world.study.genes.names.size());
    if (gene % 3 != 0 || gene == 3) {  // gene 3 failed its gate
      EXPECT_EQ(a[i], b[i]) << gene;
    }
    changed += a[i] != b[i] ? 1 : 0;
  }
  EXPECT_GT(changed, 0);
}

TEST(StudySurrogate, PredictsACellAmongManyAsAlone) {
  StudyWorld world;
  const StudySurrogate surrogate(world.surrogate, &world.path);
  const auto all = indices_below(90);
  ASSERT_GT(all.size(), static_cast<size_t>(2 * kTailRows)) << "several blocks, the last not full";
  const auto predicted = surrogate.predict(world.study, all, kGenes, world.pool);
  for (const int32_t cell : all) {
    const auto alone = surrogate.predict(world.study, {&cell, 1}, kGenes, world.pool);
    const auto row = std::span(predicted).subspan(at(cell) * kGenes.size(), kGenes.size());
    EXPECT_EQ(std::vector<float>(row.begin(), row.end()), alone) << cell;
  }
}

}  // namespace
}  // namespace grids::core
