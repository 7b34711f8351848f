/// The state's regression, whose steps mostly take an earlier information, ends where the one with
/// Newton's steps does.
#include "cis/state_counts.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.hpp"
#include "cis/toy_windows.hpp"
#include "math/negative_binomial.hpp"

namespace grids::core {
namespace {

constexpr size_t kCells = 1501;  // no whole number of vectors
constexpr size_t kColumns = 6;   // nor of four columns

/// Counts of cells, a column of ones and normal ones of which the last follows the first.
struct Cells {
  std::vector<double> counts, offset, ridge = {0, 5, 5, 5, 5, 5};
  std::vector<std::vector<double>> columns = std::vector<std::vector<double>>(kColumns);

  explicit Cells(double mean, uint64_t seed) {
    RandomStream random(seed, Purpose::kBenchmark);
    for (size_t i = 0; i < kCells; ++i) {
      double log_mean = std::log(mean);
      for (size_t j = 0; j < kColumns; ++j) {
        columns[j].push_back(j == 0 ? 1 : random.normal());
        if (j == kColumns - 1) columns[j][i] += columns[1][i];
        if (j > 0) log_mean += (j % 2 == 0 ? 0.4 : -0.3) * columns[j][i];
      }
      offset.push_back(0.5 * random.normal());
      counts.push_back(draw_count(random, std::exp(offset.back() + log_mean)));
    }
  }

  std::vector<std::span<const double>> spans() const { return {columns.begin(), columns.end()}; }
  StateCounts rows() const { return {counts, offset, spans(), ridge}; }

  /// Penalised log likelihood, by its definition.
  double objective(const std::vector<double>& coefficients, double dispersion) const {
    std::vector<double> mean;
    for (size_t i = 0; i < kCells; ++i) {
      double log_mean = offset[i];
      for (size_t j = 0; j < kColumns; ++j) log_mean += coefficients[j] * columns[j][i];
      mean.push_back(std::exp(log_mean));
    }
    double value = negative_binomial_log_likelihood(counts, mean, dispersion);
    for (size_t j = 0; j < kColumns; ++j) {
      value -= ridge[j] * coefficients[j] * coefficients[j] / 2;
    }
    return value;
  }

  NegativeBinomialFit by_newton(std::optional<double> dispersion) const {
    NegativeBinomialOptions options;
    options.ridge = ridge;
    if (dispersion) {
      options.rule = DispersionRule::kGiven;
      options.dispersion = *dispersion;
    }
    return fit_negative_binomial({counts, offset, spans()}, options);
  }
};

/// Steps end where they promise 1e-6, of which an information that is a third off misses little.
constexpr double kOfObjective = 3e-6;

TEST(StateCounts, EndsWhereNewtonsMethodDoesFromWhereverItStarts) {
  for (const double mean : {0.05, 1.0, 40.0}) {
    const Cells cells(mean, 3);
    const auto newton = cells.by_newton(0.6);
    const double reached = cells.objective(newton.coefficients, 0.6);
    const std::vector<double> far = {2, -2, 1, 0, 3, -1};
    for (const auto& start : {std::vector<double>{}, newton.coefficients, far}) {
      const auto fit = fit_state_counts(cells.rows(), 0.6, {start, 0});
      EXPECT_EQ(fit.dispersion, 0.6);
      EXPECT_NEAR(cells.objective(fit.coefficients, 0.6), reached, kOfObjective) << mean;
    }
  }
}

TEST(StateCounts, FindsTheLikeliestDispersionFromWhereverItStarts) {
  for (const double mean : {0.3, 2.0, 40.0}) {
    const Cells cells(mean, 4);
    const auto newton = cells.by_newton(std::nullopt);
    const double reached = cells.objective(newton.coefficients, newton.dispersion);
    for (const double dispersion : {0.5, 1e-3, 50.0}) {
      const auto fit = fit_state_counts(cells.rows(), std::nullopt, {{}, dispersion});
      // Rounds end where it moves by a ten thousandth.
      EXPECT_NEAR(fit.dispersion, newton.dispersion, 2e-4 * newton.dispersion) << mean;
      EXPECT_NEAR(cells.objective(fit.coefficients, fit.dispersion), reached, kOfObjective) << mean;
    }
  }
}

TEST(StateCounts, WithoutAnyCountsEnd) {
  Cells cells(1, 5);
  std::fill(cells.counts.begin(), cells.counts.end(), 0.0);
  const auto fit = fit_state_counts(cells.rows(), std::nullopt, {{}, 0.5});
  for (const double value : fit.coefficients) EXPECT_TRUE(std::isfinite(value));
}

}  // namespace
}  // namespace grids::core
