// Contrasts of cells that belong to donors and batches.
#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/contrast.hpp"
#include "evaluate/planted_contrast.hpp"
#include "math/statistics.hpp"

namespace grids::core {
namespace {

using testing::draw_count;
using testing::PlantedContrast;

TEST(Contrast, ClusteringByDonorSeesThatCopiesAreNoEvidence) {
  const PlantedContrast once(360, 0.5, 2, 5, 12);
  PlantedContrast copied = once;
  for (int copy = 1; copy < 4; ++copy) {
    for (size_t i = 0; i < 360; ++i) {
      copied.cells.push_back(once.cells[i]);
      copied.change.push_back(once.change[i]);
      copied.latents.insert(copied.latents.end(), {once.latents[2 * i], once.latents[2 * i + 1]});
    }
  }
  const auto a = once.result();
  const auto b = copied.result();
  EXPECT_EQ(a.clusters, 12);
  // Four times the cells, not one more donor: the same p, up to the ridges and the leverages, which
  // weigh less: 17 columns on 360 cells take up 5 % of squares, 2.5 % of a t of 4.
  EXPECT_NEAR(std::log(b.p), std::log(a.p), 0.2);
  EXPECT_NEAR((b.high - b.low) / (a.high - a.low), 1, 0.05);
  ContrastOptions independent;
  independent.min_donors = 13;
  EXPECT_EQ(once.result(independent).clusters, 0);
  EXPECT_LT(copied.result(independent).p, 0.01 * once.result(independent).p);
}

/// Two types in several batches that act on the gene and on the set's openness alike, in one type
/// more than in the other: without them, the set seems to act.
struct BatchedContrast : PlantedContrast {
  BatchedContrast(int64_t count, int batches, double effect, uint64_t seed, bool donors = false)
      : PlantedContrast(count, 0, 1, seed) {
    RandomStream random(seed, Purpose::kBenchmark, 1);
    std::vector<double> shift;
    for (int batch = 0; batch < 2 * batches; ++batch) shift.push_back(0.4 * random.normal());
    for (int batch = 0; batch < batches; ++batch) {
      study.cells.batch.names.push_back("batch " + std::to_string(batch));
    }
    study.counts = {};
    auto& counts = study.counts;
    counts.pattern.rows = count;
    counts.pattern.columns = 1;
    for (size_t i = 0; i < cells.size(); ++i) {
      const auto batch = static_cast<int32_t>(random.below(static_cast<uint32_t>(batches)));
      study.cells.batch.codes.push_back(batch);
      const auto type = study.cells.type.codes[i];
      const double own = shift[static_cast<size_t>(batch)] +
                         0.7 * shift[static_cast<size_t>(type == 0 ? batch : batches + batch)];
      const bool open = random.uniform() < 1 / (1 + std::exp(-2 * own));
      change[i] = open ? -1 : 0;
      const double y = draw_count(
          study.cells.total_rna[i] / 1000 * std::exp(own + (open ? effect : 0)), 0.5, random);
      if (y > 0) {
        counts.pattern.indices.push_back(0);
        counts.values.push_back(static_cast<float>(y));
      }
      counts.pattern.offsets.push_back(counts.pattern.nonzeros());
    }
    if (donors) study.cells.donor = study.cells.batch;
  }
};

TEST(Contrast, BatchesThatAreGivenAreNoEvidence) {
  std::vector<double> given, withheld;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    BatchedContrast world(600, 6, 0, seed);
    given.push_back(world.result().p);
    world.study.cells.batch = {};
    withheld.push_back(world.result().p);
  }
  EXPECT_GT(below(withheld, 0.05), 150);  // what they are held constant against; 15 by chance
  EXPECT_GT(test_uniform(given).p, 0.01);
  EXPECT_LE(below(given, 0.05), 26);  // 15 expected, 3 standard deviations (3.8) above
}

TEST(Contrast, WhereBatchesAreManyTheVarianceIsClusteredByThem) {
  std::vector<double> p;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    const auto found = BatchedContrast(720, 12, 0, seed).result();
    EXPECT_EQ(found.clusters, 12);
    p.push_back(found.p);
  }
  EXPECT_LE(below(p, 0.05), 26);
  // What does act is seen beside them.
  const auto found = BatchedContrast(2000, 12, 0.8, 1).result();
  EXPECT_LT(found.p, 1e-3);
  EXPECT_LT(found.low, 0.8);
  EXPECT_GT(found.high, 0.8);
}

TEST(Contrast, BatchesThatAreTheDonorsChangeNothingButWithinTypes) {
  // Law: what donors say already, a batch does not say again.
  BatchedContrast both(800, 5, 0.5, 3, true);
  const auto columns = both.prepared().columns.size();
  auto donors = both;
  donors.study.cells.batch = {};
  EXPECT_EQ(columns, donors.prepared().columns.size() + 4);  // (batches − 1) · (types − 1)
  EXPECT_TRUE(std::isfinite(both.result().slope));
  // Of one type there is nothing within types.
  for (auto* world :
       {static_cast<PlantedContrast*>(&both), static_cast<PlantedContrast*>(&donors)}) {
    std::fill(world->study.cells.type.codes.begin(), world->study.cells.type.codes.end(), 0);
  }
  EXPECT_EQ(both.prepared().columns, donors.prepared().columns);
  EXPECT_EQ(both.result().p, donors.result().p);
}

TEST(Contrast, FewCellsHoldBatchesConstantBeforeBatchesWithinTypes) {
  const BatchedContrast world(130, 6, 0, 3);
  const auto cells = world.prepared();
  // Ones, a type, five batches, open peaks: eight; two latents; three of five pairs.
  EXPECT_EQ(cells.latents_used, 2);
  EXPECT_EQ(cells.columns.size(), 13u);
  EXPECT_EQ(cells.ridge.size(), 13u);
  EXPECT_EQ(cells.ridge[9], kCovariateRidge);
  EXPECT_GT(cells.ridge[10], 1 / (kBatchWithinType * kBatchWithinType));
}

TEST(Contrast, EachBatchMayBeOfATypeOfItsOwn) {
  BatchedContrast world(400, 2, 0.5, 3);
  world.study.cells.batch.codes = world.study.cells.type.codes;
  auto without = world;
  without.study.cells.batch = {};
  EXPECT_EQ(world.result().p, without.result().p);
}

}  // namespace
}  // namespace grids::core
