#include "math/pca.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "support/fixture.hpp"

namespace grids::core {
namespace {

using test::Fixture;

/// Sparse counts with three planted directions.
CsrMatrix planted(int64_t cells, int64_t features) {
  RandomStream random(7, Purpose::kBenchmark);
  CsrMatrix matrix;
  matrix.pattern.rows = cells;
  matrix.pattern.columns = features;
  for (int64_t i = 0; i < cells; ++i) {
    const double factor[3] = {4 * random.normal(), 2 * random.normal(), random.normal()};
    for (int32_t j = 0; j < features; ++j) {
      if (random.uniform() > 0.6) continue;
      const double signal = factor[j % 3] * (1 + j % 5) / 5.0;
      matrix.pattern.indices.push_back(j);
      matrix.values.push_back(static_cast<float>(3 + signal + 0.3 * random.normal()));
    }
    matrix.pattern.offsets.push_back(matrix.pattern.nonzeros());
  }
  return matrix;
}

/// The covariance's leading eigenpairs by power iteration with deflation, all in double: slow, and
/// nothing shared with the code under test.
struct Dense {
  std::vector<double> values;
  std::vector<std::vector<double>> vectors;
};
Dense by_power_iteration(const CsrMatrix& matrix, int count) {
  const auto n = static_cast<size_t>(matrix.rows());
  const auto p = static_cast<size_t>(matrix.columns());
  const auto x = to_dense(matrix);
  std::vector<double> mean(p, 0.0);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < p; ++j) mean[j] += x[i * p + j] / static_cast<double>(n);
  }
  std::vector<double> covariance(p * p, 0.0);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < p; ++j) {
      for (size_t k = 0; k < p; ++k) {
        covariance[j * p + k] +=
            (x[i * p + j] - mean[j]) * (x[i * p + k] - mean[k]) / static_cast<double>(n - 1);
      }
    }
  }
  Dense result;
  for (int c = 0; c < count; ++c) {
    std::vector<double> v(p);
    for (size_t j = 0; j < p; ++j) v[j] = std::sin(1.0 + static_cast<double>(j) * (c + 1));
    double value = 0;
    for (int pass = 0; pass < 3000; ++pass) {
      std::vector<double> next(p, 0.0);
      for (size_t j = 0; j < p; ++j) {
        for (size_t k = 0; k < p; ++k) next[j] += covariance[j * p + k] * v[k];
      }
      double norm = 0;
      for (const double e : next) norm += e * e;
      value = std::sqrt(norm);
      for (size_t j = 0; j < p; ++j) v[j] = next[j] / value;
    }
    for (size_t j = 0; j < p; ++j) {
      for (size_t k = 0; k < p; ++k) covariance[j * p + k] -= value * v[j] * v[k];
    }
    result.values.push_back(value);
    result.vectors.push_back(v);
  }
  return result;
}

TEST(Pca, AgreesWithPowerIterationOnTheCovariance) {
  const auto matrix = planted(150, 40);
  Fixture f;
  const auto fitted = pca(matrix, {.components = 3}, f.context);
  const auto expected = by_power_iteration(matrix, 3);
  ASSERT_EQ(fitted.components, 3);
  for (size_t c = 0; c < 3; ++c) {
    // Float products of unit-sized entries; variances are sums of squares of them.
    EXPECT_NEAR(fitted.variance[c], expected.values[c], 1e-4 * expected.values[c]);
    double cosine = 0;
    for (size_t j = 0; j < 40; ++j) cosine += fitted.loadings[j * 3 + c] * expected.vectors[c][j];
    EXPECT_NEAR(std::abs(cosine), 1, 1e-4);
  }
}

TEST(Pca, AllComponentsTogetherReconstructTheMatrix) {
  const auto matrix = planted(30, 12);
  Fixture f;
  const auto fitted = pca(matrix, {.components = 12}, f.context);
  const auto dense = to_dense(matrix);
  double sum = 0;
  for (const double v : fitted.variance) sum += v;
  EXPECT_NEAR(sum, fitted.total_variance, 1e-4 * fitted.total_variance);
  for (size_t i = 0; i < 30; ++i) {
    for (size_t j = 0; j < 12; ++j) {
      double value = fitted.mean[j];
      for (size_t c = 0; c < 12; ++c)
        value += fitted.scores[i * 12 + c] * fitted.loadings[j * 12 + c];
      EXPECT_NEAR(value, dense[i * 12 + j], 1e-3);  // values up to about 10, in float
    }
  }
}

TEST(Pca, ProjectingTheSameCellsGivesTheirScoresAndThreadsDoNotMatter) {
  const auto matrix = planted(600, 300);
  Fixture one(1);
  Fixture three(3);
  const auto fitted = pca(matrix, {.components = 5}, one.context);
  const auto again = pca(matrix, {.components = 5}, three.context);
  EXPECT_EQ(fitted.scores, again.scores);
  const auto projected = pca_project(fitted, matrix, one.context);
  for (size_t k = 0; k < projected.size(); ++k) {
    EXPECT_NEAR(projected[k], fitted.scores[k], 2e-3);  // scores reach 50; sums of 180 floats
  }
}

TEST(Pca, LowRankGivesFewerComponents) {
  CsrMatrix matrix;  // two distinct rows: rank 1 after centring
  matrix.pattern.rows = 20;
  matrix.pattern.columns = 6;
  for (int i = 0; i < 20; ++i) {
    matrix.pattern.indices.push_back(i % 2);
    matrix.values.push_back(1.0f);
    matrix.pattern.offsets.push_back(matrix.pattern.nonzeros());
  }
  Fixture f;
  EXPECT_EQ(pca(matrix, {.components = 4}, f.context).components, 1);
}

TEST(Pca, ConstantMatrixHasNoComponentsAndOneCellIsRefused) {
  CsrMatrix matrix;
  matrix.pattern.rows = 3;
  matrix.pattern.columns = 2;
  matrix.pattern.offsets = {0, 0, 0, 0};
  Fixture f;
  EXPECT_EQ(pca(matrix, {}, f.context).components, 0);
  matrix.pattern.rows = 1;
  matrix.pattern.offsets = {0, 0};
  EXPECT_THROW(pca(matrix, {}, f.context), Error);
}

TEST(TfIdf, RarePeaksWeighMore) {
  CsrPattern open;
  open.rows = 2;
  open.columns = 3;
  open.indices = {0, 1, 0};
  open.offsets = {0, 2, 3};
  const auto values = TfIdf::fit(open).apply(open);
  EXPECT_FLOAT_EQ(values.values[0], std::log1p(1e4f * 0.5f * 1));
  EXPECT_FLOAT_EQ(values.values[1], std::log1p(1e4f * 0.5f * 2));
  EXPECT_FLOAT_EQ(values.values[2], std::log1p(1e4f));
}

}  // namespace
}  // namespace grids::core
