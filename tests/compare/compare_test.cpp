#include "compare/compare.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/error.hpp"
#include "compare/compare_truth.hpp"
#include "compare/compare_types.hpp"
#include "compare/comparison.hpp"
#include "explain/small_study.hpp"
#include "math/statistics.hpp"
#include "search/coordinate_descent.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using testing::random_surrogate;
using testing::small_shape;
using ::testing::UnorderedElementsAre;

struct World {
  explicit World(int threads = 1) : pool(threads), context{1, pool, reporter} {
    options.explain.force = true;
    options.explain.methods.edit<SearchOptions>().candidates = 4;
    options.judge.random_sets = 0;
    options.judge.contrasted_random_sets = 0;
  }

  ComparedRun run(const CompareRun& run) const {
    return compare_run(study, surrogate, targets, run, options, context);
  }

  mutable ThreadPool pool;
  mutable Reporter reporter;
  Context context;
  Study study = testing::small_study();
  FoldedSurrogate surrogate{random_surrogate(small_shape(), 3)};
  std::vector<ExplainTarget> targets = {{0, 2, 3}, {1, 2, 3}, {{}, 5, 3}, {1, 7, 3}};
  CompareOptions options;
};

/// As compare.tsv shows them.
std::vector<std::vector<std::string>> rows(const std::vector<ComparedSet>& sets) {
  const Table table = compared_columns().table(sets);
  std::vector<std::vector<std::string>> lines;
  for (size_t row = 0; row < table.rows(); ++row) lines.push_back(table.row(row));
  return lines;
}

TEST(CompareRun, EveryTargetHasARowOrAReason) {
  const World world;
  for (const char* method : {"grids", "greedy", "random"}) {
    const auto found = world.run({method, 4});
    std::multiset<std::pair<std::string, std::string>> told;
    for (const auto& set : found.sets) {
      told.insert({set.cell_type, set.gene});
      EXPECT_EQ(set.method, method);
      EXPECT_EQ(set.seed, 4u);
      EXPECT_EQ(set.set_size, 3);
      EXPECT_EQ(set.peaks.size(), 3u);
      EXPECT_GT(set.evaluations, 0);
      EXPECT_FALSE(std::isnan(set.relative_change));
    }
    for (const auto& skipped : found.skipped) {
      EXPECT_FALSE(skipped.reason.empty());
      told.insert({type_name(world.study, skipped.target),
                   world.study.genes.names[static_cast<size_t>(skipped.target.gene)]});
    }
    EXPECT_THAT(told, UnorderedElementsAre(std::pair("A few", "g2"), std::pair("B", "g2"),
                                           std::pair("all", "g5"), std::pair("B", "g7")));
    EXPECT_GE(found.sets.size(), 2u);
  }
}

TEST(CompareRun, IsTheStageThatExplainsAndTheOneThatJudges) {
  const World world;
  ExplainStageOptions stage = world.options.explain;
  stage.method = "greedy";
  const auto explained = explain(world.study, world.surrogate, world.targets, stage, world.context);
  const auto judged = judge_sets(world.study, world.surrogate, explained.explained,
                                 stage.perturbation, world.options.judge, world.context);
  const auto compared = world.run({"greedy", 1}).sets;
  ASSERT_EQ(compared.size(), judged.sets.size());
  for (size_t i = 0; i < compared.size(); ++i) {
    EXPECT_EQ(compared[i].relative_change, judged.sets[i].change.relative_change);
    EXPECT_EQ(compared[i].average_change, judged.sets[i].change.average_change);
    EXPECT_EQ(std::isnan(compared[i].p), std::isnan(judged.sets[i].contrast.p));
    EXPECT_EQ(compared[i].evaluations, judged.sets[i].evaluations);
  }
}

TEST(CompareRun, DependsOnTheSeedAndNotOnTheThreads) {
  const World one(1);
  const World four(4);
  for (const char* method : {"grids", "random"}) {
    EXPECT_EQ(rows(one.run({method, 3}).sets), rows(four.run({method, 3}).sets));
  }
  EXPECT_NE(rows(one.run({"random", 3}).sets)[0].back(),
            rows(one.run({"random", 4}).sets)[0].back());
}

TEST(CompareRun, EveryTargetHasTheBudgetOfTheReferenceAndKeepsIt) {
  const World world;
  const auto reference = world.run({"grids", 2}).sets;
  const auto budgets = budgets_of(world.study, world.targets, reference);
  ASSERT_EQ(budgets.size(), world.targets.size());
  const auto greedy = world.run({"greedy", 2, Allowance::kEqual, budgets}).sets;
  ASSERT_EQ(greedy.size(), reference.size());
  for (size_t i = 0; i < greedy.size(); ++i) {
    EXPECT_EQ(greedy[i].gene, reference[i].gene);
    EXPECT_EQ(greedy[i].budget, reference[i].evaluations);
    EXPECT_LE(greedy[i].evaluations, reference[i].evaluations);
  }
  // Budgets follow their targets, not their places: a target alone has the same result.
  World alone;
  alone.targets = {world.targets[1]};
  const auto single = alone.run({"greedy", 2, Allowance::kEqual, {budgets[1]}}).sets;
  ASSERT_EQ(single.size(), 1u);
  for (const auto& set : greedy) {
    if (set.cell_type == single[0].cell_type && set.gene == single[0].gene) {
      EXPECT_EQ(set.peaks, single[0].peaks);
    }
  }
  // A target without a set has a budget that does nothing.
  EXPECT_THAT(budgets_of(world.study, world.targets, {}), ElementsAre(1, 1, 1, 1));
}

TEST(CompareTable, ReadsBackAsItWasWritten) {
  const World world;
  const auto sets = world.run({"random", 9, Allowance::kUnlimited}).sets;
  const auto columns = compared_columns();
  EXPECT_EQ(rows(columns.read(columns.table(sets))), rows(sets));
}

TEST(CompareRun, ZIsTheQuantileOfPAndBudgetsStayWithTheirTargets) {
  World world;
  world.targets = {{1, 7, 3}, {1, 2, 3}, {{}, 5, 3}};  // nothing can be learned of the first
  const auto found = world.run({"random", 1, Allowance::kEqual, {1'000, 2'000, 3'000}});
  ASSERT_EQ(found.skipped.size(), 1u);
  ASSERT_EQ(found.sets.size(), 2u);
  EXPECT_EQ(found.sets[0].budget, 2'000);
  EXPECT_EQ(found.sets[1].budget, 3'000);
  bool told_apart = false;
  for (const auto& set : found.sets) {
    if (std::isnan(set.p)) continue;
    EXPECT_EQ(set.z, normal_upper_quantile(set.p));
    told_apart |= set.q != set.p;
  }
  EXPECT_TRUE(told_apart);
}

TEST(BudgetsOf, AreThoseOfTheSameTypeGeneAndSize) {
  const World world;
  std::vector<ComparedSet> sets(3);
  const int64_t sizes[] = {3, 4, 4};
  const char* types[] = {"B", "A few", "B"};
  for (size_t i = 0; i < 3; ++i) {
    sets[i].cell_type = types[i];
    sets[i].gene = "g7";
    sets[i].set_size = sizes[i];
    sets[i].evaluations = 100 + static_cast<int64_t>(i);
  }
  EXPECT_THAT(budgets_of(world.study, {{1, 7, 4}, {0, 7, 4}, {1, 7, 3}, {1, 2, 3}}, sets),
              ElementsAre(102, 101, 100, 1));
}

TEST(Comparison, EveryMethodHasTheBudgetOfTheReferenceOfItsSeedAndSize) {
  const World world;
  const test::TempFolder folder;
  ComparisonOptions options;
  options.methods = {"grids", "random"};
  options.unlimited = {"grids", "random"};
  options.sizes = {3, 4};
  options.seeds = 2;
  options.types = false;
  options.each = world.options;
  options.each.explain.methods.edit<SearchOptions>().batch_size =
      8;  // draws cells, so that seeds differ
  options.runs = folder / "runs";
  const auto found =
      compare_methods(world.study, world.surrogate, {{1, 2, 1}}, nullptr, options, world.context);
  EXPECT_EQ(found.sets.size(), 16u);  // two of method, allowance, size and seed
  const auto find = [&](const std::string& method, int64_t size, uint64_t seed,
                        Allowance allowance) {
    for (const auto& set : found.sets) {
      if (set.method == method && set.set_size == size && set.seed == seed &&
          set.allowance == allowance) {
        return set;
      }
    }
    return ComparedSet();
  };
  std::set<int64_t> budgets;
  for (const int64_t size : {3, 4}) {
    for (const uint64_t seed : {world.context.seed, world.context.seed + 1}) {
      auto reference = find("grids", size, seed, Allowance::kEqual);
      EXPECT_EQ(reference.budget, 0);
      EXPECT_EQ(find("random", size, seed, Allowance::kEqual).budget, reference.evaluations);
      EXPECT_EQ(find("random", size, seed, Allowance::kUnlimited).budget, 0);
      budgets.insert(reference.evaluations);
      const auto unlimited = find("grids", size, seed, Allowance::kUnlimited);
      EXPECT_EQ(unlimited.peaks, reference.peaks);  // it had no limit before
      EXPECT_EQ(unlimited.evaluations, reference.evaluations);
    }
  }
  EXPECT_GT(budgets.size(), 2u);  // else a seed's budget could be another's
}

TypeMatrix compare_types(const Study& study, const StudySurrogate& surrogate,
                         const std::vector<ExplainTarget>& targets, const CompareRun& run,
                         const CompareOptions& options, const Context& context) {
  return type_matrix(study, targets,
                     changes_of_types(study, surrogate, targets, run, options, context));
}

TEST(CompareTypes, ASetIsJudgedAgainstThatOfTheTypeItself) {
  const World world;
  const auto matrix =
      compare_types(world.study, world.surrogate, {{0, 2, 3}, {1, 7, 3}, {{}, 5, 3}}, {"grids", 1},
                    world.options, world.context);
  EXPECT_THAT(matrix.learned_in, ElementsAre("A few", "B"));
  EXPECT_THAT(matrix.tested_in, ElementsAre("A few", "B"));
  for (const size_t own : {0, 3}) {
    if (matrix.genes[own] > 0) {
      EXPECT_EQ(matrix.normalised[own], 1);
    }
  }
  EXPECT_GT(matrix.genes[0] + matrix.genes[3], 0);
  EXPECT_EQ(type_matrix_table(matrix).rows(), 4u);
}

TEST(CompareTypes, RowsAreWhereASetWasLearnedColumnsWhereItIsMasked) {
  const World world;
  auto options = world.options;
  options.explain.budgets = {5};  // of other targets: not used
  const auto matrix = compare_types(world.study, world.surrogate, {{1, 2, 3}}, {"grids", 1},
                                    options, world.context);
  ASSERT_EQ(matrix.tested_in.size(), 1u);
  ExplainStageOptions stage = world.options.explain;
  stage.method = "grids";
  stage.force = true;
  const Context context{1, world.context.pool, world.context.reporter, world.context.cancelled};
  const auto learned =
      explain(world.study, world.surrogate, {{0, 2, 3}, {1, 2, 3}}, stage, context);
  double in_other = 0, in_own = 0;
  for (const auto& entry : judge_sets(world.study, world.surrogate, learned.explained,
                                      stage.perturbation, options.judge, context)
                               .by_type) {
    if (entry.tested_in == 1) (*entry.type == 1 ? in_own : in_other) = entry.change.relative_change;
  }
  ASSERT_NE(in_other, in_own);
  EXPECT_EQ(matrix.change[0], in_other);
  EXPECT_EQ(matrix.change[1], in_own);
  EXPECT_EQ(matrix.normalised[0], in_other / in_own);
}

/// Gene g0 needs any one of two peaks near it, in type B; g4 has no regulation.
struct TruthWorld : World {
  TruthWorld() {
    simulated.truth.types = {"A few", "B"};
    for (int32_t g = 0; g < study.genes.size(); ++g) {
      GeneTruth gene;
      gene.gene = study.genes.names[static_cast<size_t>(g)];
      gene.base_rate = {1, 2};
      if (g == 0) {
        gene.kind = Regulation::kEither;
        gene.peaks = {study.peaks.names[2], study.peaks.names[5]};
        gene.effect = -1.5;
        gene.types = {"B"};
      }
      simulated.truth.genes.push_back(gene);
    }
    simulated.cells.barcodes = study.cells.barcodes;
    simulated.cells.type = study.cells.type.codes;
    simulated.cells.programmes = 1;
    simulated.cells.scores.assign(study.cells.barcodes.size(), 0.0f);
    options.explain.domain = SearchDomain::kCis;
    targets = {{1, 0, 2}, {0, 0, 2}, {1, 4, 2}};
  }

  std::vector<ComparedSet> search(const char* method, TruthCells cells) const {
    return compare_on_truth(study, simulated, targets, {method, 1}, {cells, options.explain},
                            context);
  }

  SimulatedTruth simulated;
};

TEST(CompareOnTruth, FindsTheRedundantPairWhereSingleMasksSayNothing) {
  const TruthWorld world;
  const auto found = world.search("grids", TruthCells::kRedundant);
  ASSERT_EQ(found.size(), 1u);  // it acts in B only, and g4 has none
  EXPECT_EQ(found[0].cell_type, "B");
  EXPECT_EQ(found[0].kind, "either");
  EXPECT_THAT(found[0].peaks,
              UnorderedElementsAre(world.study.peaks.names[2], world.study.peaks.names[5]));
  EXPECT_EQ(found[0].recall, 1);
  // rate 2 e^1.5 falls to 2: the squared ratio is e^-3. 1e-5: outputs are floats.
  EXPECT_NEAR(found[0].objective, std::exp(-3), 1e-5);
  const auto single = world.search("knockout", TruthCells::kRedundant);
  ASSERT_EQ(single.size(), 1u);
  EXPECT_LT(single[0].recall, 1);
  EXPECT_TRUE(world.search("nearest", TruthCells::kRedundant).empty());  // searches no function
}

TEST(CompareOnTruth, SearchesEveryCellOfTheTypeToo) {
  const TruthWorld world;
  const auto all = world.search("grids", TruthCells::kAll);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].recall, 1);
  EXPECT_NE(all[0].note, world.search("grids", TruthCells::kRedundant)[0].note);
}

TEST(CompareOnTruth, RedundantCellsAreThoseOfTypesWhereTheGeneActsWithEveryMemberOpen) {
  TruthWorld world;
  world.targets = {{{}, 0, 2}};
  int64_t expected = 0;
  for (const int32_t cell : world.study.cells_of(Split::kTrain, 1)) {
    expected += world.study.open.contains(cell, 2) && world.study.open.contains(cell, 5) ? 1 : 0;
  }
  const auto found = world.search("grids", TruthCells::kRedundant);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].note, std::to_string(expected) + " cells");
  world.simulated.truth.genes[0].kind = Regulation::kMultiplicative;
  EXPECT_TRUE(world.search("grids", TruthCells::kRedundant).empty());
}

TEST(CompareOnTruth, KeepsToItsBudgetAndKnowsNoOtherGenes) {
  TruthWorld world;
  const auto budget = static_cast<int64_t>(3 * world.study.cells.size());
  const auto limited =
      compare_on_truth(world.study, world.simulated, world.targets,
                       {"knockout", 1, Allowance::kEqual, {budget, budget, budget}},
                       {TruthCells::kAll, world.options.explain}, world.context);
  ASSERT_EQ(limited.size(), 1u);
  EXPECT_LE(limited[0].evaluations, budget);
  EXPECT_TRUE(limited[0].budget_spent);
  const auto plain = world.search("grids", TruthCells::kAll);
  world.options.explain.loss.beta = 0.5;
  EXPECT_EQ(world.search("grids", TruthCells::kAll)[0].objective, plain[0].objective);
}

TEST(CompareOnTruth, RefusesTheTruthOfOtherCells) {
  TruthWorld world;
  world.simulated.cells.barcodes[0] += "x";
  for (auto& barcode : world.simulated.cells.barcodes) barcode += "x";
  try {
    check_truth(world.study, world.simulated);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("has no cell"));
  }
}

TEST(PlantedTargets, AreTheFirstGenesOfEachKindWhereTheyAct) {
  const TruthWorld world;
  const auto requests = planted_targets(world.study, world.simulated.truth, 3, 7);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].gene, "g0");
  EXPECT_EQ(requests[0].cell_type, "B");
  EXPECT_EQ(requests[0].set_size, 7);
  EXPECT_TRUE(planted_targets(world.study, world.simulated.truth, 0, 7).empty());
  Truth everywhere = world.simulated.truth;
  everywhere.genes[0].types = {"A few", "B"};
  EXPECT_EQ(planted_targets(world.study, everywhere, 1, 7)[0].cell_type, "B") << "more cells";
}

}  // namespace
}  // namespace grids::core
