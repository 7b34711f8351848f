#include "math/dispersion.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "base/random.hpp"
#include "math/negative_binomial.hpp"

namespace grids::core {
namespace {

struct Counts {
  std::vector<double> counts, mean;
};

/// Means around `level`, spread over two orders of magnitude; Poisson where the dispersion is 0.
Counts draw_counts(size_t rows, double level, double dispersion, uint64_t seed) {
  RandomStream random(seed, Purpose::kBenchmark);
  Counts drawn;
  for (size_t i = 0; i < rows; ++i) {
    const double mean = level * std::exp(random.normal());
    double rate = mean;
    if (dispersion > 0) {
      std::gamma_distribution<double> gamma(1 / dispersion, dispersion * mean);
      rate = gamma(random);
    }
    std::poisson_distribution<int> poisson(std::max(rate, 1e-12));
    drawn.counts.push_back(poisson(random));
    drawn.mean.push_back(mean);
  }
  return drawn;
}

/// The root by bisection in the log, or the bound that it lies beyond.
template <typename Function>
double bisected(const Function& falling, double low, double high) {
  if (falling(low) <= 0) return low;
  if (falling(high) >= 0) return high;
  double a = std::log(low), b = std::log(high);
  for (int step = 0; step < 60; ++step) {
    const double middle = (a + b) / 2;
    (falling(std::exp(middle)) > 0 ? a : b) = middle;
  }
  return std::exp((a + b) / 2);
}

/// The derivative of the log likelihood with respect to φ, term by term.
double likelihood_slope(const Counts& drawn, double phi) {
  double sum = 0;
  for (size_t i = 0; i < drawn.counts.size(); ++i) {
    const double y = drawn.counts[i], spread = phi * drawn.mean[i];
    for (double k = 1; k < y; ++k) sum += k / (1 + phi * k);
    const double rest = spread < 1e-3 ? spread * spread * (0.5 - spread * (2.0 / 3 - 0.75 * spread))
                                      : std::log1p(spread) - spread / (1 + spread);
    sum += rest / (phi * phi) - y * drawn.mean[i] / (1 + spread);
  }
  return sum;
}

double pearson_excess(const Counts& drawn, double freedom, double phi) {
  double sum = -freedom;
  for (size_t i = 0; i < drawn.counts.size(); ++i) {
    const double rest = drawn.counts[i] - drawn.mean[i];
    sum += rest * rest / (drawn.mean[i] * (1 + phi * drawn.mean[i]));
  }
  return sum;
}

/// Calls `check` on counts of all kinds: rare and frequent, even and bursting, few rows and many.
template <typename Check>
void for_counts_of_all_kinds(const Check& check) {
  uint64_t seed = 1;
  for (const size_t rows : {size_t{20}, size_t{700}}) {
    for (const double level : {0.01, 0.3, 4.0, 300.0}) {
      for (const double dispersion : {0.0, 0.02, 0.5, 5.0, 60.0}) {
        for (int repeat = 0; repeat < 4; ++repeat) {
          check(draw_counts(rows, level, dispersion, ++seed));
        }
      }
    }
  }
}

// Rounding of the sums moves either root: by 1e-16 of their terms over their slope.
constexpr double kRootsAgree = 1e-8;

TEST(Dispersion, OfTheLikelihoodIsTheRootOfItsDerivative) {
  int inside = 0, least = 0, largest = 0;
  for_counts_of_all_kinds([&](const Counts& drawn) {
    const double expected =
        bisected([&](double phi) { return likelihood_slope(drawn, phi); }, 1e-3, 100);
    const double found = likelihood_dispersion(drawn.counts, drawn.mean, 1e-3, 100);
    EXPECT_NEAR(found / expected, 1, kRootsAgree) << expected;
    (expected == 1e-3 ? least : expected == 100 ? largest : inside) += 1;
  });
  // All three cases were met.
  EXPECT_GT(inside, 50);
  EXPECT_GT(least, 5);
  EXPECT_GT(largest, 0);
}

TEST(Dispersion, OfMomentsIsWherePearsonsSumIsItsDegreesOfFreedom) {
  int inside = 0;
  for_counts_of_all_kinds([&](const Counts& drawn) {
    const double freedom = static_cast<double>(drawn.counts.size()) - 3;
    const double expected =
        bisected([&](double phi) { return pearson_excess(drawn, freedom, phi); }, 1e-4, 1e3);
    const double found = moment_dispersion(drawn.counts, drawn.mean, freedom, 1e-4, 1e3);
    EXPECT_NEAR(found / expected, 1, kRootsAgree) << expected;
    inside += expected > 1e-4 && expected < 1e3 ? 1 : 0;
  });
  EXPECT_GT(inside, 50);
}

TEST(Dispersion, WithoutCountsIsABound) {
  const std::vector<double> none(30, 0.0), mean(30, 0.5);
  // Nothing but zeros where half a count is expected: the burstier the likelier.
  EXPECT_EQ(likelihood_dispersion(none, mean, 1e-3, 100), 100);
  const std::vector<double> ones(30, 1.0);
  EXPECT_EQ(likelihood_dispersion(ones, ones, 1e-3, 100), 1e-3);
}

}  // namespace
}  // namespace grids::core
