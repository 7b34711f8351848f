#include "explain/explain_stage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "explain/small_study.hpp"
#include "model/surrogate_model.hpp"
#include "search/beam.hpp"
#include "search/coordinate_descent.hpp"
#include "search/greedy.hpp"
#include "support/random_cis.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;
using testing::random_surrogate;
using testing::small_shape;
using testing::small_study;

struct StageFixture {
  explicit StageFixture(int threads = 2, int64_t few = 100)
      : pool(threads),
        context{7, pool, reporter},
        study(small_study(few)),
        surrogate(random_surrogate(small_shape(), 4)) {
    options.methods.edit<SearchOptions>().candidates = 8;
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
  StageFixture f;
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
  StageFixture one(1), three(3);
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
  StageFixture f(2, 60);
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
  StageFixture f;
  const auto result =
      explain(f.study, f.surrogate, {{std::nullopt, f.predicted_gene(), 3}}, f.options, f.context);
  ASSERT_EQ(result.explained.size(), 1u);
  EXPECT_EQ(result.explained[0].test_cells, f.study.cells_of(Split::kTest));
}

TEST(Explain, GridsBeatsRandomSetsAndUpGoesUp) {
  StageFixture f;
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
  StageFixture f;
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
  StageFixture f;
  const int32_t gene = f.predicted_gene();
  for (const auto perturbation : {Perturbation::kOpen, Perturbation::kMean}) {
    f.options.perturbation = perturbation;
    const auto result = explain(f.study, f.surrogate, {{1, gene, 4}}, f.options, f.context);
    ASSERT_EQ(result.explained.size(), 1u);
    EXPECT_LT(result.explained[0].explanation.objective, 1.0);
  }
}

TEST(Explain, ADomainHoldsThePeaksInOrOutsideTheWindow) {
  StageFixture f;  // gene 0 starts at chr1:0, peak i of chr1 at 1,000 i
  const auto near = domain_peaks(f.study, 0, SearchDomain::kCis, 10'000);
  EXPECT_EQ(near, (std::vector<Feature>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  const auto far = domain_peaks(f.study, 0, SearchDomain::kDistal, 10'000);
  EXPECT_EQ(near.size() + far.size(), static_cast<size_t>(f.study.peaks.size()));
  EXPECT_EQ(far.front(), 11);
  f.study.genes.chromosome[0].clear();  // no position: nothing is near
  EXPECT_TRUE(domain_peaks(f.study, 0, SearchDomain::kCis, 10'000).empty());
}

TEST(Explain, ASearchStaysInItsDomain) {
  StageFixture f;
  const int32_t gene = f.predicted_gene();
  f.study.genes.start[static_cast<size_t>(gene)] = 0;
  f.options.domain_window = 10'000;
  for (const auto domain : {SearchDomain::kCis, SearchDomain::kDistal}) {
    f.options.domain = domain;
    const auto result = explain(f.study, f.surrogate, {{1, gene, 4}}, f.options, f.context);
    ASSERT_EQ(result.explained.size(), 1u);
    for (const Feature peak : result.explained[0].explanation.subset) {
      EXPECT_EQ(peak <= 10, domain == SearchDomain::kCis) << peak;
    }
  }
  f.options.domain = SearchDomain::kCis;
  const auto all = explain(f.study, f.surrogate, {{1, gene, 12}}, f.options, f.context);
  EXPECT_EQ(all.explained.at(0).explanation.subset.size(), 11u);  // L is the largest size
  f.study.genes.chromosome[static_cast<size_t>(gene)].clear();
  const auto none = explain(f.study, f.surrogate, {{1, gene, 12}}, f.options, f.context);
  ASSERT_EQ(none.skipped.size(), 1u);
  EXPECT_THAT(none.skipped[0].reason, HasSubstr("no peak lies in the domain cis"));
}

/// A path of gene 0 alone, whose state says nothing.
CisPath path_of(std::vector<CisTerm> terms) {
  CisPath path = testing::random_cis(small_shape(), 1);
  path.types = 2;
  path.donors = 0;
  path.batches = 0;
  CisGene gene;
  gene.gene = 0;
  gene.state.assign(static_cast<size_t>(path.state_size()), 0.0);
  gene.state[0] = -9;
  gene.cis.passed = true;
  gene.whole.passed = true;
  gene.terms = std::move(terms);
  path.genes = {gene};
  return path;
}

CisTerm term(TermKind kind, std::vector<int32_t> peaks, double weight) {
  CisTerm result;
  result.kind = kind;
  result.peaks = std::move(peaks);
  result.weight = weight;
  return result;
}

std::vector<Feature> sorted(std::vector<Feature> subset) {
  std::sort(subset.begin(), subset.end());
  return subset;
}

TEST(Explain, ASearchFindsTheElementOfTheCisPath) {
  // One peak doubles the gene's rate, of two others either does.
  StageFixture f;
  const auto path = path_of({term(TermKind::kAll, {41}, 0.7), term(TermKind::kAny, {17, 30}, 0.5)});
  const StudySurrogate surrogate(f.surrogate, &path);
  auto result = explain(f.study, surrogate, {{1, 0, 1}}, f.options, f.context);
  ASSERT_EQ(result.explained.size(), 1u);
  EXPECT_EQ(result.explained[0].explanation.subset, std::vector<Feature>{41});
  EXPECT_EQ(result.explained[0].caution, "");
  result = explain(f.study, surrogate, {{1, 0, 3}}, f.options, f.context);
  EXPECT_EQ(sorted(result.explained.at(0).explanation.subset), (std::vector<Feature>{17, 30, 41}));
}

TEST(Explain, ExcludedPeaksAreNotMaskedAndLeaveTheOthers) {
  StageFixture f;
  const auto path = path_of({term(TermKind::kAll, {41}, 0.7), term(TermKind::kAny, {17, 30}, 0.5)});
  const StudySurrogate surrogate(f.surrogate, &path);
  f.options.excluded = {{41}};
  auto result = explain(f.study, surrogate, {{1, 0, 3}}, f.options, f.context);
  EXPECT_EQ(sorted(result.explained.at(0).explanation.subset), (std::vector<Feature>{17, 30}));
  f.options.excluded = {{17, 30, 41}};
  result = explain(f.study, surrogate, {{1, 0, 3}}, f.options, f.context);
  EXPECT_EQ(result.skipped.at(0).reason, "no other peak is left to mask");
  // Where all peaks may be masked, too; each target has its own.
  f.options.domain = SearchDomain::kAll;
  f.options.force = true;
  f.options.excluded = {{}, {41}};
  result = explain(f.study, surrogate, {{1, 0, 1}, {0, 0, 1}}, f.options, f.context);
  EXPECT_EQ(result.explained.at(0).explanation.subset, std::vector<Feature>{41});
  EXPECT_NE(result.explained.at(1).explanation.subset, std::vector<Feature>{41});
}

TEST(Explain, AGeneOfTheStateThatFailsGateAIsSkippedUnlessForcedAndThenMarked) {
  StageFixture f;
  auto path = path_of({});
  path.genes[0].gene = f.predicted_gene();
  path.genes[0].cis.passed = false;
  path.genes[0].whole = {.gain = -0.01, .p = 0.5, .q = 0.5, .passed = false};
  const StudySurrogate surrogate(f.surrogate, &path);
  const int32_t gene = path.genes[0].gene;
  auto result = explain(f.study, surrogate, {{1, gene, 1}}, f.options, f.context);
  ASSERT_EQ(result.skipped.size(), 1u);
  EXPECT_TRUE(result.skipped[0].gate_a);
  EXPECT_THAT(result.skipped[0].reason, HasSubstr("gate A"));
  f.options.force = true;
  result = explain(f.study, surrogate, {{1, gene, 1}}, f.options, f.context);
  ASSERT_EQ(result.explained.size(), 1u);
  EXPECT_THAT(result.explained[0].caution, HasSubstr("gate A"));
  // Without the path, and where the gate was not tested, there is none.
  f.options.force = false;
  result = explain(f.study, f.surrogate, {{1, gene, 1}}, f.options, f.context);
  ASSERT_EQ(result.explained.size(), 1u);
  EXPECT_EQ(result.explained[0].caution, "");
  path.genes[0].whole.q = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(surrogate.fails_gate_a(gene));
  result = explain(f.study, surrogate, {{1, gene, 1}}, f.options, f.context);
  EXPECT_EQ(result.explained.size(), 1u);
}

TEST(Explain, AGeneThatWasAskedForIsSearchedOnItsFittedPathWhateverTheGatesSay) {
  StageFixture f;
  auto path = path_of({term(TermKind::kAll, {3}, 0.4), term(TermKind::kAll, {8}, 0.9)});
  path.genes[0].cis = {.gain = -0.01, .p = 0.5, .q = 0.5, .passed = false};
  path.genes[0].whole = path.genes[0].cis;
  const StudySurrogate surrogate(f.surrogate, &path);
  auto result = explain(f.study, surrogate, {{1, 0, 1}}, f.options, f.context);
  ASSERT_EQ(result.explained.size(), 1u);
  const auto& found = result.explained[0];
  EXPECT_EQ(found.path, GenePath::kUnconfirmed);
  EXPECT_EQ(found.domain, SearchDomain::kCis);
  EXPECT_EQ(found.explanation.subset, std::vector<Feature>{8});
  EXPECT_EQ(found.caution, "");
  // Where nobody asked for it, the state is searched, and gate A stands before it.
  f.options.unconfirmed = false;
  result = explain(f.study, surrogate, {{1, 0, 1}}, f.options, f.context);
  ASSERT_EQ(result.skipped.size(), 1u);
  EXPECT_TRUE(result.skipped[0].gate_a);
}

TEST(Explain, TheSearchGoesWhereTermsAreAndElsewhereToAllPeaks) {
  StageFixture f;
  const auto path = path_of({term(TermKind::kAll, {3}, 0.4), term(TermKind::kAny, {5, 8}, 0.9)});
  const StudySurrogate surrogate(f.surrogate, &path);
  const int32_t other = f.predicted_gene() == 0 ? 2 : f.predicted_gene();
  const auto result =
      explain(f.study, surrogate, {{1, 0, 10}, {1, other, 4}}, f.options, f.context);
  ASSERT_EQ(result.explained.size(), 2u);
  // L is the largest size.
  EXPECT_EQ(sorted(result.explained[0].explanation.subset), (std::vector<Feature>{3, 5, 8}));
  EXPECT_EQ(result.explained[0].target.set_size, 10);
  EXPECT_EQ(result.explained[0].path, GenePath::kConfirmed);
  EXPECT_EQ(result.explained[1].domain, SearchDomain::kAll);
  EXPECT_EQ(result.explained[1].path, GenePath::kState);
}

TEST(Explain, TheOtherPeakOfAPairThatIsNeededJointlyIsAPartner) {
  StageFixture f;
  const auto path = path_of({term(TermKind::kAll, {17, 30}, 1.5)});
  const StudySurrogate surrogate(f.surrogate, &path);
  const auto result = explain(f.study, surrogate, {{1, 0, 2}}, f.options, f.context);
  ASSERT_EQ(result.explained.size(), 1u);
  const auto& found = result.explained[0];
  ASSERT_EQ(found.partners.minimal.size(), 1u);
  ASSERT_EQ(found.partners.partners.size(), 1u);
  EXPECT_EQ(sorted(with_partners(found.explanation.subset, found.partners)),
            (std::vector<Feature>{17, 30}));
}

/// The study with peaks a and b both open or both closed in each cell.
void join_peaks(Study& study, int32_t a, int32_t b) {
  RandomStream random(3, Purpose::kSimulate, 9);
  CsrPattern open;
  open.rows = study.open.rows;
  open.columns = study.open.columns;
  for (int64_t cell = 0; cell < study.open.rows; ++cell) {
    std::vector<int32_t> row;
    for (const int32_t peak : study.open.row(cell)) {
      if (peak != a && peak != b) row.push_back(peak);
    }
    if (random.uniform() < 0.2) row.insert(row.end(), {a, b});
    std::sort(row.begin(), row.end());
    open.indices.insert(open.indices.end(), row.begin(), row.end());
    open.offsets.push_back(static_cast<int64_t>(open.indices.size()));
  }
  study.open = std::move(open);
}

TEST(Explain, OpeningFindsAPairOfWhichNeitherPeakChangesAnythingAlone) {
  StageFixture f;
  join_peaks(f.study, 3, 8);
  const auto path = path_of({term(TermKind::kAll, {3, 8}, 1.2), term(TermKind::kAll, {6}, 0.3)});
  const StudySurrogate surrogate(f.surrogate, &path);
  f.options.perturbation = Perturbation::kOpen;
  f.options.loss.direction = Direction::kUp;
  f.options.domain = SearchDomain::kCis;
  f.options.domain_window = 10'000;
  for (const char* method : {"grids", "grids-beam"}) {
    f.options.method = method;
    const auto result = explain(f.study, surrogate, {{1, 0, 2}}, f.options, f.context);
    ASSERT_EQ(result.explained.size(), 1u);
    EXPECT_EQ(sorted(result.explained[0].explanation.subset), (std::vector<Feature>{3, 8}));
    EXPECT_EQ(result.explained[0].partners.minimal.size(), 2u);  // each needs the other
  }
  for (const Feature alone : {3, 8}) {
    const auto cells = f.study.cells_of(Split::kTrain, 1);
    const auto model = surrogate.model(f.study, cells, replace_by(f.study.peaks.size(), 1), f.pool);
    std::vector<int32_t> all(cells.size());
    std::iota(all.begin(), all.end(), 0);
    const int32_t gene = 0;
    const auto before = model->begin({}, all, {&gene, 1});
    const auto after = model->begin({&alone, 1}, all, {&gene, 1});
    for (size_t i = 0; i < all.size(); ++i) {
      ASSERT_EQ(before->outputs()[i], after->outputs()[i]);
    }
  }
}

TEST(Explain, AllBadOptionsAreToldAtOnce) {
  StageFixture f;
  f.options.method = "magic";
  f.options.loss.beta = -1;
  f.options.methods.edit<SearchOptions>().candidates = 0;
  f.options.methods.edit<BeamOptions>().width = 0;
  f.options.methods.edit<GreedyOptions>().candidates = -1;
  try {
    explain(f.study, f.surrogate, {}, f.options, f.context);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("no method 'magic'; choose one of: grids, "));
    EXPECT_THAT(error.what(), HasSubstr("beta"));
    EXPECT_THAT(error.what(), HasSubstr("--candidates must be at least 1, not 0"));
    EXPECT_THAT(error.what(), HasSubstr("--beam-width must be"));
    EXPECT_THAT(error.what(), HasSubstr("--greedy-candidates must be"));
  }
}

}  // namespace
}  // namespace grids::core
