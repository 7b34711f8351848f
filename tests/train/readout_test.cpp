#include "train/readout.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.hpp"

namespace grids::core {
namespace {

struct Cells {
  std::vector<float> features;
  CsrMatrix expression;

  ReadoutCells view() const { return {features, expression}; }
};

/// Expression = 2 + 1.5 f_0 − f_1 + noise for gene 0 and pure noise around 2 for gene 1, with five
/// features.
Cells make_cells(int64_t count, double noise, uint64_t seed) {
  RandomStream random(seed, Purpose::kBenchmark);
  Cells cells;
  cells.expression.pattern.columns = 2;
  for (int64_t i = 0; i < count; ++i) {
    double f[5];
    for (double& x : f) {
      x = random.normal();
      cells.features.push_back(static_cast<float>(x));
    }
    const double values[] = {2 + 1.5 * f[0] - f[1] + noise * random.normal(),
                             2 + noise * random.normal()};
    for (int32_t gene = 0; gene < 2; ++gene) {
      cells.expression.pattern.indices.push_back(gene);
      cells.expression.values.push_back(static_cast<float>(values[gene]));
    }
    cells.expression.pattern.offsets.push_back(cells.expression.pattern.nonzeros());
    ++cells.expression.pattern.rows;
  }
  return cells;
}

TEST(Readout, FindsALinearLaw) {
  const Cells training = make_cells(2000, 0.01, 1);
  const Cells validation = make_cells(200, 0.01, 2);
  ThreadPool pool(2);
  const Readout readout = fit_readout(training.view(), validation.view(), pool);
  const double expected[2][5] = {{1.5, -1, 0, 0, 0}, {0, 0, 0, 0, 0}};
  for (size_t gene = 0; gene < 2; ++gene) {
    // The least penalty shrinks by 1e-4; the noise moves a weight by 0.01 / √2000.
    EXPECT_NEAR(readout.bias[gene], 2, 2e-3);
    for (size_t f = 0; f < 5; ++f) {
      EXPECT_NEAR(readout.weight[gene * 5 + f], expected[gene][f], 2e-3);
    }
  }
}

TEST(Readout, FallsBackToMeansWhereFeaturesSayNothing) {
  Cells training = make_cells(30, 1, 3);
  Cells validation = make_cells(300, 1, 4);
  // Other cells' features: whatever a fit finds in them is chance, and fails on validation cells.
  training.features = make_cells(30, 1, 5).features;
  validation.features = make_cells(300, 1, 6).features;
  ThreadPool pool(1);
  const Readout readout = fit_readout(training.view(), validation.view(), pool);
  EXPECT_GE(readout.penalty, 1);
  double mean = 0;
  for (int64_t i = 0; i < 30; ++i) mean += training.expression.values[static_cast<size_t>(2 * i)];
  mean /= 30;
  double at_mean = readout.bias[0];
  for (size_t f = 0; f < 5; ++f) {
    double feature_mean = 0;
    for (size_t i = 0; i < 30; ++i) feature_mean += training.features[i * 5 + f] / 30;
    at_mean += readout.weight[f] * feature_mean;
  }
  EXPECT_NEAR(at_mean, mean, 1e-4) << "at the mean of the features it gives the gene's mean";
}

TEST(Readout, IsTheSameForAnyNumberOfThreadsAndSurvivesConstantFeatures) {
  const Cells training = make_cells(300, 0.5, 7);
  const Cells validation = make_cells(100, 0.5, 8);
  ThreadPool one(1);
  ThreadPool three(3);
  EXPECT_EQ(fit_readout(training.view(), validation.view(), one).weight,
            fit_readout(training.view(), validation.view(), three).weight);
  Cells constant = training;
  constant.features.assign(constant.features.size(), 3.0f);
  const Readout readout = fit_readout(constant.view(), constant.view(), one);
  EXPECT_TRUE(std::isinf(readout.penalty));
  EXPECT_EQ(readout.weight, std::vector<float>(10, 0.0f));
}

}  // namespace
}  // namespace grids::core
