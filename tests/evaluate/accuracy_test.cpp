#include "evaluate/accuracy.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "evaluate/changes.hpp"
#include "evaluate/small_study.hpp"

namespace grids::core {
namespace {

std::vector<float> measured_values(const Study& study, std::span<const int32_t> cells) {
  return to_dense(select_rows(study.expression, cells));
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Textbook correlation, as an oracle.
double pearson(const std::vector<double>& x, const std::vector<double>& y) {
  double xy = 0;
  double xx = 0;
  double yy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean(x)) * (y[i] - mean(y));
    xx += (x[i] - mean(x)) * (x[i] - mean(x));
    yy += (y[i] - mean(y)) * (y[i] - mean(y));
  }
  return xy / std::sqrt(xx * yy);
}

struct Fixture {
  Study study = small_study(300, 60, 12, 3);
  std::vector<int32_t> cells = study.cells_of(Split::kTest);
  AgreementScorer scorer{study, cells, 10};
  std::vector<float> measured = gene_values(1);

  std::vector<float> gene_values(int32_t gene) const {
    std::vector<float> values;
    const auto dense = measured_values(study, cells);
    for (size_t i = 0; i < cells.size(); ++i) {
      values.push_back(dense[i * 12 + static_cast<size_t>(gene)]);
    }
    return values;
  }
};

TEST(Agreement, OfTheMeasuredValuesThemselvesIsWhole) {
  const Fixture f;
  const auto score = f.scorer.score(f.measured, f.measured);
  EXPECT_NEAR(score.r, 1, 1e-12);
  EXPECT_EQ(score.r2, 1);
  EXPECT_NEAR(score.within_type_r, 1, 1e-12);
  // Where there are counts the measured values are judged on another scale than they are given on.
  auto without_counts = f.study;
  without_counts.counts = {};
  const AgreementScorer as_given(without_counts, f.cells, 10);
  EXPECT_NEAR(as_given.score(f.measured, f.measured).within_type_r_partial, 1, 1e-12);
}

TEST(Agreement, CorrelationsIgnoreScaleAndShiftWhileR2DoesNot) {
  const Fixture f;
  const auto other = f.gene_values(4);
  const auto score = f.scorer.score(f.measured, other);
  auto moved = other;
  for (float& value : moved) value = 3 * value + 5;
  const auto after = f.scorer.score(f.measured, moved);
  EXPECT_NEAR(score.r, after.r, 1e-6);  // the moved values are rounded to floats
  EXPECT_NEAR(score.within_type_r, after.within_type_r, 1e-6);
  EXPECT_NEAR(score.within_type_r_partial, after.within_type_r_partial, 1e-5);
  EXPECT_LT(after.r2, score.r2);
}

TEST(Agreement, WithinTypesIsTheWeightedMeanOverTypes) {
  const Fixture f;
  const auto other = f.gene_values(4);
  double sum = 0;
  double weight = 0;
  for (int32_t type = 0; type < 3; ++type) {
    std::vector<double> x;
    std::vector<double> y;
    for (size_t i = 0; i < f.cells.size(); ++i) {
      if (f.study.cells.type.codes[static_cast<size_t>(f.cells[i])] != type) continue;
      x.push_back(f.measured[i]);
      y.push_back(other[i]);
    }
    sum += static_cast<double>(x.size()) * pearson(x, y);
    weight += static_cast<double>(x.size());
  }
  EXPECT_NEAR(f.scorer.score(f.measured, other).within_type_r, sum / weight, 1e-9);
}

TEST(Agreement, AConstantScoresZeroAndAConstantGeneNothing) {
  const Fixture f;
  const std::vector<float> constant(f.cells.size(), 0.7f);
  const auto score = f.scorer.score(f.measured, constant);
  EXPECT_EQ(score.r, 0);
  EXPECT_LE(score.r2, 0);
  EXPECT_EQ(score.within_type_r, 0);
  EXPECT_EQ(score.within_type_r_partial, 0);
  const auto nothing = f.scorer.score(constant, f.measured);
  EXPECT_TRUE(std::isnan(nothing.r));
  EXPECT_TRUE(std::isnan(nothing.r2));
  EXPECT_TRUE(std::isnan(nothing.within_type_r));
}

TEST(Agreement, WhatIsOnlyDepthVanishesOnceDepthIsTakenOut) {
  const Fixture f;
  const auto depth = depth_columns(f.study, f.cells);
  std::vector<float> prediction;
  for (size_t i = 0; i < f.cells.size(); ++i) {
    prediction.push_back(static_cast<float>(2 + 0.5 * depth[1][i] - 0.1 * depth[2][i]));
  }
  const auto score = f.scorer.score(f.measured, prediction);
  EXPECT_NE(score.within_type_r, 0);
  EXPECT_EQ(score.within_type_r_partial, 0);
}

TEST(Agreement, PartialCorrelationIsThatOfResidualsOfLeastSquares) {
  // One type and a single covariate that varies, so that the partial correlation has a formula.
  auto study = small_study(100, 60, 12, 1);
  std::fill(study.cells.open_peaks.begin(), study.cells.open_peaks.end(), 100.0);
  std::vector<int32_t> cells(100);
  std::iota(cells.begin(), cells.end(), 0);
  const auto x = gene_expression(study, 0, cells);
  const auto y = gene_expression(study, 3, cells);
  // Measured counts per median total RNA.
  auto totals = study.cells.total_rna;
  std::nth_element(totals.begin(), totals.begin() + 50, totals.end());
  std::vector<double> xd;
  for (const float value : x)
    xd.push_back(std::log1p(std::expm1(double{value}) * totals[50] / 1e5));
  const std::vector<double> yd(y.begin(), y.end());
  const auto z = depth_columns(study, cells)[1];
  const double xy = pearson(xd, yd);
  const double xz = pearson(xd, z);
  const double yz = pearson(yd, z);
  const double expected = (xy - xz * yz) / std::sqrt((1 - xz * xz) * (1 - yz * yz));
  EXPECT_NEAR(AgreementScorer(study, cells, 10).score(x, y).within_type_r_partial, expected, 1e-9);
}

TEST(LeastSquares, SolvesWhatItWasGiven) {
  const std::vector<double> a = {4, 1, 0.5, 1, 3, 0.2, 0.5, 0.2, 2};
  const std::vector<double> x = {1, -2, 0.5, 4, 3, -1};
  std::vector<double> b(6);
  for (size_t i = 0; i < 3; ++i) {
    for (size_t s = 0; s < 2; ++s) {
      for (size_t k = 0; k < 3; ++k) b[i * 2 + s] += a[i * 3 + k] * x[k * 2 + s];
    }
  }
  solve_positive_definite(a, 3, b, 2);
  for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(b[i], x[i], 1e-12);
  EXPECT_THROW(solve_positive_definite({1, 2, 2, 1}, 2, std::span(b).first(2), 1), Error);
}

TEST(Baselines, MeansAreMeans) {
  const Fixture f;
  const auto training = f.study.cells_of(Split::kTrain);
  const auto values = measured_values(f.study, training);
  const auto by_gene = predict_gene_mean(f.study, training, f.cells)(0, 12);
  const auto by_type = predict_type_mean(f.study, training, f.cells)(0, 12);
  const int32_t type = f.study.cells.type.codes[static_cast<size_t>(f.cells[5])];
  double sum = 0;
  double sum_of_type = 0;
  double of_type = 0;
  for (size_t i = 0; i < training.size(); ++i) {
    sum += values[i * 12 + 7];
    if (f.study.cells.type.codes[static_cast<size_t>(training[i])] != type) continue;
    sum_of_type += values[i * 12 + 7];
    of_type += 1;
  }
  EXPECT_NEAR(by_gene[5 * 12 + 7], sum / static_cast<double>(training.size()), 1e-5);
  EXPECT_NEAR(by_type[5 * 12 + 7], sum_of_type / of_type, 1e-5);
}

TEST(Baselines, DepthRecoversALinearLawOfDepth) {
  auto study = small_study(200, 60, 12, 2);
  // Gene 0 becomes exactly linear in both.
  for (int64_t cell = 0; cell < 200; ++cell) {
    const auto i = static_cast<size_t>(cell);
    const auto row = study.expression.row_indices(cell);
    if (row.empty() || row[0] != 0) continue;
    study.expression.values[static_cast<size_t>(study.expression.pattern.offsets[i])] =
        static_cast<float>(1 + 0.5 * std::log1p(study.cells.total_rna[i]) +
                           0.25 * std::log1p(study.cells.open_peaks[i]));
  }
  std::vector<int32_t> training;
  for (const int32_t cell : study.cells_of(Split::kTrain)) {
    const auto row = study.expression.row_indices(cell);
    if (!row.empty() && row[0] == 0) training.push_back(cell);
  }
  const auto predicted = predict_from_depth(study, training, training)(0, 12);
  const auto values = measured_values(study, training);
  // The whisper of a ridge moves coefficients by about 1e-9 × their condition number.
  for (size_t i = 0; i < training.size(); ++i) {
    EXPECT_NEAR(predicted[i * 12], values[i * 12], 1e-4);
  }
}

TEST(Baselines, NeighboursOfCellsThatAreAllAlikeAreTheirMean) {
  TestContext test;
  const auto study = small_study(90, 60, 12, 3);
  const auto training = study.cells_of(Split::kTrain);
  const auto cells = study.cells_of(Split::kTest);
  PeakBaselineOptions options;
  options.neighbours = static_cast<int64_t>(training.size());
  const auto scores = peak_scores(study, training, cells, options, test.context);
  const auto predict = predict_from_neighbours(study, training, scores, options, test.context);
  const auto predicted = predict(0, 12);
  const auto means = predict_gene_mean(study, training, cells)(0, 12);
  for (size_t i = 0; i < predicted.size(); ++i) EXPECT_NEAR(predicted[i], means[i], 1e-5);
}

TEST(Accuracy, TypeFollowingPeaksBeatTheGeneMeanAndATrueCopyBeatsAll) {
  TestContext test;
  const auto study = small_study(600, 90, 12, 3);
  const auto cells = study.cells_of(Split::kTest);
  const auto copy = from_matrix(measured_values(study, cells), 12);
  const auto accuracy = judge_accuracy(study, cells, copy, {}, test.context);
  const auto table = accuracy_summary_table(accuracy);
  ASSERT_EQ(table.rows(), 6u);
  EXPECT_EQ(table.text(0, "predictor"), "surrogate");
  EXPECT_EQ(table.number(0, "mean_r2"), 1);
  EXPECT_EQ(table.number(0, "share_r2_positive"), 1);
  EXPECT_LT(table.number(1, "mean_r2"), 0.01);
  EXPECT_EQ(table.number(1, "mean_r"), 0);
  EXPECT_EQ(table.number(2, "mean_within_type_r"), 0);
  // Types and states are read off the peaks by construction of the study.
  EXPECT_GT(table.number(4, "mean_r2"), 0.1);
  EXPECT_GT(table.number(5, "mean_r2"), 0.1);
  EXPECT_EQ(table.number(3, "mean_within_type_r_partial"), 0);
  const auto genes = accuracy_table(study, accuracy);
  EXPECT_EQ(genes.rows(), 6u * 12u);
  EXPECT_EQ(genes.number(0, "n"), static_cast<double>(cells.size()));
}

/// More genes than are held at a time.
struct ManyGenes {
  int64_t genes = kGenesInRun + 77;
  Study study = small_study(150, 90, genes, 3);
  std::vector<int32_t> cells = study.cells_of(Split::kTest);
  std::vector<int32_t> training = study.cells_of(Split::kTrain);
};

TEST(Baselines, PredictARunOfGenesAsTheyPredictAll) {
  TestContext test;
  const ManyGenes f;
  const PeakBaselineOptions options;
  const auto scores = peak_scores(f.study, f.training, f.cells, options, test.context);
  const auto linear = predict_linear(f.study, f.training, scores, test.context);
  const auto neighbours =
      predict_from_neighbours(f.study, f.training, scores, options, test.context);
  for (const auto& predict :
       {predict_gene_mean(f.study, f.training, f.cells),
        predict_type_mean(f.study, f.training, f.cells),
        predict_from_depth(f.study, f.training, f.cells), linear, neighbours}) {
    const auto all = predict(0, f.genes);
    const auto run = predict(700, 760);
    ASSERT_EQ(run.size(), f.cells.size() * 60);
    for (size_t i = 0; i < run.size(); ++i) {
      // A product of matrices may be summed up in another order.
      EXPECT_NEAR(run[i], all[i / 60 * static_cast<size_t>(f.genes) + 700 + i % 60], 1e-5);
    }
  }
}

TEST(Accuracy, IsThatOfEachGeneAlone) {
  TestContext test;
  const ManyGenes f;
  const auto values = measured_values(f.study, f.cells);
  // Off by one gene, so that there is something to judge.
  std::vector<float> shifted(values.begin() + 1, values.end());
  shifted.push_back(0);
  AccuracyOptions options;
  options.peak_baselines = false;
  const auto accuracy =
      judge_accuracy(f.study, f.cells, from_matrix(shifted, f.genes), options, test.context);
  const AgreementScorer scorer(f.study, f.cells, options.min_cells_in_type);
  const auto column = [&](const std::vector<float>& matrix, int64_t gene) {
    std::vector<float> result;
    for (size_t i = static_cast<size_t>(gene); i < matrix.size();
         i += static_cast<size_t>(f.genes)) {
      result.push_back(matrix[i]);
    }
    return result;
  };
  const auto depth = predict_from_depth(f.study, f.training, f.cells)(0, f.genes);
  for (const int64_t gene : {int64_t{0}, kGenesInRun - 1, kGenesInRun, f.genes - 1}) {
    const auto g = static_cast<size_t>(gene);
    const auto own = scorer.score(column(values, gene), column(shifted, gene));
    EXPECT_EQ(accuracy.predictors[0].genes[g].r, own.r) << gene;
    EXPECT_EQ(accuracy.predictors[0].genes[g].within_type_r_partial, own.within_type_r_partial);
    const auto by_depth = scorer.score(column(values, gene), column(depth, gene));
    EXPECT_EQ(accuracy.predictors[3].genes[g].r2, by_depth.r2) << gene;
  }
}

TEST(Accuracy, DoesNotDependOnThreads) {
  TestContext one(1);
  TestContext three(3);
  const auto study = small_study(200, 90, 40, 3);
  const auto cells = study.cells_of(Split::kTest);
  const auto training = study.cells_of(Split::kTrain);
  const auto predicted = predict_type_mean(study, training, cells);
  const auto a = accuracy_table(study, judge_accuracy(study, cells, predicted, {}, one.context));
  const auto b = accuracy_table(study, judge_accuracy(study, cells, predicted, {}, three.context));
  ASSERT_EQ(a.rows(), b.rows());
  for (size_t row = 0; row < a.rows(); ++row) EXPECT_EQ(a.row(row), b.row(row));
}

TEST(Accuracy, NoCellsIsTheUsersProblemAndSaysSo) {
  TestContext test;
  const auto study = small_study(60, 20, 9, 3);
  EXPECT_THROW(judge_accuracy(study, {}, {}, {}, test.context), Error);
  const auto cells = study.cells_of(Split::kTest);
  EXPECT_THROW(
      judge_accuracy(study, cells, from_matrix(std::vector<float>(9), 9), {}, test.context), Error);
  AccuracyOptions options;
  options.min_cells_in_type = 1;
  options.peaks.neighbours = 0;
  EXPECT_THROW(validate(options, "accuracy"), Error);
}

TEST(MarkerMeans, AreMeansOverTheCellsOfAType) {
  const Fixture f;
  const std::vector<int32_t> genes = {8, 2};
  auto predicted = to_dense(select_columns(select_rows(f.study.expression, f.cells), genes));
  const auto same = marker_means(f.study, f.cells, predicted, genes);
  ASSERT_EQ(same.size(), 6u);
  EXPECT_EQ(marker_means_r2(same), 1);
  for (float& value : predicted) value += 1;
  const auto shifted = marker_means(f.study, f.cells, predicted, genes);
  EXPECT_NEAR(shifted[3].predicted, shifted[3].measured + 1, 1e-5);
  EXPECT_LT(marker_means_r2(shifted), 1);
  EXPECT_EQ(marker_means_table(f.study, same).text(1, "gene"), "gene2");
}

}  // namespace
}  // namespace grids::core
