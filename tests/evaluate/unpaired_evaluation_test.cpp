#include "evaluate/unpaired_evaluation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/recording_reporter.hpp"
#include "evaluate/log_values.hpp"
#include "evaluate/reconstruction.hpp"
#include "evaluate/small_study.hpp"
#include "evaluate/type_means.hpp"
#include "support/fixtures.hpp"
#include "support/unpaired.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;

struct UnpairedCase {
  explicit UnpairedCase(LabelsIn labels = LabelsIn::kBoth, int threads = 2)
      : test(threads),
        whole(read_study(test::fixture("version_1/run") / "study.h5mu")),
        study(test::halves_of(whole, labels)),
        folded(read_surrogate(test::fixture("version_1/run") / "surrogate.safetensors")) {}

  UnpairedEvaluation evaluate() {
    const auto filled = fill_in_types(study, folded, {}, test.context);
    return evaluate_unpaired(study, filled, folded, {}, test.context);
  }

  TestContext test;
  Study whole;
  UnpairedStudy study;
  FoldedSurrogate folded;
};

const AlignmentRow* row_of(const UnpairedEvaluation& found, const std::string& measure,
                           const std::string& type = "all") {
  const auto row = std::find_if(
      found.alignment.begin(), found.alignment.end(),
      [&](const AlignmentRow& one) { return one.measure == measure && one.cell_type == type; });
  return row == found.alignment.end() ? nullptr : &*row;
}

TEST(UnpairedEvaluation, JudgesWhatNeedsNoPairs) {
  UnpairedCase of;
  const auto found = of.evaluate();
  EXPECT_EQ(row_of(found, "foscttm"), nullptr);
  for (const char* measure :
       {"label_transfer", "label_transfer_balanced", "mixing", "mixing_within_type", "type_means_r",
        "type_means_r2", "type_differences_r", "reconstruction_r", "reconstruction_within_type_r",
        "reconstruction_auroc"}) {
    ASSERT_NE(row_of(found, measure), nullptr) << measure;
    EXPECT_TRUE(std::isfinite(row_of(found, measure)->value)) << measure;
  }
  EXPECT_EQ(found.transferred.size(), 2u);
  EXPECT_FALSE(found.markers.empty());
  EXPECT_FALSE(found.means.empty());
  const auto tables = unpaired_evaluation_tables(of.study, found);
  EXPECT_EQ(tables.size(), 4u);
}

TEST(UnpairedEvaluation, TransferredTypesDoNotConfirmThemselves) {
  for (const auto labels : {LabelsIn::kRna, LabelsIn::kAtac, LabelsIn::kNone}) {
    UnpairedCase of(labels);
    const auto found = of.evaluate();
    EXPECT_EQ(row_of(found, "label_transfer"), nullptr);
    EXPECT_EQ(row_of(found, "mixing_within_type"), nullptr);
    ASSERT_NE(row_of(found, "mixing"), nullptr);
    EXPECT_NE(row_of(found, "type_means_r"), nullptr);
    ASSERT_EQ(found.transferred.size(), 1u);
  }
}

TEST(UnpairedEvaluation, WarnsOfWhatCannotBeJudged) {
  UnpairedCase of(LabelsIn::kRna);
  RecordingReporter reporter(of.test.reporter);
  const Context context = of.test.context.with_reporter(reporter);
  const auto filled = fill_in_types(of.study, of.folded, {}, context);
  evaluate_unpaired(of.study, filled, of.folded, {}, context);
  ASSERT_EQ(reporter.warnings().size(), 2u);
  EXPECT_THAT(reporter.warnings()[0], HasSubstr("whether the right cells were matched within a"));
  EXPECT_THAT(reporter.warnings()[1], HasSubstr("the cells with chromatin have no labels"));
}

TEST(UnpairedEvaluation, NeedsCellsOfBothModalities) {
  UnpairedCase of;
  for (auto& split : of.study.rna.cells.split) split = Split::kTrain;
  try {
    of.evaluate();
    FAIL() << "no cells with RNA to judge";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr("0 test cells with RNA"));
  }
}

TEST(UnpairedEvaluation, ThreadsDoNotChangeABit) {
  const auto one = UnpairedCase(LabelsIn::kBoth, 1).evaluate();
  const auto three = UnpairedCase(LabelsIn::kBoth, 3).evaluate();
  ASSERT_EQ(one.alignment.size(), three.alignment.size());
  for (size_t i = 0; i < one.alignment.size(); ++i) {
    EXPECT_EQ(cell_text(one.alignment[i].value), cell_text(three.alignment[i].value));
    EXPECT_EQ(one.alignment[i].chance, three.alignment[i].chance);
  }
}

// ---- means of types ----

TEST(TypeMeans, AreOverTheCellsOfEachModality) {
  UnpairedCase of;
  const auto atac = of.study.atac.cells_of(Split::kTest);
  const auto rna = of.study.rna.cells_of(Split::kTest);
  const auto means = type_means(of.study, atac, rna, of.folded, of.test.context);
  const auto genes = static_cast<size_t>(of.study.rna.genes.size());
  const StudySurrogate surrogate(of.folded);
  for (size_t type = 0; type < means.types.size(); ++type) {
    const auto of_atac = of.study.atac.cells_of(Split::kTest, means.types[type]);
    const auto of_rna = of.study.rna.cells_of(Split::kTest, means.types[type]);
    EXPECT_EQ(means.cells[type], std::ssize(of_atac) + std::ssize(of_rna));
    const auto predicted = surrogate.predict_all(of.study.atac, of_atac, of.test.pool);
    const auto measured = to_dense(select_rows(of.study.rna.expression, of_rna));
    for (size_t gene = 0; gene < genes; gene += 7) {
      double from_peaks = 0, from_rna = 0;
      for (size_t i = 0; i < of_atac.size(); ++i) from_peaks += predicted[i * genes + gene];
      for (size_t i = 0; i < of_rna.size(); ++i) from_rna += measured[i * genes + gene];
      EXPECT_NEAR(means.predicted[type * genes + gene],
                  from_peaks / static_cast<double>(of_atac.size()), 1e-9);
      EXPECT_NEAR(means.measured[type * genes + gene],
                  from_rna / static_cast<double>(of_rna.size()), 1e-9);
    }
  }
}

TEST(TypeMeans, AreJudgedBesideTheGenesMean) {
  // Two types, three genes. What is predicted is measured exactly in type 0, and the gene's mean in
  // type 1.
  TypeMeans means{{0, 2}, {10, 30}, {1, 5, 3, 3, 1, 8}, {1, 5, 3, 2, 3, 4}, {2, 3, 4}};
  const std::vector<std::string> names = {"a", "none", "b"};
  const auto rows = judge_type_means(means, names);
  const auto of = [&](const std::string& measure, const std::string& type) {
    return *std::find_if(rows.begin(), rows.end(), [&](const AlignmentRow& row) {
      return row.measure == measure && row.cell_type == type;
    });
  };
  EXPECT_DOUBLE_EQ(of("type_means_r", "a").value, 1);
  EXPECT_DOUBLE_EQ(of("type_means_r2", "a").value, 1);
  EXPECT_DOUBLE_EQ(of("type_means_r2", "b").value, of("type_means_r2", "b").chance);
  // Of type b: 3 1 8 around 4, squares 26; off by 1, −2, 4: 21.
  EXPECT_DOUBLE_EQ(of("type_means_r2", "b").value, 1 - 21.0 / 26);
  EXPECT_EQ(of("type_means_r", "all").cells, 40);
  // Differences, half of type a minus type b: measured −1, 2, −2.5, predicted −0.5, 1, −0.5; the
  // other type's are these negated, so that their mean is 0.
  EXPECT_NEAR(of("type_differences_r", "all").value,
              (0.5 + 2 + 1.25) / std::sqrt((1 + 4 + 6.25) * (0.25 + 1 + 0.25)), 1e-12);
  EXPECT_EQ(of("type_differences_r", "all").chance, 0);
  const auto markers = means_of_genes(means, std::vector<int32_t>{2});
  ASSERT_EQ(markers.size(), 2u);
  EXPECT_EQ(markers[1].type, 2);
  EXPECT_EQ(markers[1].measured, 8);
  EXPECT_EQ(markers[1].predicted, 4);
}

// ---- reconstruction ----

TEST(Reconstruction, AreaUnderTheCurveIsThatOfItsDefinition) {
  const std::vector<float> negative = {1, 2, 2, 5};
  // 2: above one, beside two; 6: above all.
  EXPECT_DOUBLE_EQ(area_under_curve({6, 2}, negative), (4 + 1 + 2 * 0.5) / 8);
  EXPECT_TRUE(std::isnan(area_under_curve({}, negative)));
  EXPECT_TRUE(std::isnan(area_under_curve({1}, {})));
}

TEST(Reconstruction, IsOfWhatTheAutoencodersMakeOfTheCells) {
  UnpairedCase of;
  auto& pool = of.test.pool;
  const auto rna = of.study.rna.cells_of(Split::kTest);
  const auto rows = judge_rna_reconstruction(of.study.rna, rna, of.folded, of.test.context);
  const auto expression = select_rows(of.study.rna.expression, rna);
  auto decoded = of.folded.decode_rna(pool, of.folded.rna_latents(pool, expression));
  for (float& value : decoded) value = std::max(value, 0.0f);
  const auto measured = to_dense(expression);
  const auto genes = static_cast<size_t>(of.study.rna.genes.size());
  const AgreementScorer scorer(of.study.rna, rna, 10);
  double r = 0, within = 0, count = 0, within_count = 0;
  for (size_t gene = 0; gene < genes; ++gene) {
    std::vector<float> x, y;
    for (size_t i = 0; i < rna.size(); ++i) {
      x.push_back(measured[i * genes + gene]);
      y.push_back(decoded[i * genes + gene]);
    }
    const auto agreement = scorer.score(x, y);
    if (!std::isnan(agreement.r)) r += agreement.r, ++count;
    if (!std::isnan(agreement.within_type_r)) within += agreement.within_type_r, ++within_count;
  }
  EXPECT_NEAR(rows[0].value, r / count, 1e-6);  // layers of fewer genes add in another order
  EXPECT_NEAR(rows[1].value, within / within_count, 1e-6);

  const auto atac = of.study.atac.cells_of(Split::kTest);
  const auto row = judge_atac_reconstruction(of.study.atac, atac, of.folded, of.test.context);
  ASSERT_LT(std::ssize(atac), kMostDecodedCells);
  const auto open = select_rows(of.study.atac.open, atac);
  const auto logits = of.folded.decode_atac(pool, of.folded.atac_latents(pool, open));
  const auto peaks = static_cast<size_t>(of.study.atac.peaks.size());
  std::vector<double> share(peaks);
  for (const int32_t cell : of.study.atac.cells_of(Split::kTrain)) {
    for (const int32_t peak : of.study.atac.open.row(cell)) share[static_cast<size_t>(peak)] += 1;
  }
  double area = 0, of_shares = 0;
  for (int64_t i = 0; i < open.rows; ++i) {
    double right = 0, right_shares = 0, pairs = 0;
    for (size_t p = 0; p < peaks; ++p) {
      if (!open.contains(i, static_cast<int32_t>(p))) continue;
      for (size_t q = 0; q < peaks; ++q) {
        if (open.contains(i, static_cast<int32_t>(q))) continue;
        const float* line = logits.data() + static_cast<size_t>(i) * peaks;
        const auto above = [](double a, double b) { return a > b ? 1.0 : (a == b ? 0.5 : 0.0); };
        right += above(line[p], line[q]);
        right_shares += above(share[p], share[q]);
        pairs += 1;
      }
    }
    area += right / pairs / static_cast<double>(open.rows);
    of_shares += right_shares / pairs / static_cast<double>(open.rows);
  }
  EXPECT_NEAR(row.value, area, 1e-9);
  EXPECT_NEAR(row.chance, of_shares, 1e-9);
}

}  // namespace
}  // namespace grids::core
