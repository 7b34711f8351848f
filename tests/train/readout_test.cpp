#include "train/readout.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.hpp"
#include "math/least_squares.hpp"

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

/// Features of a narrow network: 60 bent mixtures of 6 latents, most of them nearly dependent.
/// Expression of 150 genes, more than a block: half a linear law of the features, clamped, with
/// noise.
Cells make_narrow_cells(int64_t count, uint64_t seed) {
  constexpr size_t kLatents = 6, kFeatures = 60;
  constexpr int32_t kGenes = 150;
  RandomStream fixed(11, Purpose::kBenchmark);
  std::vector<double> mixture(kFeatures * kLatents), law(kGenes * kFeatures);
  for (double& value : mixture) value = fixed.normal();
  for (double& value : law) value = 0.1 * fixed.normal();
  RandomStream random(seed, Purpose::kBenchmark);
  Cells cells;
  cells.expression.pattern.columns = kGenes;
  for (int64_t i = 0; i < count; ++i) {
    double latent[kLatents], f[kFeatures];
    for (double& value : latent) value = random.normal();
    for (size_t j = 0; j < kFeatures; ++j) {
      double sum = 0.1 * random.normal();
      for (size_t k = 0; k < kLatents; ++k) sum += mixture[j * kLatents + k] * latent[k];
      f[j] = sum > 0 ? sum : 0.25 * sum;
      cells.features.push_back(static_cast<float>(f[j]));
    }
    for (int32_t gene = 0; gene < kGenes; ++gene) {
      double value = 0.5 * random.normal();
      for (size_t j = 0; gene % 2 == 0 && j < kFeatures; ++j) {
        value += law[static_cast<size_t>(gene) * kFeatures + j] * f[j];
      }
      if (value <= 0) continue;
      cells.expression.pattern.indices.push_back(gene);
      cells.expression.values.push_back(static_cast<float>(value));
    }
    cells.expression.pattern.offsets.push_back(cells.expression.pattern.nonzeros());
    ++cells.expression.pattern.rows;
  }
  return cells;
}

/// The same by the normal equations in double, one penalty after the other.
Readout plain_readout(const Cells& training, const Cells& validation) {
  const auto genes = static_cast<size_t>(training.expression.columns());
  const auto rows = static_cast<size_t>(training.expression.rows());
  const size_t features = training.features.size() / rows;
  const auto y = to_dense(training.expression);
  const auto held_out = to_dense(validation.expression);
  std::vector<double> mean(features), centred(training.features.begin(), training.features.end());
  std::vector<double> gram(features * features), products(features * genes), gene_mean(genes);
  for (size_t i = 0; i < centred.size(); ++i) {
    mean[i % features] += centred[i] / static_cast<double>(rows);
  }
  for (size_t i = 0; i < centred.size(); ++i) centred[i] -= mean[i % features];
  double trace = 0;
  for (size_t i = 0; i < rows; ++i) {
    for (size_t g = 0; g < genes; ++g) {
      gene_mean[g] += double{y[i * genes + g]} / static_cast<double>(rows);
    }
    for (size_t a = 0; a < features; ++a) {
      const double x = centred[i * features + a];
      trace += x * x;
      for (size_t b = 0; b < features; ++b) gram[a * features + b] += x * centred[i * features + b];
      for (size_t g = 0; g < genes; ++g) products[a * genes + g] += x * y[i * genes + g];
    }
  }
  Readout best;
  best.validation_error = std::numeric_limits<double>::infinity();
  for (const double penalty : {1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0, 1000.0}) {
    auto penalised = gram;
    for (size_t a = 0; a < features; ++a) {
      penalised[a * features + a] += penalty * trace / static_cast<double>(features);
    }
    auto solution = products;
    solve_positive_definite(penalised, static_cast<int64_t>(features), solution,
                            static_cast<int64_t>(genes));
    Readout one;
    one.penalty = penalty;
    one.weight.resize(genes * features);
    for (size_t g = 0; g < genes; ++g) {
      double bias = gene_mean[g];
      for (size_t a = 0; a < features; ++a) {
        bias -= solution[a * genes + g] * mean[a];
        one.weight[g * features + a] = static_cast<float>(solution[a * genes + g]);
      }
      one.bias.push_back(static_cast<float>(bias));
      for (size_t i = 0; i * genes < held_out.size(); ++i) {
        double value = bias;
        for (size_t a = 0; a < features; ++a) {
          value += solution[a * genes + g] * validation.features[i * features + a];
        }
        const double error = std::max(0.0, value) - held_out[i * genes + g];
        one.validation_error += error * error / static_cast<double>(held_out.size());
      }
    }
    if (one.validation_error < best.validation_error) best = one;
  }
  return best;
}

TEST(Readout, IsThatOfTheNormalEquationsOfEveryPenalty) {
  std::vector<double> chosen;
  for (const int64_t cells : {150, 4000}) {
    const Cells training = make_narrow_cells(cells, 21);
    const Cells validation = make_narrow_cells(200, 22);
    ThreadPool pool(2);
    const Readout readout = fit_readout(training.view(), validation.view(), pool);
    const Readout plain = plain_readout(training, validation);
    EXPECT_EQ(readout.penalty, plain.penalty);
    chosen.push_back(plain.penalty);
    // Products of floats over some thousand cells.
    EXPECT_NEAR(readout.validation_error, plain.validation_error, 1e-5 * plain.validation_error);
    for (size_t gene = 0; gene < 150; ++gene) {
      double largest = 0;
      for (size_t f = 0; f < 60; ++f) {
        largest = std::max(largest, std::abs(double{plain.weight[gene * 60 + f]}));
      }
      EXPECT_NEAR(readout.bias[gene], plain.bias[gene], 1e-4);
      for (size_t f = 0; f < 60; ++f) {
        const size_t i = gene * 60 + f;
        EXPECT_NEAR(readout.weight[i], plain.weight[i], 1e-4 * largest) << gene << " " << f;
      }
    }
  }
  EXPECT_NE(chosen[0], chosen[1]) << "few cells and many ask for other penalties";
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
  const Cells training = make_narrow_cells(300, 7);
  const Cells validation = make_narrow_cells(100, 8);
  ThreadPool one(1);
  ThreadPool three(3);
  EXPECT_EQ(fit_readout(training.view(), validation.view(), one).weight,
            fit_readout(training.view(), validation.view(), three).weight);
  Cells constant = training;
  constant.features.assign(constant.features.size(), 3.0f);
  const Readout readout = fit_readout(constant.view(), constant.view(), one);
  EXPECT_TRUE(std::isinf(readout.penalty));
  EXPECT_EQ(readout.weight, std::vector<float>(150 * 60, 0.0f));
}

}  // namespace
}  // namespace grids::core
