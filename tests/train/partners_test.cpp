// What stands in for pairs of cells: it must be near the truth, and must not have seen it.
#include "train/partners.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.hpp"
#include "train/nearby_openness.hpp"
#include "train/stated_study.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;

size_t place(int64_t i) {
  return static_cast<size_t>(i);
}

Halves part(const TrainingCells& cells, Split split) {
  return {cells.atac.cells_of(split), cells.rna.cells_of(split)};
}

MatchedHalves partners_of(const TrainingCells& cells, int threads = 1) {
  ThreadPool pool(threads);
  Reporter silent;
  return find_partners(cells, part(cells, Split::kTrain), part(cells, Split::kValidation),
                       Context{1, pool, silent});
}

/// Mean distance in state of cells and their partners.
double mean_distance(const StatedStudy& made, const Partners& partners) {
  double sum = 0;
  for (size_t i = 0; i < partners.rna.size(); ++i) {
    const auto a = place(partners.atac[i / place(partners.count)]);
    const auto b = place(partners.rna[i]);
    sum += std::hypot(made.state[2 * a] - made.state[2 * b],
                      made.state[2 * a + 1] - made.state[2 * b + 1]);
  }
  return sum / static_cast<double>(partners.rna.size());
}

/// The same of all cells of a type with each other: what types alone say.
double chance_distance(const StatedStudy& made) {
  const auto cells = made.study.cells_of(Split::kTrain, 0);
  double sum = 0;
  for (const int32_t a : cells) {
    for (const int32_t b : cells) {
      sum += std::hypot(made.state[2 * place(a)] - made.state[2 * place(b)],
                        made.state[2 * place(a) + 1] - made.state[2 * place(b) + 1]);
    }
  }
  return sum / static_cast<double>(cells.size() * cells.size());
}

TEST(Partners, AreNearInStateAndOfTheSameTypeAndPart) {
  const StatedStudy made = stated_study();
  const Study& study = made.study;
  const auto matched = partners_of({study, study, false});
  for (const auto& [partners, split] : {std::pair(&matched.training, Split::kTrain),
                                        std::pair(&matched.validation, Split::kValidation)}) {
    EXPECT_EQ(partners->atac, study.cells_of(split));
    EXPECT_EQ(partners->rna.size(), partners->atac.size() * place(partners->count));
    for (size_t i = 0; i < partners->rna.size(); ++i) {
      const auto a = place(partners->atac[i / place(partners->count)]);
      const auto b = place(partners->rna[i]);
      EXPECT_EQ(study.cells.type.codes[a], study.cells.type.codes[b]);
      EXPECT_EQ(study.cells.split[b], split);
    }
  }
  EXPECT_LT(mean_distance(made, matched.training), 0.6 * chance_distance(made));
  EXPECT_LT(mean_distance(made, matched.validation), 0.8 * chance_distance(made));
}

TEST(Partners, AreTheSameForAnyNumberOfThreads) {
  const Study study = stated_study().study;
  EXPECT_EQ(partners_of({study, study, false}, 1).training.rna,
            partners_of({study, study, false}, 3).training.rna);
}

// The rows of the RNA in another order: the same cells must be found. Only rounding knows of it.
TEST(Partners, DoNotSeeWhichRowsAreTheSameCell) {
  const Study study = stated_study().study;
  std::vector<int32_t> order(place(study.cells.size()));
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int32_t>(i);
  RandomStream(9, Purpose::kSplit).shuffle(std::span(order));
  Study shuffled = study;
  shuffled.expression = select_rows(study.expression, order);
  for (size_t i = 0; i < order.size(); ++i) {
    const auto from = place(order[i]);
    shuffled.cells.barcodes[i] = study.cells.barcodes[from];
    shuffled.cells.type.codes[i] = study.cells.type.codes[from];
    shuffled.cells.split[i] = study.cells.split[from];
  }
  const auto straight = partners_of({study, study, false}).training;
  const auto other = partners_of({study, shuffled, false}).training;
  ASSERT_EQ(straight.rna.size(), other.rna.size());
  size_t same = 0;
  for (size_t i = 0; i < straight.rna.size(); ++i) {
    same += straight.rna[i] == order[place(other.rna[i])] ? 1 : 0;
  }
  EXPECT_GT(static_cast<double>(same), 0.98 * static_cast<double>(straight.rna.size()));
}

TEST(Partners, TellTheTypesThatOnlyOneModalityHas) {
  const Study study = stated_study().study;
  for (const bool atac_labelled : {true, false}) {
    const auto matched = partners_of({study, study, false, atac_labelled, !atac_labelled});
    const auto cells = study.cells_of(Split::kTrain);
    const auto& told = atac_labelled ? matched.types.rna : matched.types.atac;
    ASSERT_EQ(told.size(), cells.size());
    size_t right = 0;
    for (size_t i = 0; i < told.size(); ++i) {
      right += told[i] == study.cells.type.codes[place(cells[i])] ? 1 : 0;
    }
    EXPECT_GT(static_cast<double>(right), 0.9 * static_cast<double>(told.size()));
  }
}

TEST(Partners, WithoutTypesAreFoundAmongAllCells) {
  const StatedStudy made = stated_study();
  const auto matched = partners_of({made.study, made.study, false, false, false});
  EXPECT_TRUE(matched.types.atac.empty());
  EXPECT_LT(mean_distance(made, matched.training), 0.75 * chance_distance(made));
}

TEST(Partners, ATypeWithoutRnaTakesThoseOfAnyOther) {
  const Study study = stated_study().study;
  Study rna = study;
  for (auto& code : rna.cells.type.codes) code = std::max(code, 1);
  const auto matched = partners_of({study, rna, false});
  EXPECT_EQ(matched.training.rna.size(),
            matched.training.atac.size() * place(matched.training.count));
}

TEST(Partners, NeedPositions) {
  Study study = stated_study().study;
  for (auto& chromosome : study.genes.chromosome) chromosome.clear();
  try {
    partners_of({study, study, false});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr("--genes"));
  }
}

TEST(Partners, AreDrawnFromTheirCellsOwn) {
  const Partners partners{{2, 5, 9}, 2, {10, 11, 20, 21, 30, 31}};
  std::map<int32_t, int> met;
  const std::vector<int32_t> cells = {9, 2};
  for (uint64_t key = 0; key < 64; ++key) {
    const auto drawn = partners.draw(cells, 1, key);
    ASSERT_EQ(drawn.size(), 2u);
    EXPECT_TRUE(drawn[0] == 30 || drawn[0] == 31);
    EXPECT_TRUE(drawn[1] == 10 || drawn[1] == 11);
    for (const int32_t cell : drawn) ++met[cell];
    EXPECT_EQ(drawn, partners.draw(cells, 1, key));
  }
  for (const int32_t cell : {10, 11, 30, 31}) EXPECT_GT(met[cell], 10) << cell;
}

TEST(NearbyOpenness, IsWhatItsDefinitionSays) {
  Study study = stated_study(40, 6).study;
  study.genes.strand[2] = Strand::kMinus;
  study.genes.start[3] = study.genes.start[2] + 9'000;  // overlaps the gene before
  study.genes.end[3] = study.genes.start[3] + 30'000;
  study.genes.chromosome[4] = "chr7";  // where no peak is
  ThreadPool pool(2);
  const auto nearby = nearby_openness(study, study.open, pool);
  EXPECT_THAT(nearby.genes, ::testing::ElementsAre(0, 1, 2, 3, 5));
  const auto dense = to_dense(nearby.values, 0, nearby.values.columns());
  for (int64_t cell = 0; cell < study.cells.size(); ++cell) {
    const auto open = study.open.row(cell);
    for (size_t k = 0; k < nearby.genes.size(); ++k) {
      const auto g = place(nearby.genes[k]);
      const bool minus = study.genes.strand[g] == Strand::kMinus;
      const int64_t start = study.genes.start[g] - (minus ? 0 : 2000);
      const int64_t end = study.genes.end[g] + (minus ? 2000 : 0);
      double expected = 0;
      for (const int32_t j : open) {
        const int64_t before = start - study.peaks.end[place(j)];
        const int64_t behind = study.peaks.start[place(j)] - end;
        const int64_t distance = std::max({int64_t{0}, before, behind});
        if (distance <= 50'000) expected += std::exp(-static_cast<double>(distance) / 5000);
      }
      if (!open.empty()) expected /= static_cast<double>(open.size());
      EXPECT_NEAR(dense[place(cell) * nearby.genes.size() + k], expected, 1e-6);
    }
  }
}

}  // namespace
}  // namespace grids::core
