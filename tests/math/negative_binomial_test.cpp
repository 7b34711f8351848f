#include "math/negative_binomial.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/error.hpp"
#include "base/random.hpp"

namespace grids::core {
namespace {

/// Counts drawn from the model itself: an intercept, two covariates, unequal exposures.
struct Drawn {
  std::vector<double> ones, a, b, offset, counts;

  CountRows rows() const { return {counts, offset, {ones, a, b}}; }
};

constexpr double kTruth[] = {0.3, 0.7, -0.5};

Drawn draw(size_t rows, double dispersion, uint64_t seed) {
  RandomStream random(seed, Purpose::kBenchmark);
  Drawn d;
  for (size_t i = 0; i < rows; ++i) {
    d.ones.push_back(1);
    d.a.push_back(random.normal());
    d.b.push_back(random.uniform() < 0.3 ? 1 : 0);
    d.offset.push_back(0.5 * random.normal());
    const double mean =
        std::exp(d.offset.back() + kTruth[0] + kTruth[1] * d.a.back() + kTruth[2] * d.b.back());
    double rate = mean;
    if (dispersion > 0) {
      std::gamma_distribution<double> gamma(1 / dispersion, dispersion * mean);
      rate = gamma(random);
    }
    std::poisson_distribution<int> poisson(std::max(rate, 1e-12));
    d.counts.push_back(poisson(random));
  }
  return d;
}

NegativeBinomialOptions given(double dispersion) {
  NegativeBinomialOptions options;
  options.rule = DispersionRule::kGiven;
  options.dispersion = dispersion;
  return options;
}

TEST(NegativeBinomial, TheGradientIsZeroAtTheOptimumAndTheValueFallsAroundIt) {
  const auto d = draw(400, 0.6, 1);
  auto options = given(0.6);
  options.tolerance = 1e-14;
  for (const bool with_ridge : {false, true}) {
    options.ridge = with_ridge ? std::vector<double>{0, 5, 5} : std::vector<double>{};
    const auto fit = fit_negative_binomial(d.rows(), options);
    ASSERT_TRUE(fit.converged);
    const auto value = [&](std::vector<double> c) {
      std::vector<double> mean;
      for (size_t i = 0; i < 400; ++i) {
        mean.push_back(std::exp(d.offset[i] + c[0] + c[1] * d.a[i] + c[2] * d.b[i]));
      }
      double v = negative_binomial_log_likelihood(d.counts, mean, 0.6);
      for (size_t j = 0; with_ridge && j < 3; ++j) v -= options.ridge[j] * c[j] * c[j] / 2;
      return v;
    };
    const double best = value(fit.coefficients);
    for (size_t j = 0; j < 3; ++j) {
      auto up = fit.coefficients, down = fit.coefficients;
      up[j] += 1e-4;
      down[j] -= 1e-4;
      // Central difference: error about h² times the third derivative (≤ 400 · 1e-8), and rounding
      // of values about 500 by 1e-13 over 2e-4.
      EXPECT_NEAR((value(up) - value(down)) / 2e-4, 0, 1e-5);
      EXPECT_LT(value(up), best);
      EXPECT_LT(value(down), best);
    }
  }
}

TEST(NegativeBinomial, PlantedCoefficientsLieWithinTheirStandardErrors) {
  // Squared standardised errors of 3 coefficients over 60 seeds: mean 1, standard error
  // √(2 / 180) = 0.105; four of them.
  for (const auto rule : {DispersionRule::kLikelihood, DispersionRule::kMoments}) {
    double model = 0, sandwich = 0, dispersion = 0;
    for (uint64_t seed = 1; seed <= 60; ++seed) {
      const auto d = draw(800, 0.5, seed);
      NegativeBinomialOptions options;
      options.rule = rule;
      const auto rows = d.rows();
      const auto fit = fit_negative_binomial(rows, options);
      const auto v = model_covariance(rows, fit), s = sandwich_covariance(rows, fit);
      for (size_t j = 0; j < 3; ++j) {
        const double error = fit.coefficients[j] - kTruth[j];
        model += error * error / v[j * 3 + j] / 180;
        sandwich += error * error / s[j * 3 + j] / 180;
      }
      dispersion += fit.dispersion / 60;
    }
    EXPECT_NEAR(model, 1, 0.42);
    EXPECT_NEAR(sandwich, 1, 0.42);
    // The mean of 60 estimates that scatter by about 0.08 each, and a bias of order 1/n.
    EXPECT_NEAR(dispersion, 0.5, 0.05);
  }
}

TEST(NegativeBinomial, TheLikelihoodRuleMaximisesTheLikelihood) {
  const auto d = draw(500, 0.8, 3);
  const auto fit = fit_negative_binomial(d.rows());
  for (const double factor : {0.9, 0.99, 1.01, 1.1}) {
    const auto other = fit_negative_binomial(d.rows(), given(factor * fit.dispersion));
    EXPECT_LT(other.log_likelihood, fit.log_likelihood) << factor;
  }
}

TEST(NegativeBinomial, IsPoissonAtDispersionZero) {
  const auto d = draw(300, 0, 4);
  const auto zero = fit_negative_binomial(d.rows(), given(0));
  double likelihood = 0;
  for (size_t i = 0; i < 300; ++i) {
    const double y = d.counts[i], m = zero.mean[i];
    likelihood += y * std::log(m) - m - std::lgamma(y + 1);
  }
  EXPECT_NEAR(zero.log_likelihood, likelihood, 1e-9);
  // With an intercept, the fitted means of Poisson sum to the counts.
  double rest = 0;
  for (size_t i = 0; i < 300; ++i) rest += d.counts[i] - zero.mean[i];
  EXPECT_NEAR(rest, 0, 1e-6);
  // The limit is smooth: a tiny dispersion changes results in proportion.
  const auto tiny = fit_negative_binomial(d.rows(), given(1e-6));
  EXPECT_NEAR(tiny.log_likelihood, zero.log_likelihood, 1e-2);
  for (size_t j = 0; j < 3; ++j) EXPECT_NEAR(tiny.coefficients[j], zero.coefficients[j], 1e-4);
  // Counts without overdispersion are given the least: half of the estimates would lie below 0.
  EXPECT_LT(fit_negative_binomial(d.rows()).dispersion, 0.05);
}

TEST(NegativeBinomial, AnInterceptAloneBeginsAtItsPoissonOptimum) {
  const auto d = draw(200, 0, 8);
  double counts = 0, exposure = 0;
  for (size_t i = 0; i < d.counts.size(); ++i) {
    counts += d.counts[i];
    exposure += std::exp(d.offset[i]);
  }
  const auto fit = fit_negative_binomial({d.counts, d.offset, {d.ones}}, given(0));
  EXPECT_TRUE(fit.converged);
  EXPECT_EQ(fit.steps, 1);  // which finds nothing left to gain
  EXPECT_NEAR(fit.coefficients.at(0), std::log(counts / exposure), 1e-12);
}

TEST(NegativeBinomial, SandwichIsTheOneComputedByHand) {
  // Intercept only, Poisson: the mean is 2 for counts 0, 1, 2, 5, so scores are −2, −1, 0, 3 and
  // the information is 8. Rows: (4 + 1 + 9) / 64 · 4/3. Clusters {0, 1}, {2, 3}: sums −3, 3, so 18
  // / 64 · 2.
  const std::vector<double> counts = {0, 1, 2, 5}, offset(4, 0.0), ones(4, 1.0);
  const CountRows rows{counts, offset, {ones}};
  const auto fit = fit_negative_binomial(rows, given(0));
  EXPECT_NEAR(fit.coefficients[0], std::log(2.0), 1e-9);
  EXPECT_NEAR(model_covariance(rows, fit)[0], 1.0 / 8, 1e-9);
  EXPECT_NEAR(sandwich_covariance(rows, fit)[0], 14.0 / 64 * 4 / 3, 1e-9);
  const std::vector<int32_t> clusters = {0, 0, 3, 3};  // codes need not be dense
  EXPECT_NEAR(sandwich_covariance(rows, fit, clusters)[0], 18.0 / 64 * 2, 1e-9);
  const std::vector<int32_t> one(4, 0);
  EXPECT_TRUE(std::isnan(sandwich_covariance(rows, fit, one)[0]));
  // Dispersion 0.5: weights of the score and of the information are both halved at mean 2.
  const auto wide = fit_negative_binomial(rows, given(0.5));
  EXPECT_NEAR(model_covariance(rows, wide)[0], 1.0 / 4, 1e-9);
  EXPECT_NEAR(sandwich_covariance(rows, wide)[0], (14.0 / 4) / 16 * 4 / 3, 1e-9);
}

TEST(NegativeBinomial, DependentColumnsAreHeldAtZero) {
  const auto d = draw(200, 0.5, 5);
  std::vector<double> sum(200);
  for (size_t i = 0; i < 200; ++i) sum[i] = 2 * d.a[i] - d.ones[i];
  const std::vector<double> nothing(200, 0.0);
  auto rows = d.rows();
  const auto plain = fit_negative_binomial(rows);
  rows.columns.insert(rows.columns.begin() + 2, sum);
  rows.columns.push_back(nothing);
  const auto fit = fit_negative_binomial(rows);
  EXPECT_EQ(fit.aliased, (std::vector<uint8_t>{0, 0, 1, 0, 1}));
  EXPECT_EQ(fit.coefficients[2], 0);
  EXPECT_EQ(fit.coefficients[4], 0);
  EXPECT_NEAR(fit.coefficients[1], plain.coefficients[1], 1e-5);
  EXPECT_NEAR(fit.log_likelihood, plain.log_likelihood, 1e-8);
  EXPECT_EQ(model_covariance(rows, fit)[2 * 5 + 2], 0);
}

TEST(NegativeBinomial, AGroupWithoutCountsEndsWithAFiniteFit) {
  auto d = draw(200, 0.5, 6);
  for (size_t i = 0; i < 200; ++i) {
    if (d.b[i] == 1) d.counts[i] = 0;
  }
  const auto fit = fit_negative_binomial(d.rows());
  for (const double c : fit.coefficients) EXPECT_TRUE(std::isfinite(c));
  EXPECT_LT(fit.coefficients[2], -5);
  EXPECT_TRUE(std::isfinite(fit.log_likelihood));
  const std::vector<double> none(200, 0.0);
  const auto empty = fit_negative_binomial({none, d.offset, {d.ones, d.a}});
  EXPECT_TRUE(std::isfinite(empty.deviance));
  EXPECT_NEAR(empty.deviance, 0, 1e-3);
}

TEST(NegativeBinomial, DevianceIsTwiceTheLostLogLikelihood) {
  const std::vector<double> counts = {0, 1, 7, 2.5}, mean = {0.4, 2.5, 3, 2.5};
  for (const double phi : {0.0, 1e-4, 0.7, 20.0}) {
    double deviance = 0;
    for (size_t i = 0; i < 4; ++i) deviance += negative_binomial_deviance(counts[i], mean[i], phi);
    std::vector<double> best = counts;
    best[0] = 1e-12;  // the likelihood of mean = count = 0 is 1
    const double lost = negative_binomial_log_likelihood(counts, best, phi) -
                        negative_binomial_log_likelihood(counts, mean, phi);
    EXPECT_NEAR(deviance, 2 * lost, 1e-8) << phi;
  }
}

TEST(NegativeBinomial, LikelihoodIsADistribution) {
  for (const double phi : {0.0, 0.3, 2.0}) {
    double sum = 0, first = 0;
    for (int y = 0; y < 1500; ++y) {
      const std::vector<double> count = {static_cast<double>(y)}, mean = {3.0};
      const double p = std::exp(negative_binomial_log_likelihood(count, mean, phi));
      sum += p;
      first += y * p;
    }
    EXPECT_NEAR(sum, 1, 1e-9);
    EXPECT_NEAR(first, 3, 1e-8);
  }
}

TEST(NegativeBinomial, BadOptionsAreToldAllAtOnce) {
  NegativeBinomialOptions options;
  options.dispersion = -1;
  options.ridge = {1};
  options.tolerance = 0;
  try {
    options.validate(2);
    FAIL();
  } catch (const Error& error) {
    const std::string text = error.what();
    for (const char* part : {"dispersion is -1", "1 ridge penalties for 2", "tolerance is 0"}) {
      EXPECT_NE(text.find(part), std::string::npos) << text;
    }
  }
}

}  // namespace
}  // namespace grids::core
