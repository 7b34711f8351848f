#include "cis/state_part.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/at.hpp"
#include "cis/toy_windows.hpp"

namespace grids::core {
namespace {

/// Rows of two types in three batches with an intercept, a type, two batches and one latent.
struct BatchedRows {
  CisRows rows;

  explicit BatchedRows(size_t count, uint64_t seed, bool without_last = false) {
    RandomStream random(seed, Purpose::kBenchmark);
    rows.state.assign(5, std::vector<double>(count));
    rows.batches_and_types = 6;
    rows.log_exposure.assign(count, 0);
    for (size_t i = 0; i < count; ++i) {
      rows.cells.push_back(static_cast<int32_t>(i));
      rows.type.push_back(i < count / 2 ? 0 : 1);
      auto batch = static_cast<int32_t>(random.below(3));
      if (without_last && rows.type.back() == 1) batch = static_cast<int32_t>(random.below(2));
      rows.batch_and_type.push_back(2 * batch + rows.type.back());
      rows.state[0][i] = 1;
      rows.state[1][i] = rows.type.back();
      rows.state[2][i] = batch == 1 ? 1 : 0;
      rows.state[3][i] = batch == 2 ? 1 : 0;
      rows.state[4][i] = random.normal();
    }
  }

  /// Log rates by type, batch and latent, and what is added for a batch in a type.
  std::vector<double> counts(const std::vector<double>& within, uint64_t seed) const {
    RandomStream random(seed, Purpose::kBenchmark);
    std::vector<double> result;
    for (size_t i = 0; i < rows.size(); ++i) {
      const double log_rate = 0.2 + 0.4 * rows.state[1][i] - 0.3 * rows.state[2][i] +
                              0.2 * rows.state[3][i] + 0.3 * rows.state[4][i];
      result.push_back(draw_count(random, std::exp(log_rate + within[at(rows.batch_and_type[i])])));
    }
    return result;
  }
};

constexpr double kRidge = 50;

TEST(StatePart, BatchesWithinTypesAreFittedTogetherWithTheColumns) {
  // Law: the fit is the maximum of one likelihood under both priors. A step of Newton's from it is
  // short, in what batches add as in the columns: a hundredth of a log rate, because turns move
  // slowly between a batch's column and its types, which only the priors tell apart.
  const BatchedRows batched(1200, 1);
  const auto& rows = batched.rows;
  const auto counts = batched.counts({0.5, -0.5, 0, 0, -0.3, 0.3}, 2);
  const auto fit =
      StateDesign(rows, CisResponse::kCounts, kRidge).fit(rows, counts, rows.state.size());
  ASSERT_EQ(fit.coefficients.size(), 11u);
  const auto log_mean = state_values(rows, fit.coefficients);
  std::vector<double> score(6), information(6, 1 / (kBatchWithinType * kBatchWithinType));
  double of_latent = 0, squares = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const double mean = std::exp(log_mean[i]), spread = 1 + fit.dispersion * mean;
    score[at(rows.batch_and_type[i])] += (counts[i] - mean) / spread;
    information[at(rows.batch_and_type[i])] +=
        mean * (1 + fit.dispersion * counts[i]) / (spread * spread);
    of_latent += rows.state[4][i] * (counts[i] - mean) / spread;
    squares += rows.state[4][i] * rows.state[4][i] / static_cast<double>(rows.size());
  }
  for (size_t pair = 0; pair < 6; ++pair) {
    const double u = fit.coefficients[5 + pair];
    const double rest = score[pair] - u / (kBatchWithinType * kBatchWithinType);
    EXPECT_LT(std::abs(rest / information[pair]), 0.02) << pair;
  }
  EXPECT_NEAR(of_latent, kRidge * squares * fit.coefficients[4], 1);  // of some 400 counts
}

TEST(StatePart, BatchesWithinTypesAreFoundAndShrunk) {
  const std::vector<double> planted = {0.4, -0.4, 0, 0, -0.4, 0.4};
  const BatchedRows many(6000, 3), few(60, 3);
  const auto of = [&](const BatchedRows& batched) {
    const auto counts = batched.counts(planted, 4);
    const auto fit =
        StateDesign(batched.rows, CisResponse::kCounts, kRidge).fit(batched.rows, counts, SIZE_MAX);
    return std::vector<double>(fit.coefficients.begin() + 5, fit.coefficients.end());
  };
  // Of two types in a batch one has more and the other less than the batch as a whole.
  const auto found = of(many);
  for (size_t batch = 0; batch < 3; ++batch) {
    const double between = found[2 * batch] - found[2 * batch + 1];
    EXPECT_NEAR(between, planted[2 * batch] - planted[2 * batch + 1], 0.2) << batch;
  }
  // Ten rows each, with a count or two: about half a prior deviation at most.
  for (const double u : of(few)) EXPECT_LT(std::abs(u), 2 * kBatchWithinType);
}

TEST(StatePart, APairWithoutRowsSaysNothing) {
  const BatchedRows batched(600, 5, true);
  const auto counts = batched.counts({0.3, 0, 0, 0, 0, 0}, 6);
  for (const auto response : {CisResponse::kCounts, CisResponse::kLogValues}) {
    const auto fit =
        StateDesign(batched.rows, response, kRidge).fit(batched.rows, counts, SIZE_MAX);
    EXPECT_EQ(fit.coefficients.back(), 0);  // the last batch in the second type
    for (const double value : fit.coefficients) EXPECT_TRUE(std::isfinite(value));
  }
}

TEST(StatePart, ABatchThatIsTheTypeBreaksNothing) {
  BatchedRows batched(600, 7);
  auto& rows = batched.rows;
  for (size_t i = 0; i < rows.size(); ++i) {
    rows.state[2][i] = rows.state[1][i];
    rows.state[3][i] = 0;
    rows.batch_and_type[i] = 3 * rows.type[i];
  }
  const auto counts = batched.counts(std::vector<double>(6, 0.0), 8);
  const auto fit = StateDesign(rows, CisResponse::kCounts, kRidge).fit(rows, counts, SIZE_MAX);
  for (const double value : fit.coefficients) EXPECT_TRUE(std::isfinite(value));
  // What type and batch share is predicted, whichever has it.
  const auto log_mean = state_values(rows, fit.coefficients);
  double observed = 0, expected = 0;
  for (size_t i = 300; i < 600; ++i) {
    observed += counts[i];
    expected += std::exp(log_mean[i]);
  }
  EXPECT_NEAR(expected / observed, 1, 0.05);
}

TEST(StatePart, ABatchWithoutRowsIsTakenForTheMeanOfTheOthers) {
  BatchedRows batched(3000, 11);
  auto& rows = batched.rows;
  rows.units = {{2, 4}};
  for (size_t i = 0; i < rows.size(); ++i) {  // the third batch's rows become the second's
    if (rows.state[3][i] == 0) continue;
    rows.state[3][i] = 0;
    rows.state[2][i] = 1;
    rows.batch_and_type[i] -= 2;
  }
  const auto counts = batched.counts(std::vector<double>(6, 0.0), 12);
  const auto fit = StateDesign(rows, CisResponse::kCounts, kRidge).fit(rows, counts, SIZE_MAX);
  double share = 0;
  for (const double x : rows.state[2]) share += x / 3000;
  EXPECT_LT(fit.coefficients[2], -0.1);  // −0.3 was planted
  EXPECT_NEAR(fit.coefficients[3], share * fit.coefficients[2], 1e-9);
}

TEST(StatePart, LatentsThatAreNotUsedHaveNoCoefficient) {
  const BatchedRows batched(600, 9);
  const auto counts = batched.counts({0.3, 0, 0, 0, -0.3, 0}, 10);
  const auto fit =
      StateDesign(batched.rows, CisResponse::kCounts, kRidge).fit(batched.rows, counts, 4);
  ASSERT_EQ(fit.coefficients.size(), 11u);
  EXPECT_EQ(fit.coefficients[4], 0);
  EXPECT_NE(fit.coefficients[5], 0);
}

}  // namespace
}  // namespace grids::core
