#include "evaluate/judge_sets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "evaluate/state_covariates.hpp"
#include "explain/small_study.hpp"
#include "math/statistics.hpp"
#include "model/surrogate_model.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::random_surrogate;
using testing::small_shape;

/// Three types, of which the third has no test cells; sets from the method `random`, which is
/// quick: how they were found does not matter here.
struct SetsWorld {
  explicit SetsWorld(int threads = 1, uint64_t seed = 1)
      : pool(threads), context{seed, pool, reporter} {
    study.cells.type.names.emplace_back("C");
    for (size_t cell = 300; cell < 330; ++cell) {
      study.cells.type.codes[cell] = 2;
      if (study.cells.split[cell] == Split::kTest) study.cells.split[cell] = Split::kTrain;
    }
    options.method = "random";
    options.force = true;
    judge.random_sets = 7;
    judge.similar_peaks = 20;
  }

  std::vector<ExplainedTarget> explained(const std::vector<ExplainTarget>& targets) const {
    auto result = explain(study, surrogate, targets, options, context);
    EXPECT_EQ(result.explained.size(), targets.size());
    return std::move(result.explained);
  }

  JudgedSets judged(const std::vector<ExplainedTarget>& sets) const {
    return judge_sets(study, surrogate, sets, options.perturbation, judge, context);
  }

  mutable ThreadPool pool;
  mutable Reporter reporter;
  Context context;
  Study study = testing::small_study();
  FoldedSurrogate surrogate{random_surrogate(small_shape(), 3)};
  ExplainStageOptions options;
  JudgeSetsOptions judge;
};

/// Genes that the surrogate predicts above 0 in both types.
std::vector<int32_t> predicted_genes(const SetsWorld& world, size_t count) {
  const auto predicted = world.surrogate.predict(
      world.pool, select_rows(world.study.open, world.study.cells_of(Split::kTrain)),
      world.surrogate.output_layer());
  std::vector<std::pair<double, int32_t>> sums;
  for (int32_t gene = 0; gene < 13; ++gene) {
    double sum = 0;
    for (size_t i = static_cast<size_t>(gene); i < predicted.size(); i += 13) sum += predicted[i];
    sums.emplace_back(-sum, gene);
  }
  std::sort(sums.begin(), sums.end());
  std::vector<int32_t> genes;
  for (size_t i = 0; i < count; ++i) genes.push_back(sums[i].second);
  return genes;
}

bool same(const PredictedChange& a, const PredictedChange& b) {
  return a.cells == b.cells && a.average_change == b.average_change &&
         a.relative_change == b.relative_change && a.change_cp100k == b.change_cp100k;
}

TEST(JudgeSets, ASetIsJudgedOnTheTestCellsOfItsTypeAndOfEveryOther) {
  const SetsWorld world;
  const auto genes = predicted_genes(world, 2);
  const auto sets = world.explained({{1, genes[0], 4}, {0, genes[1], 6}, {{}, genes[0], 3}});
  const auto judged = world.judged(sets);
  ASSERT_EQ(judged.sets.size(), 3u);
  ASSERT_EQ(judged.random.size(), 3u);
  // Types "A few" and "B"; "C" has no test cells.
  ASSERT_EQ(judged.by_type.size(), 6u);
  for (size_t i = 0; i < sets.size(); ++i) {
    const auto& set = judged.sets[i];
    EXPECT_EQ(set.type, sets[i].target.type);
    EXPECT_EQ(set.gene, sets[i].target.gene);
    EXPECT_EQ(set.peaks, sets[i].explanation.subset);
    EXPECT_EQ(set.change.cells, static_cast<int64_t>(sets[i].test_cells.size()));
    const auto plain = predicted_change(sets[i].before, sets[i].after);
    EXPECT_EQ(set.change.average_change, plain.average_change);
    EXPECT_EQ(set.change.relative_change, plain.relative_change);
    EXPECT_FALSE(std::isnan(set.change.change_cp100k));
    for (int32_t other = 0; other < 2; ++other) {
      const auto& there = judged.by_type[2 * i + static_cast<size_t>(other)];
      EXPECT_EQ(there.type, sets[i].target.type);
      EXPECT_EQ(there.gene, sets[i].target.gene);
      EXPECT_EQ(there.tested_in, other);
      const auto cells = world.study.cells_of(Split::kTest, other);
      EXPECT_EQ(there.change.cells, static_cast<int64_t>(cells.size()));
      // What a set does in its own type is what it was found to do.
      if (sets[i].target.type == other) {
        EXPECT_TRUE(same(there.change, set.change));
      }
    }
  }
  // All types together are the two that have test cells: the mean of both, weighted by cells.
  const auto& a = judged.by_type[4].change;
  const auto& b = judged.by_type[5].change;
  const auto& both = judged.sets[2].change;
  EXPECT_EQ(both.cells, a.cells + b.cells);
  EXPECT_NEAR(both.average_change * static_cast<double>(both.cells),
              a.average_change * static_cast<double>(a.cells) +
                  b.average_change * static_cast<double>(b.cells),
              1e-9);  // sums of doubles in another order
}

TEST(JudgeSets, MaskingAnotherTypesCellsIsPredictingThemMasked) {
  const SetsWorld world;
  const int32_t gene = predicted_genes(world, 1)[0];
  const auto sets = world.explained({{1, gene, 8}});
  const auto judged = world.judged(sets);
  const auto open = select_rows(world.study.open, world.study.cells_of(Split::kTest, 0));
  const auto layer = world.surrogate.output_layer({&gene, 1});
  const auto before = world.surrogate.predict(world.pool, open, layer);
  const auto after =
      world.surrogate.predict(world.pool, close_peaks(open, sets[0].explanation.subset), layer);
  const auto expected = predicted_change(before, after);
  EXPECT_NE(expected.relative_change, 0);
  // Float sums of a few dozen terms of size one, subtracted or left out.
  EXPECT_NEAR(judged.by_type[0].change.relative_change, expected.relative_change, 1e-5);
}

TEST(JudgeSets, RandomSetsDependOnSeedTypeAndGeneAlone) {
  const SetsWorld one(1), three(3);
  const auto genes = predicted_genes(one, 3);
  const auto alone = one.judged(one.explained({{1, genes[1], 5}}));
  const auto among = three.judged(
      three.explained({{0, genes[1], 5}, {1, genes[0], 5}, {1, genes[1], 5}, {1, genes[2], 5}}));
  const auto& a = alone.random[0].changes;
  const auto& b = among.random[2].changes;
  ASSERT_EQ(a.size(), 7u);
  ASSERT_EQ(b.size(), 7u);
  bool differ = false;
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(same(a[i], b[i]));
    differ = differ || !same(a[i], a[0]);
  }
  EXPECT_TRUE(differ);
  EXPECT_EQ(alone.random[0].set_size, 5);
  SetsWorld other(1);
  other.judge.random_sets = 7;
  const auto sets = one.explained({{1, genes[1], 5}});
  const Context context{99, other.pool, other.reporter};
  const auto reseeded =
      judge_sets(other.study, other.surrogate, sets, Perturbation::kClosed, other.judge, context);
  EXPECT_FALSE(same(reseeded.random[0].changes[0], a[0]));
}

bool same(const Contrast& a, const Contrast& b) {
  const auto equal = [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); };
  return a.cells == b.cells && a.changed_cells == b.changed_cells &&
         equal(a.predicted, b.predicted) && equal(a.slope, b.slope) && equal(a.low, b.low) &&
         equal(a.high, b.high) && equal(a.p, b.p) && equal(a.p_below_half, b.p_below_half) &&
         a.note == b.note;
}

TEST(JudgeSets, PredictedChangesAreContrastedWithWhatWasMeasuredInTheSameCells) {
  SetsWorld world(1), three(3);
  world.judge.contrasted_random_sets = three.judge.contrasted_random_sets = 2;
  const auto genes = predicted_genes(world, 2);
  const std::vector<ExplainTarget> targets = {{1, genes[0], 6}, {0, genes[1], 5}};
  const auto sets = world.explained(targets);
  const auto judged = world.judged(sets);
  const auto& options = world.judge.contrast;
  // By hand: the study has no counts, so that values change, not logs.
  const auto cells = world.study.cells_of(Split::kTest, 1);
  const StateCovariates state(world.study, world.surrogate, options.components, world.context);
  const auto common = contrast_cells(world.study, cells, state.of(cells, world.context), options);
  const auto expected = contrast(common, contrast_baseline(world.study, genes[0], common, options),
                                 predicted_value_change(sets[0].before, sets[0].after), options);
  EXPECT_TRUE(same(judged.sets[0].contrast, expected));
  EXPECT_FALSE(std::isnan(expected.p));
  EXPECT_EQ(expected.cells, static_cast<int64_t>(cells.size()));
  const auto q =
      benjamini_hochberg(std::vector<double>{judged.sets[0].contrast.p, judged.sets[1].contrast.p});
  EXPECT_EQ(judged.sets[0].contrast.q, q[0]);
  std::vector<Contrast> both = {judged.sets[0].contrast, judged.sets[1].contrast};
  add_verdicts(both);
  EXPECT_EQ(judged.sets[0].contrast.verdict, both[0].verdict);
  EXPECT_EQ(judged.sets[1].contrast.q_below_half, both[1].q_below_half);
  EXPECT_EQ(judged.random[0].contrasts.size(), 2u);
  EXPECT_EQ(judged.random[0].changes.size(), 7u);
  // No number depends on the threads.
  const auto again = three.judged(three.explained(targets));
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(same(again.sets[i].contrast, judged.sets[i].contrast));
    for (size_t k = 0; k < 2; ++k) {
      EXPECT_TRUE(same(again.random[i].contrasts[k], judged.random[i].contrasts[k]));
    }
  }
}

TEST(JudgeSets, NoSetsAndNoRandomSetsAreAllRight) {
  SetsWorld world;
  const auto nothing = world.judged({});
  EXPECT_TRUE(nothing.sets.empty() && nothing.random.empty() && nothing.by_type.empty());
  world.judge.random_sets = 0;
  const auto judged = world.judged(world.explained({{1, predicted_genes(world, 1)[0], 2}}));
  ASSERT_EQ(judged.random.size(), 1u);
  EXPECT_TRUE(judged.random[0].changes.empty());
}

TEST(JudgeSets, BadOptionsAreToldTogether) {
  Problems problems;
  check(JudgeSetsOptions{-1, 0}, problems);
  EXPECT_THAT(problems.list(), ElementsAre("--random-sets must be at least 0, not -1",
                                           "similar-peaks must be at least 1, not 0"));
}

TEST(JudgeSets, OffTargetTableNamesTheGeneThatChangesMost) {
  const SetsWorld world;
  ExplainedTarget changed;
  changed.target = {0, 4, 3};
  changed.method = "grids";
  changed.explanation.subset = {8, 2, 5};
  changed.off_target = {11, 0.125, 7, -0.5};
  ExplainedTarget silent = changed;
  silent.target.type = std::nullopt;
  silent.off_target = {};
  const auto table = off_target_table(world.study, {changed, silent});
  EXPECT_THAT(table.row(0), ElementsAre("A few", "g4", "grids", "3", "11", "0.125", "g7", "-0.5"));
  EXPECT_THAT(table.row(1), ElementsAre("all", "g4", "grids", "3", "0", "0", "NA", "NA"));
}

TEST(JudgeSets, SkippedTableGivesTheReason) {
  const SetsWorld world;
  const auto table = skipped_columns().table(
      skipped_rows(world.study, {{{1, 2, 10}, "no test cells"}, {{1, 3, 10}, "as depth", true}}));
  ASSERT_EQ(table.rows(), 2u);
  EXPECT_THAT(table.row(0), ElementsAre("B", "g2", "10", "no test cells", ""));
  EXPECT_THAT(table.row(1), ElementsAre("B", "g3", "10", "as depth", "A"));
}

}  // namespace
}  // namespace grids::core
