#include "math/robust_covariance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/random.hpp"
#include "math/information.hpp"

namespace grids::core {
namespace {

/// Least squares on an intercept and one number: residuals at the fit, weights of 1.
struct LineFit {
  std::vector<std::vector<double>> columns;
  std::vector<std::span<const double>> spans;
  std::vector<double> residual, weight;

  explicit LineFit(size_t rows) {
    RandomStream random(3, Purpose::kBenchmark);
    columns.resize(2);
    std::vector<double> y;
    for (size_t i = 0; i < rows; ++i) {
      columns[0].push_back(1);
      columns[1].push_back(random.normal());
      y.push_back(2 + columns[1].back() + random.normal() * (1 + std::abs(columns[1].back())));
    }
    weight.assign(rows, 1.0);
    spans = {columns[0], columns[1]};
    auto coefficients = column_products(spans, y);
    CholeskyFactor(weighted_products(spans, weight)).solve(coefficients);
    for (size_t i = 0; i < rows; ++i) {
      residual.push_back(y[i] - coefficients[0] - coefficients[1] * columns[1][i]);
    }
  }

  FittedRows rows() const { return {spans, residual, weight, {}}; }
};

TEST(RobustCovariance, Hc3OfALineIsItsFormula) {
  const LineFit line(40);
  const auto& x = line.columns[1];
  const double n = 40, mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
  double squares = 0, meat = 0;
  for (const double value : x) squares += (value - mean) * (value - mean);
  for (size_t i = 0; i < x.size(); ++i) {
    const double leverage = 1 / n + (x[i] - mean) * (x[i] - mean) / squares;
    const double residual = line.residual[i] / (1 - leverage);
    meat += (x[i] - mean) * (x[i] - mean) * residual * residual;
  }
  EXPECT_NEAR(hc3_covariance(line.rows())[3], meat / (squares * squares), 1e-12);
}

TEST(RobustCovariance, Cr2OfClustersOfOneRowIsHc2) {
  const LineFit line(30);
  std::vector<int32_t> own(30);
  std::iota(own.begin(), own.end(), 0);
  const auto inverse = information_inverse(line.rows());
  const auto leverage = leverages(line.spans, inverse, line.weight);
  std::vector<double> squares;
  for (size_t i = 0; i < 30; ++i) {
    squares.push_back(line.residual[i] * line.residual[i] / (1 - leverage[i]));
  }
  const auto meat = weighted_products(line.spans, squares);
  double expected = 0;
  for (size_t j = 0; j < 2; ++j) {
    for (size_t k = 0; k < 2; ++k)
      expected += inverse[2 + j] * meat[j * 2 + k] * inverse[k * 2 + 1];
  }
  EXPECT_NEAR(cr2_covariance(line.rows(), own, 30)[3], expected, 1e-12);
}

/// Bell and McCaffrey's reason for it: right on average where rows are alike and independent,
/// however few clusters there are.
TEST(RobustCovariance, Cr2IsUnbiasedWithFewClusters) {
  constexpr size_t kRows = 24, kClusters = 4;
  RandomStream random(5, Purpose::kBenchmark);
  std::vector<std::vector<double>> columns(2, std::vector<double>(kRows, 1.0));
  std::vector<int32_t> clusters(kRows);
  for (size_t i = 0; i < kRows; ++i) {
    columns[1][i] = random.normal() + (i < 6 ? 2 : 0);
    clusters[i] = static_cast<int32_t>(i % kClusters);
  }
  const std::vector<std::span<const double>> spans(columns.begin(), columns.end());
  const std::vector<double> weight(kRows, 1.0);
  const CholeskyFactor factor(weighted_products(spans, weight));
  const double truth = factor.inverse()[3];
  double sum = 0;
  constexpr int kTimes = 4000;
  for (int time = 0; time < kTimes; ++time) {
    std::vector<double> y(kRows), residual(kRows);
    for (double& value : y) value = random.normal();
    auto coefficients = column_products(spans, y);
    factor.solve(coefficients);
    for (size_t i = 0; i < kRows; ++i) {
      residual[i] = y[i] - coefficients[0] - coefficients[1] * columns[1][i];
    }
    sum += cr2_covariance({spans, residual, weight, {}}, clusters, kClusters)[3];
  }
  EXPECT_NEAR(sum / kTimes / truth, 1, 0.06);  // 4 standard errors of 4,000 χ² of few degrees
}

}  // namespace
}  // namespace grids::core
