#include "math/statistics.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "base/random.hpp"
#include "base/thread_pool.hpp"

namespace grids::core {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void expect_relative(double value, double expected, double tolerance) {
  EXPECT_NEAR(value / expected, 1, tolerance) << value << " instead of " << expected;
}

// Where threads share anything, the thread sanitizer says so.
TEST(LogGamma, IsTheLibrarysToTheLastBitInEveryThread) {
  std::array<double, 400> values;
  ThreadPool pool(2);
  pool.for_each(400, [&](int64_t i) {
    values[static_cast<size_t>(i)] = log_gamma(0.01 + 0.37 * static_cast<double>(i));
  });
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(values[i], std::lgamma(0.01 + 0.37 * static_cast<double>(i)));
  }
}

// References: series in 60 decimal digits. 1e-13: a few roundings of erfc's argument, squared.
TEST(Normal, TailKeepsItsDigitsFarOut) {
  for (const auto& [z, tail] : {std::pair{0.5, 3.08537538725986882e-01},
                                {1.5, 6.68072012688580713e-02},
                                {3.0, 1.34989803163009458e-03},
                                {6.0, 9.86587645037698091e-10},
                                {9.0, 1.12858840595384054e-19}}) {
    expect_relative(normal_upper_tail(z), tail, 1e-13);
    expect_relative(normal_upper_tail(-z), 1 - tail, 1e-15);
  }
}

TEST(Normal, QuantileInvertsTheTail) {
  EXPECT_NEAR(normal_upper_quantile(0.025), 1.959963984540054, 1e-14);
  EXPECT_NEAR(normal_upper_quantile(0.5), 0, 1e-15);
  // The relative rounding of p moves z by p / density < 1 / z times that.
  for (double p = 0.5; p > 1e-300; p *= 0.37) {
    expect_relative(normal_upper_tail(normal_upper_quantile(p)), p, 1e-12);
  }
  EXPECT_EQ(normal_upper_quantile(0.9), -normal_upper_quantile(1 - 0.9));
  EXPECT_EQ(normal_upper_quantile(0), kInfinity);
  EXPECT_TRUE(std::isnan(normal_upper_quantile(1.5)));
}

// References: closed forms for whole degrees of freedom, in 60 decimal digits.
TEST(Student, TailAgreesWithClosedForms) {
  for (const auto& [t, freedom, tail] : {std::tuple{0.3, 1.0, 4.07226420922257637e-01},
                                         {2.5, 1.0, 1.21118941590843396e-01},
                                         {1.2, 2.0, 1.76501680389684751e-01},
                                         {6.3, 5.0, 7.41210842763664695e-04},
                                         {40.0, 9.0, 9.49149922466991258e-12},
                                         {3.5, 120.0, 3.26903869930937586e-04}}) {
    expect_relative(student_upper_tail(t, freedom), tail, 1e-12);  // lgamma's rounding, times 100
    expect_relative(student_upper_tail(-t, freedom), 1 - tail, 1e-12);
  }
  EXPECT_EQ(student_upper_tail(1.3, kInfinity), normal_upper_tail(1.3));
  // Normal but for t (t² + 1) / (4 freedom) of the density: 6e-6 of the tail.
  expect_relative(student_upper_tail(2, 1e6), normal_upper_tail(2), 1e-5);
  EXPECT_TRUE(std::isnan(student_upper_tail(1, 0)));
}

TEST(Student, QuantileInvertsTheTail) {
  EXPECT_NEAR(student_upper_quantile(0.05, 5), 2.0150483726691573, 1e-8);
  for (const double freedom : {1.0, 2.0, 7.5, 300.0}) {
    for (const double p : {0.4, 0.05, 1e-6, 0.7}) {
      expect_relative(student_upper_tail(student_upper_quantile(p, freedom), freedom), p, 1e-11);
    }
  }
}

TEST(IncompleteBeta, IsAPowerWhenOneParameterIsOneAndReflects) {
  for (const double x : {0.01, 0.3, 0.9}) {
    expect_relative(incomplete_beta(x, 3.5, 1), std::pow(x, 3.5), 1e-13);
    EXPECT_NEAR(incomplete_beta(x, 2.2, 7) + incomplete_beta(1 - x, 7, 2.2), 1, 1e-13);
  }
}

/// n values whose empirical distribution function is at most `distance` from uniform, and that far.
std::vector<double> values_at_distance(int n, double distance) {
  std::vector<double> values;
  for (int i = 1; i <= n; ++i) values.push_back(std::max(0.0, 1.0 * i / n - distance));
  return values;
}

// References: the exact distribution by the matrix of Marsaglia, Tsang & Wang (2003).
TEST(Uniform, KolmogorovSmirnovAgreesWithTheExactDistribution) {
  for (const auto& [n, distance, p] : {std::tuple{10, 0.3, 0.2705355748},
                                       {10, 0.41, 0.0493207578},
                                       {10, 0.5, 0.0077774100},
                                       {20, 0.15, 0.7044671549},
                                       {50, 0.1, 0.6623112705},
                                       {50, 0.2, 0.0314387778},
                                       {50, 0.25, 0.0030657620}}) {
    const auto test = test_uniform(values_at_distance(n, distance));
    EXPECT_NEAR(test.distance, distance, 1e-12);
    EXPECT_NEAR(test.p, p, p < 0.1 ? 0.001 : 0.02);  // what the header promises
  }
  EXPECT_TRUE(std::isnan(test_uniform({}).p));
}

TEST(Uniform, KolmogorovSmirnovSeesADifferenceAndAcceptsUniforms) {
  RandomStream random(1, Purpose::kBenchmark);
  std::vector<double> uniform;
  std::vector<double> bent;
  for (int i = 0; i < 1000; ++i) {
    uniform.push_back(random.uniform());
    bent.push_back(uniform.back() * uniform.back());
  }
  EXPECT_GT(test_uniform(uniform).p, 0.01);  // one seed in a hundred would fail; this one is fixed
  EXPECT_LT(test_uniform(bent).p, 1e-12);    // distance ¼: λ ≈ 8
}

TEST(BenjaminiHochberg, FollowsItsDefinition) {
  const double nan = std::nan("");
  const std::array p = {0.04, 0.01, nan, 0.03, 0.9, 0.01};
  // Five tests: sorted 0.01, 0.01, 0.03, 0.04, 0.9; times 5 / rank: 0.05, 0.025, 0.05, 0.05, 0.9.
  const auto q = benjamini_hochberg(p);
  const std::array expected = {0.05, 0.025, nan, 0.05, 0.9, 0.025};
  for (size_t i = 0; i < p.size(); ++i) {
    if (std::isnan(expected[i])) {
      EXPECT_TRUE(std::isnan(q[i]));
    } else {
      EXPECT_NEAR(q[i], expected[i], 1e-15);
    }
  }
}

}  // namespace
}  // namespace grids::core
