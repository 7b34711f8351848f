#include "math/single_effects.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "methods/planted_cells.hpp"

namespace grids::core {
namespace {

/// y = Σ effects[j] · x_j + normal noise, x_j random 0/1 variables; the last ones may repeat
/// others.
struct Linear {
  Linear(size_t rows, size_t variables, const std::vector<std::pair<size_t, double>>& effects,
         uint64_t seed, size_t copy_of = SIZE_MAX) {
    RandomStream random(seed, Purpose::kBenchmark);
    covariates.emplace_back(rows, 1.0);
    open.resize(variables);
    response.resize(rows);
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < variables; ++j) {
        if (random.uniform() < 0.3) open[j].push_back(static_cast<int32_t>(i));
      }
      response[i] = random.normal();
    }
    for (const auto& [j, effect] : effects) {
      for (const int32_t row : open[j]) response[static_cast<size_t>(row)] += effect;
    }
    if (copy_of < variables) open.back() = open[copy_of];
  }

  SingleEffectsInput input() const {
    const std::vector<std::span<const int32_t>> spans(open.begin(), open.end());
    return single_effects_input(spans, response, covariates);
  }

  std::vector<std::vector<int32_t>> open;
  std::vector<double> response;
  std::vector<std::vector<double>> covariates;
};

void expect_probabilities(const SingleEffectsFit& fit) {
  const size_t variables = fit.inclusion.size();
  for (const double pip : fit.inclusion) {
    EXPECT_GE(pip, 0);
    EXPECT_LE(pip, 1);
  }
  for (size_t l = 0; l < fit.prior_variance.size(); ++l) {
    const auto first = fit.alpha.begin() + static_cast<long>(l * variables);
    // A sum of up to 60 roundings.
    EXPECT_NEAR(std::accumulate(first, first + static_cast<long>(variables), 0.0), 1, 1e-12);
  }
  for (size_t j = 0; j < variables; ++j) {
    double none = 1;  // of the effects that there are holds it
    for (size_t l = 0; l < fit.prior_variance.size(); ++l) {
      if (fit.prior_variance[l] > 0) none *= 1 - fit.alpha[l * variables + j];
    }
    EXPECT_NEAR(fit.inclusion[j], 1 - none, 1e-12);
  }
  for (size_t round = 1; round < fit.bounds.size(); ++round) {
    // Rounding in a bound of size 1000.
    EXPECT_GE(fit.bounds[round], fit.bounds[round - 1] - 1e-8);
  }
}

TEST(SingleEffects, PlantedEffectsAreFoundAndProbabilitiesAreProbabilities) {
  const Linear linear(1000, 60, {{7, 0.6}, {23, -0.7}, {41, 0.8}}, 3);
  const auto fit = fit_single_effects(linear.input());
  EXPECT_TRUE(fit.converged);
  expect_probabilities(fit);
  for (size_t j = 0; j < 60; ++j) {
    if (j == 7 || j == 23 || j == 41) {
      EXPECT_GT(fit.inclusion[j], 0.95) << j;  // effects of nine standard errors
      EXPECT_EQ(fit.effect[j] < 0, j == 23);
    } else {
      EXPECT_LT(fit.inclusion[j], 0.3) << j;
    }
  }
  // Three effects are planted; of the other seven most find nothing, and are switched off.
  EXPECT_GE(std::count(fit.prior_variance.begin(), fit.prior_variance.end(), 0.0), 4);
  EXPECT_NEAR(fit.residual_variance, 1, 0.15);  // of 1000 draws: 0.045 is one standard error
}

TEST(SingleEffects, NoiseHasNoEffects) {
  const Linear linear(1000, 60, {}, 5);
  const auto fit = fit_single_effects(linear.input());
  expect_probabilities(fit);
  EXPECT_LT(*std::max_element(fit.inclusion.begin(), fit.inclusion.end()), 0.5);
}

TEST(SingleEffects, TwoCausesThatCannotBeToldApartShareTheProbability) {
  const Linear linear(800, 40, {{11, 0.8}}, 7, 11);
  const auto fit = fit_single_effects(linear.input());
  expect_probabilities(fit);
  // Equal columns have equal everything; the first effect is one of the two's, half each. Further
  // effects may hold a little by chance, so inclusion can exceed that.
  EXPECT_NEAR(fit.inclusion[11], fit.inclusion[39], 1e-9);
  EXPECT_NEAR(fit.alpha[11], 0.5, 0.01);
  EXPECT_NEAR(fit.alpha[39], 0.5, 0.01);
  EXPECT_LT(fit.inclusion[11], 0.7);
}

TEST(SingleEffects, OneEffectIsThePlainPosterior) {
  // One round of one effect with its prior: the posterior of a regression on one variable, by hand.
  const Linear linear(300, 8, {{2, 0.5}}, 9);
  const auto input = linear.input();
  SingleEffectsOptions options;
  options.effects = 1;
  options.most_rounds = 1;
  const auto fit = fit_single_effects(input, options);
  const double residual = input.response_squares / input.rows;
  const double prior = fit.prior_variance[0];
  std::vector<double> expected;
  for (size_t j = 0; j < 8; ++j) {
    const double square = input.products[j * 8 + j];
    const double estimate = input.with_response[j] / square;
    const double variance = residual / square;
    // N(estimate; 0, variance + prior) / N(estimate; 0, variance)
    expected.push_back(std::sqrt(variance / (variance + prior)) *
                       std::exp(estimate * estimate / 2 * (1 / variance - 1 / (variance + prior))));
  }
  const double sum = std::accumulate(expected.begin(), expected.end(), 0.0);
  for (size_t j = 0; j < 8; ++j) {
    EXPECT_NEAR(fit.alpha[j], expected[j] / sum, 1e-9);
    const double square = input.products[j * 8 + j];
    EXPECT_NEAR(fit.mean[j], prior / (prior + residual / square) * input.with_response[j] / square,
                1e-9);
  }
}

TEST(SingleEffects, CovariatesAreTakenOutOfBothSides) {
  Linear linear(200, 5, {{1, 0.6}}, 13);
  RandomStream random(1, Purpose::kBenchmark);
  auto& column = linear.covariates.emplace_back(200);
  double mean = 0, squares = 0;
  for (double& x : column) mean += (x = random.normal()) / 200;
  for (double& x : column) squares += (x - mean) * (x - mean) / 200;
  for (double& x : column) x = (x - mean) / std::sqrt(squares);
  const auto before = linear.input();
  for (size_t i = 0; i < 200; ++i) linear.response[i] += 3 * column[i] - 2;
  const auto after = linear.input();
  for (size_t j = 0; j < 5; ++j) {
    EXPECT_NEAR(before.with_response[j], after.with_response[j], 1e-9);
    EXPECT_NEAR(after.products[j * 5 + j], after.rows, 1e-9);
  }
  EXPECT_NEAR(before.response_squares, after.response_squares, 1e-9);
  EXPECT_EQ(after.rows, 198);  // two covariates
}

TEST(SingleEffects, ProductsAreCorrelations) {
  const Linear linear(300, 4, {}, 17);
  const auto input = linear.input();
  for (size_t a = 0; a < 4; ++a) {
    for (size_t b = 0; b < 4; ++b) {
      std::vector<int32_t> both;
      std::set_intersection(linear.open[a].begin(), linear.open[a].end(), linear.open[b].begin(),
                            linear.open[b].end(), std::back_inserter(both));
      const double p = static_cast<double>(linear.open[a].size()) / 300;
      const double q = static_cast<double>(linear.open[b].size()) / 300;
      const double r =
          (static_cast<double>(both.size()) / 300 - p * q) / std::sqrt(p * (1 - p) * q * (1 - q));
      EXPECT_NEAR(input.products[a * 4 + b], r * input.rows, 1e-9);
    }
  }
}

TEST(SingleEffects, ConstantVariablesAndEmptyInputsAreNoTrouble) {
  Linear linear(100, 4, {{1, 1.0}}, 15);
  linear.open[3].resize(100);
  std::iota(linear.open[3].begin(), linear.open[3].end(), 0);
  const auto fit = fit_single_effects(linear.input());
  expect_probabilities(fit);
  EXPECT_LT(fit.inclusion[3], 0.1);
  EXPECT_TRUE(fit_single_effects({}).inclusion.empty());
}

}  // namespace
}  // namespace grids::core
