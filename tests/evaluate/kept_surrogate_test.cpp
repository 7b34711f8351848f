// What version 1 wrote (tests/fixtures/version_1), used by the stages of today: study, surrogate
// and cis path open, and what was predicted with them then is predicted now, over real cells.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "base/indices.hpp"
#include "evaluate/accuracy.hpp"
#include "evaluate/alignment.hpp"
#include "evaluate/changes.hpp"
#include "evaluate/judge_sets.hpp"
#include "evaluate/knockout.hpp"
#include "evaluate/log_values.hpp"
#include "evaluate/small_study.hpp"
#include "explain/explain_stage.hpp"
#include "io/table.hpp"
#include "model/surrogate_file.hpp"
#include "search/exhaustive.hpp"
#include "support/fixtures.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

/// Both sides round float sums of a few hundred terms; another processor adds them in another
/// order. A term that were left out would change results by far more.
constexpr double kRounding = 1e-4;

struct Kept {
  explicit Kept(const std::string& surrogate = "surrogate-cis.safetensors")
      : study(read_study(run() / "study.h5mu")),
        file(read_surrogate(run() / surrogate)),
        folded(file),
        cis(cis_path_of(file)) {
    options.min_test_cells = 20;
    options.force = true;
    options.domain = SearchDomain::kAll;  // as version 1 searched
    options.unconfirmed = false;
  }

  static std::filesystem::path run() { return test::fixture("version_1/run"); }

  StudySurrogate surrogate() const { return {folded, cis ? &*cis : nullptr}; }
  ExplainTarget target(const std::string& type, const std::string& gene, int64_t size) const {
    return {study.cells.type.code_of(type), *study.genes.index_of(gene), size};
  }

  ThreadPool pool{2};
  Reporter reporter;
  Context context{1, pool, reporter};
  Study study;
  SurrogateFile file;
  FoldedSurrogate folded;
  std::optional<CisPath> cis;
  ExplainStageOptions options;
};

class KeptSurrogate : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Kinds, KeptSurrogate,
                         ::testing::Values("surrogate.safetensors", "surrogate-cis.safetensors"),
                         [](const auto& param) {
                           return std::string(param.param).find("cis") == std::string::npos
                                      ? "published"
                                      : "cis";
                         });

TEST_P(KeptSurrogate, ExplainsAndItsSetsAreJudged) {
  const Kept kept(GetParam());
  EXPECT_EQ(kept.cis.has_value(), std::string(GetParam()).find("cis") != std::string::npos);
  require_same_features(kept.file, kept.study);
  if (kept.cis) require_same_cells(*kept.cis, kept.file, kept.study);
  const auto target = kept.target("Mono_DC", "SLC8A1", 4);
  const auto result = explain(kept.study, kept.surrogate(), {target}, kept.options, kept.context);
  ASSERT_EQ(result.explained.size(), 1u);
  EXPECT_EQ(result.explained[0].explanation.subset.size(), 4u);
  EXPECT_LT(result.explained[0].explanation.objective, 0.5);  // 1 = nothing masked
  JudgeSetsOptions judge;
  judge.random_sets = 5;
  const auto judged = judge_sets(kept.study, kept.surrogate(), result.explained,
                                 Perturbation::kClosed, judge, kept.context);
  ASSERT_EQ(judged.sets.size(), 1u);
  EXPECT_LT(judged.sets[0].change.relative_change, -0.2);
  EXPECT_EQ(judged.random[0].changes.size(), 5u);
}

TEST(KeptResults, OfEachSetTheSameIsPredictedToday) {
  const Kept kept;
  const Table sets = read_table(Kept::run() / "subsets.tsv");
  size_t compared = 0;
  for (size_t row = 0; row < sets.rows();) {
    const auto target = kept.target(sets.text(row, "cell_type"), sets.text(row, "gene"), 4);
    std::vector<int32_t> closed;
    const size_t first = row;
    do {
      const auto& names = kept.study.peaks.names;
      const auto found = std::find(names.begin(), names.end(), sets.text(row, "peak"));
      ASSERT_NE(found, names.end());
      closed.push_back(static_cast<int32_t>(found - names.begin()));
      ++row;
    } while (row < sets.rows() && sets.number(row, "rank") != 1);
    std::sort(closed.begin(), closed.end());
    const auto cells = kept.study.cells_of(Split::kTest, target.type);
    const std::vector<int32_t> genes = {target.gene};
    auto& pool = kept.context.pool;
    const auto change =
        predicted_change(kept.surrogate().predict(kept.study, cells, genes, pool),
                         kept.surrogate().predict(kept.study, cells, genes, pool, closed));
    EXPECT_NEAR(change.relative_change, sets.number(first, "relative_change"), kRounding);
    EXPECT_LT(change.relative_change, -0.1);
    ++compared;
  }
  EXPECT_EQ(compared, 4u);
}

TEST(KeptResults, TheSurrogateIsAsAccurateAsItWasFound) {
  const Kept kept;
  const auto cells = kept.study.cells_of(Split::kTest);
  auto predicted = predict_log_values(kept.study, kept.surrogate(), cells,
                                      indices_below(kept.study.genes.size()), kept.context);
  const auto accuracy =
      judge_accuracy(kept.study, cells, from_matrix(std::move(predicted), kept.study.genes.size()),
                     {}, kept.context);
  ASSERT_EQ(accuracy.predictors[0].predictor, "surrogate");
  const Table table = read_table(Kept::run() / "accuracy.tsv");
  size_t compared = 0;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.text(row, "predictor") != "surrogate") continue;
    const auto gene = *kept.study.genes.index_of(table.text(row, "gene"));
    EXPECT_NEAR(accuracy.predictors[0].genes[static_cast<size_t>(gene)].r, table.number(row, "r"),
                kRounding);
    ++compared;
  }
  EXPECT_EQ(compared, 45u);
}

/// Over all pairs, in double.
double plain_foscttm(const std::vector<float>& a, const std::vector<float>& b, size_t cells) {
  const size_t width = a.size() / cells;
  const auto square = [&](size_t i, size_t j) {
    double sum = 0;
    for (size_t d = 0; d < width; ++d) {
      const double gap = static_cast<double>(a[i * width + d]) - b[j * width + d];
      sum += gap * gap;
    }
    return sum;
  };
  double closer = 0;
  for (size_t i = 0; i < cells; ++i) {
    for (size_t j = 0; j < cells; ++j) {
      closer += (square(i, j) < square(i, i) ? 1 : 0) + (square(j, i) < square(i, i) ? 1 : 0);
    }
  }
  return closer / static_cast<double>(2 * cells * (cells - 1));
}

TEST(KeptResults, AlignmentIsOfWhatTheMapsMakeOfEachModality) {
  const Kept kept;
  const auto cells = kept.study.cells_of(Split::kTest);
  const auto rows = judge_alignment(kept.study, cells, kept.folded, {}, kept.context);
  auto& pool = kept.context.pool;
  const auto of_atac = kept.folded.atac_latents(pool, select_rows(kept.study.open, cells));
  const auto of_rna = kept.folded.rna_latents(pool, select_rows(kept.study.expression, cells));
  std::map<std::string, double> plain = {
      {"rna", plain_foscttm(kept.folded.atac_to_rna(pool, of_atac), of_rna, cells.size())},
      {"atac", plain_foscttm(of_atac, kept.folded.rna_to_atac(pool, of_rna), cells.size())}};
  EXPECT_NE(plain["rna"], plain["atac"]);
  for (const auto& row : rows) {
    if (row.measure != "foscttm" || row.cell_type != "all") continue;
    EXPECT_NEAR(row.value, plain.at(row.space), 1e-12) << row.space;
    plain.erase(row.space);
  }
  EXPECT_TRUE(plain.empty());
}

TEST_P(KeptSurrogate, KnockingOutAPeakIsPredictingWithoutIt) {
  const Kept kept(GetParam());
  const auto target = kept.target("T", "IL7R", 1);
  const auto cells = kept.study.cells_of(Split::kTest, target.type);
  const std::vector<int32_t> genes = {target.gene};
  auto& pool = kept.context.pool;
  const auto model = kept.surrogate().model(
      kept.study, cells, replacement_values(kept.study, Perturbation::kClosed, target.type), pool);
  const auto mean = [](const std::vector<float>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  };
  const double before = mean(kept.surrogate().predict(kept.study, cells, genes, pool));
  int64_t peaks = 0;
  knock_out(
      *model, {genes},
      [&](const PeakKnockout& knockout) {
        const std::vector<int32_t> closed = {knockout.peak};
        const double after = mean(kept.surrogate().predict(kept.study, cells, genes, pool, closed));
        EXPECT_NEAR(knockout.change[0], after - before, kRounding) << knockout.peak;
        ++peaks;
      },
      kept.context);
  EXPECT_EQ(peaks, kept.study.peaks.size());
}

// ---- whole explanations ----

TEST(RealCells, TheStudyOfVersion1WrittenAnewIsExplainedAlike) {
  const Kept kept;
  const test::TempFolder folder;
  write_study(folder / "study.h5mu", kept.study);
  const Study study = read_study(folder / "study.h5mu");
  const std::vector<ExplainTarget> targets = {kept.target("T", "IL7R", 3),
                                              kept.target("Mono_DC", "VCAN", 5)};
  const auto then = explain(kept.study, kept.surrogate(), targets, kept.options, kept.context);
  const auto now = explain(study, kept.surrogate(), targets, kept.options, kept.context);
  ASSERT_EQ(now.explained.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(now.explained[i].explanation.subset, then.explained[i].explanation.subset);
    EXPECT_EQ(now.explained[i].explanation.objective, then.explained[i].explanation.objective);
    EXPECT_EQ(now.explained[i].before, then.explained[i].before);
    EXPECT_EQ(now.explained[i].after, then.explained[i].after);
  }
}

TEST(RealCells, NoMethodFindsAPairThatBeatsTheBestOfAllPairs) {
  Kept kept;
  const auto target = kept.target("T", "IL7R", 2);
  const auto cells = kept.study.cells_of(Split::kTrain, target.type);
  const auto model = kept.surrogate().model(
      kept.study, cells, replacement_values(kept.study, Perturbation::kClosed, target.type),
      kept.pool);
  ObjectiveInput input;
  input.cells = indices_below(static_cast<int64_t>(cells.size()));
  input.target = target.gene;
  Objective objective = make_objective(*model, input, kept.options.loss);
  const auto best = exhaustive_search(objective, 2, kept.context);
  for (const char* method : {"grids", "grids-beam", "greedy", "random", "nearest", "links", "lasso",
                             "susie", "knockout", "saliency"}) {
    SCOPED_TRACE(method);
    kept.options.method = method;
    const auto result = explain(kept.study, kept.surrogate(), {target}, kept.options, kept.context);
    ASSERT_EQ(result.explained.size(), 1u);
    const auto& found = result.explained[0].explanation;
    EXPECT_EQ(std::set<Feature>(found.subset.begin(), found.subset.end()).size(), 2u);
    EXPECT_GE(found.objective, best.value - kRounding);
    if (std::string_view(method) == "grids") {
      // Real peaks, real cells: the search loses nothing here.
      EXPECT_NEAR(found.objective, best.value, kRounding);
    }
  }
}

TEST(RealCells, TheBestSinglePeakIsTheSameHoweverItIsSought) {
  Kept kept;
  const auto target = kept.target("Mono_DC", "VCAN", 1);
  std::vector<Feature> found;
  for (const char* method : {"grids", "greedy", "knockout"}) {
    kept.options.method = method;
    const auto result = explain(kept.study, kept.surrogate(), {target}, kept.options, kept.context);
    ASSERT_EQ(result.explained.size(), 1u);
    found.push_back(result.explained[0].explanation.subset[0]);
  }
  EXPECT_EQ(found[0], found[1]);
  EXPECT_EQ(found[0], found[2]);
}

TEST(RealCells, ThreadsDoNotChangeABit) {
  const Kept kept;
  ThreadPool one(1), three(3);
  Reporter reporter;
  const auto target = kept.target("T", "BCL11B", 4);
  const auto a =
      explain(kept.study, kept.surrogate(), {target}, kept.options, Context{1, one, reporter});
  const auto b =
      explain(kept.study, kept.surrogate(), {target}, kept.options, Context{1, three, reporter});
  EXPECT_EQ(a.explained.at(0).explanation.subset, b.explained.at(0).explanation.subset);
  EXPECT_EQ(a.explained.at(0).explanation.objective, b.explained.at(0).explanation.objective);
  EXPECT_EQ(a.explained.at(0).after, b.explained.at(0).after);
}

}  // namespace
}  // namespace grids::core
