#include "explain/explain_stage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "explain/small_study.hpp"
#include "model/surrogate_model.hpp"

namespace grids {
namespace {

using ::testing::HasSubstr;
using testing::random_surrogate;
using testing::small_shape;
using testing::small_study;

struct Fixture {
  explicit Fixture(int threads = 2, int64_t few = 100)
      : pool(threads),
        context{7, pool, reporter},
        study(small_study(few)),
        surrogate(random_surrogate(small_shape(), 4)) {
    options.search.candidates = 8;
  }

  /// A gene that the surrogate predicts above 0 in most cells.
  int32_t predicted_gene() {
    const auto layer = surrogate.output_layer();
    const auto predicted = surrogate.predict(pool, study.open, layer);
    std::vector<double> sums(small_shape().genes, 0.0);
    for (size_t i = 0; i < predicted.size(); ++i) sums[i % sums.size()] += predicted[i];
    sums[1] = 0;  // expressed nowhere
    return static_cast<int32_t>(std::max_element(sums.begin(), sums.end()) - sums.begin());
  }

  ThreadPool pool;
  Reporter reporter;
  Context context;
  Study study;
  FoldedSurrogate surrogate;
  ExplainStageOptions options;
};

TEST(Explain, PredictionsBeforeAndAfterAreThoseOfTheTestCellsWithThePeaksClosed) {
  Fixture f;
  const int32_t gene = f.predicted_gene();
  const auto result = explain(f.study, f.surrogate, {{1, gene, 5}}, f.options, f.context);
  ASSERT_EQ(result.explained.size(), 1u);
  const auto& found = result.explained[0];
  EXPECT_EQ(found.test_cells, f.study.cells_of(Split::kTest, 1));
  EXPECT_EQ(found.train_cells, static_cast<int64_t>(f.study.cells_of(Split::kTrain, 1).size()));
  ASSERT_EQ(found.explanation.subset.size(), 5u);
  EXPECT_TRUE(found.explanation.local_optimum);
  EXPECT_LT(found.explanation.objective, 1.0);  // 1 = nothing masked

  const auto open = select_rows(f.study.open, found.test_cells);
  const std::vector<int32_t> genes = {gene};
  const auto layer = f.surrogate.output_layer(genes);
  const auto before = f.surrogate.predict(f.pool, open, layer);
  const auto after =
      f.surrogate.predict(f.pool, close_peaks(open, found.explanation.subset), layer);
  EXPECT_EQ(found.before, before);
  for (size_t i = 0; i < after.size(); ++i) {
    EXPECT_NEAR(found.after[i], after[i], 1e-5);  // sums of the same floats in another order
  }
  EXPECT_LT(std::accumulate(after.begin(), after.end(), 0.0),
            std::accumulate(before.begin(), before.end(), 0.0));
}

TEST(Explain, AResultDependsNeitherOnOtherTargetsNorOnThreads) {
  Fixture one(1), three(3);
  const int32_t gene = one.predicted_gene();
  std::vector<ExplainTarget> many = {{1, gene, 4}};
  for (int32_t other = 0; other < 8; ++other) {
    if (other != gene) many.push_back({other % 2, other, 3});
  }
  std::swap(many.front(), many.back());
  const auto alone = explain(one.study, one.surrogate, {{1, gene, 4}}, one.options, one.context);
  const auto among = explain(three.study, three.surrogate, many, three.options, three.context);
  ASSERT_EQ(alone.explained.size(), 1u);
  const auto found =
      std::find_if(among.explained.begin(), among.explained.end(), [&](const auto& explained) {
        return explained.target == ExplainTarget{1, gene, 4};
      });
  ASSERT_NE(found, among.explained.end());
  EXPECT_EQ(found->explanation.subset, alone.explained[0].explanation.subset);
  EXPECT_EQ(found->explanation.objective, alone.explained[0].explanation.objective);
  EXPECT_EQ(found->after, alone.explained[0].after);
  EXPECT_EQ(found->off_target.mean_change, alone.explained[0].off_target.mean_change);
}

TEST(Explain, TypesAndGenesWithTooFewCellsAreSkippedUnlessForced) {
  Fixture f(2, 60);
  const int32_t gene = f.predicted_gene();
  const std::vector<ExplainTarget> targets = {{0, gene, 3}, {1, 1, 3}};
  auto result = explain(f.study, f.surrogate, targets, f.options, f.context);
  EXPECT_TRUE(result.explained.empty());
  ASSERT_EQ(result.skipped.size(), 2u);
  EXPECT_THAT(result.skipped[0].reason, HasSubstr("test cells of at least 50"));
  EXPECT_THAT(result.skipped[1].reason, HasSubstr("only 0 of"));
  f.options.force = true;
  result = explain(f.study, f.surrogate, targets, f.options, f.context);
  ASSERT_FALSE(result.explained.empty());
  EXPECT_THAT(result.explained[0].caution, HasSubstr("test cells of at least 50"));
}

TEST(Explain, AllTypesTogetherUseTheCellsOfAll) {
  Fixture f;
  const auto result =
      explain(f.study, f.surrogate, {{std::nullopt, f.predicted_gene(), 3}}, f.options, f.context);
  ASSERT_EQ(result.explained.size(), 1u);
  EXPECT_EQ(result.explained[0].test_cells, f.study.cells_of(Split::kTest));
}

TEST(Explain, GridsBeatsRandomSetsAndUpGoesUp) {
  Fixture f;
  const int32_t gene = f.predicted_gene();
  const auto mean_change = [&] {
    const auto result = explain(f.study, f.surrogate, {{1, gene, 6}}, f.options, f.context);
    const auto& found = result.explained.at(0);
    double change = 0;
    for (size_t i = 0; i < found.before.size(); ++i) change += found.after[i] - found.before[i];
    return change / static_cast<double>(found.before.size());
  };
  const double down = mean_change();
  f.options.method = "random";
  const double random = mean_change();
  for (const char* method : {"greedy", "grids-beam"}) {
    f.options.method = method;
    EXPECT_LT(mean_change(), random) << method;
  }
  f.options.method = "grids";
  f.options.loss.direction = Direction::kUp;
  const double up = mean_change();
  EXPECT_LT(down, random);
  EXPECT_LT(random, up);
  EXPECT_LT(down, 0);
  EXPECT_GT(up, 0);
}

TEST(Explain, SideEffectsCostWhenBetaIsPositive) {
  Fixture f;
  const int32_t gene = f.predicted_gene();
  const auto off_target = [&](double beta) {
    f.options.loss.beta = beta;
    return explain(f.study, f.surrogate, {{1, gene, 6}}, f.options, f.context)
        .explained.at(0)
        .off_target;
  };
  const auto free = off_target(0);
  const auto strict = off_target(100);
  EXPECT_LT(strict.mean_change, free.mean_change);
  EXPECT_GT(free.genes, 0);
  EXPECT_GE(free.most_changed, 0);
}

TEST(Explain, OpeningAndAveragingPeaksAreExplainedToo) {
  Fixture f;
  const int32_t gene = f.predicted_gene();
  for (const auto perturbation : {Perturbation::kOpen, Perturbation::kMean}) {
    f.options.perturbation = perturbation;
    const auto result = explain(f.study, f.surrogate, {{1, gene, 4}}, f.options, f.context);
    ASSERT_EQ(result.explained.size(), 1u);
    EXPECT_LT(result.explained[0].explanation.objective, 1.0);
  }
}

TEST(Explain, AllBadOptionsAreToldAtOnce) {
  Fixture f;
  f.options.method = "magic";
  f.options.loss.beta = -1;
  f.options.search.candidates = 0;
  f.options.beam_width = 0;
  f.options.greedy_candidates = -1;
  try {
    explain(f.study, f.surrogate, {}, f.options, f.context);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("no method 'magic'; choose one of: grids, "));
    EXPECT_THAT(error.what(), HasSubstr("beta"));
    EXPECT_THAT(error.what(), HasSubstr("candidates must be"));
    EXPECT_THAT(error.what(), HasSubstr("the beam must"));
    EXPECT_THAT(error.what(), HasSubstr("greedy round"));
  }
}

}  // namespace
}  // namespace grids
