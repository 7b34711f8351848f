#include "math/penalised_regression.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/random.hpp"
#include "math/information.hpp"
#include "math/negative_binomial.hpp"
#include "methods/planted_cells.hpp"

namespace grids::core {
namespace {

using testing::planted_cells;

constexpr double kDispersion = 0.3;

PenalisedRows rows_of(const testing::PlantedCells& planted, size_t features, bool counts = true) {
  PenalisedRows rows;
  rows.counts = counts;
  rows.dispersion = counts ? kDispersion : 0;
  rows.response = counts ? planted.data.response : planted.data.normalised;
  static const std::vector<double> zeros(10'000);
  rows.offset = counts ? std::span<const double>(planted.measured.log_exposure)
                       : std::span(zeros).first(rows.response.size());
  rows.covariates = planted.measured.covariates;
  for (size_t j = 0; j < features; ++j) {
    rows.features.push_back(planted.measured.by_feature.row(static_cast<int64_t>(j)));
  }
  return rows;
}

/// The features as dense columns after the covariates.
std::vector<std::vector<double>> dense(const PenalisedRows& rows) {
  std::vector<std::vector<double>> columns(rows.covariates.begin(), rows.covariates.end());
  for (size_t j = 0; j < rows.features.size(); ++j) {
    auto& column = columns.emplace_back(rows.rows(), 0.0);
    for (size_t i = 0; i < rows.features[j].size(); ++i) {
      const bool valued = !rows.values.empty();
      column[static_cast<size_t>(rows.features[j][i])] =
          valued ? static_cast<double>(rows.values[j][i]) : 1;
    }
  }
  return columns;
}

void expect_unpenalised_fit(const PenalisedRows& rows) {
  PenalisedFit fit(rows, std::vector<double>(rows.rows(), 1.0));
  ASSERT_TRUE(fit.run(0));
  const auto columns = dense(rows);
  CountRows plain{rows.response, rows.offset, {columns.begin(), columns.end()}};
  NegativeBinomialOptions options;
  options.rule = DispersionRule::kGiven;
  options.dispersion = kDispersion;
  const auto expected = fit_negative_binomial(plain, options);
  ASSERT_TRUE(expected.converged);
  for (size_t j = 0; j < rows.features.size(); ++j) {
    // Gradients are at most 1e-6 a row, information above 0.01 a row: 1e-4 at worst.
    EXPECT_NEAR(fit.coefficients()[j], expected.coefficients[2 + j], 1e-4);
  }
  EXPECT_NEAR(fit.covariate_coefficients()[1], expected.coefficients[1], 1e-4);
}

TEST(PenalisedRegression, WithoutPenaltyItIsTheUnpenalisedFit) {
  const auto planted = planted_cells(600, 16, {0.7, -0.5, 0, 0.3}, 2);
  expect_unpenalised_fit(rows_of(*planted, 8));
}

TEST(PenalisedRegression, FeaturesMayHaveValues) {
  const auto planted = planted_cells(600, 16, {0.7, -0.5, 0, 0.3}, 2);
  auto rows = rows_of(*planted, 8);
  RandomStream random(5, Purpose::kBenchmark);
  for (const double unit : {1, 5}) {  // in another unit the steps must be others
    std::vector<std::vector<float>> values;
    for (const auto& feature : rows.features) {
      auto& mine = values.emplace_back();
      for (size_t i = 0; i < feature.size(); ++i) {
        mine.push_back(static_cast<float>(unit * (1 + 0.5 * random.normal())));
      }
    }
    rows.values.assign(values.begin(), values.end());
    expect_unpenalised_fit(rows);
  }
}

TEST(PenalisedRegression, WithoutPenaltyValuesGiveLeastSquares) {
  const auto planted = planted_cells(400, 16, {0.7, -0.5}, 4);
  const auto rows = rows_of(*planted, 6, false);
  PenalisedFit fit(rows, std::vector<double>(rows.rows(), 1.0));
  ASSERT_TRUE(fit.run(0));
  const auto columns = dense(rows);
  const std::vector<std::span<const double>> spans(columns.begin(), columns.end());
  auto expected = column_products(spans, rows.response);
  CholeskyFactor(weighted_products(spans, std::vector<double>(rows.rows(), 1.0))).solve(expected);
  for (size_t j = 0; j < 6; ++j) {
    EXPECT_NEAR(fit.coefficients()[j], expected[2 + j], 1e-4);  // as above
  }
}

TEST(PenalisedRegression, TheConditionsHoldAtEverySolution) {
  for (const bool counts : {true, false}) {
    const auto planted = planted_cells(500, 60, {0.9, 0, -0.7, 0, 0, 0.4}, 6);
    const auto rows = rows_of(*planted, 60, counts);
    std::vector<double> weight(rows.rows(), 1.0);
    for (size_t i = 0; i < weight.size(); i += 5) weight[i] = 0;
    PenalisedFit fit(rows, weight);
    size_t most = 0;
    for (const double penalty : {0.2, 0.05, 0.02, 0.005, 0.05}) {
      ASSERT_TRUE(fit.run(penalty));
      size_t moved = 0;
      const auto gradients = fit.feature_gradients();
      for (size_t j = 0; j < gradients.size(); ++j) {
        const double b = fit.coefficients()[j];
        if (b == 0) {
          EXPECT_LE(std::abs(gradients[j]), penalty + PenalisedFit::kTolerance);
        } else {
          ++moved;
          EXPECT_NEAR(gradients[j], b > 0 ? penalty : -penalty, PenalisedFit::kTolerance);
        }
      }
      for (const double gradient : fit.covariate_gradients()) {
        EXPECT_NEAR(gradient, 0, PenalisedFit::kTolerance);
      }
      most = std::max(most, moved);
    }
    EXPECT_GT(most, 3u);  // the conditions were tried on both kinds of features
    EXPECT_LT(most, 60u);
  }
}

TEST(PenalisedRegression, TheHeldOutDevianceIsThatOfRowsWithoutWeight) {
  const auto planted = planted_cells(400, 16, {0.7, -0.5}, 4);
  const auto rows = rows_of(*planted, 6, false);
  std::vector<double> weight(rows.rows(), 1.0);
  for (size_t i = 0; i < weight.size(); i += 3) weight[i] = 0;
  PenalisedFit fit(rows, weight);
  ASSERT_TRUE(fit.run(0.02));
  const auto columns = dense(rows);
  double squares = 0;
  for (size_t i = 0; i < weight.size(); i += 3) {
    double rest = rows.response[i];
    for (size_t k = 0; k < columns.size(); ++k) {
      rest -= columns[k][i] * (k < 2 ? fit.covariate_coefficients()[k] : fit.coefficients()[k - 2]);
    }
    squares += rest * rest;
  }
  EXPECT_NEAR(fit.held_out_deviance(), squares, 1e-9 * squares);
}

TEST(PenalisedRegression, ThePathHoldsCoefficientsOfFeaturesOfVarianceOne) {
  const auto planted = planted_cells(400, 16, {0.9, -0.7}, 4);
  const auto rows = rows_of(*planted, 6);
  Reporter reporter;
  ThreadPool pool(1);
  const auto path = penalty_path(rows, {}, 1, {7, pool, reporter});
  PenalisedFit fit(rows, std::vector<double>(rows.rows(), 1.0));
  ASSERT_TRUE(fit.run(path.penalty.back()));
  for (size_t j = 0; j < 6; ++j) {
    // As in WithoutPenaltyItIsTheUnpenalisedFit.
    EXPECT_NEAR(path.coefficients.back()[j], fit.coefficients()[j] * fit.scale()[j], 1e-4);
  }
}

TEST(PenalisedRegression, GradientsAreFiniteDifferencesOfTheObjective) {
  // At penalty p the objective's slope along the path is the norm (envelope theorem): a wrong
  // gradient or a wrong objective breaks it.
  const auto planted = planted_cells(500, 40, {0.9, 0, -0.7}, 8);
  const auto rows = rows_of(*planted, 40);
  PenalisedFit fit(rows, std::vector<double>(rows.rows(), 1.0));
  constexpr double kPenalty = 0.02, kStep = 1e-3;
  ASSERT_TRUE(fit.run(kPenalty - kStep));
  const double low = fit.objective(kPenalty - kStep);
  ASSERT_TRUE(fit.run(kPenalty + kStep));
  const double high = fit.objective(kPenalty + kStep);
  ASSERT_TRUE(fit.run(kPenalty));
  double norm = 0;
  for (size_t j = 0; j < 40; ++j) norm += fit.scale()[j] * std::abs(fit.coefficients()[j]);
  // The norm changes by some per cent over the step; central differences cancel the first order.
  EXPECT_NEAR((high - low) / (2 * kStep), norm, 0.02 * norm);
}

TEST(PenalisedRegression, ThePathFindsPlantedFeaturesInAnyNumberOfThreads) {
  std::vector<double> effects(50);
  effects[5] = 0.8;
  effects[31] = -0.8;
  const auto planted = planted_cells(1500, 100, effects, 11);
  const auto rows = rows_of(*planted, 50);
  Reporter reporter;
  std::vector<std::vector<double>> first;
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    const auto path = penalty_path(rows, {}, 1, {7, pool, reporter});
    EXPECT_TRUE(path.converged);
    ASSERT_EQ(path.penalty.size(), 50u);
    EXPECT_NEAR(path.penalty.back() / path.penalty.front(), 0.01, 1e-9);
    // Nothing has entered at the first penalty, up to the tolerance.
    for (const double b : path.coefficients[0]) EXPECT_NEAR(b, 0, 1e-4);
    for (const double deviance : path.held_out) {
      EXPECT_GE(deviance, path.held_out[path.chosen]);
    }
    const auto& chosen = path.coefficients[path.chosen];
    EXPECT_EQ(std::max_element(chosen.begin(), chosen.end()) - chosen.begin(), 5);
    EXPECT_EQ(std::min_element(chosen.begin(), chosen.end()) - chosen.begin(), 31);
    if (first.empty()) first = path.coefficients;
    EXPECT_EQ(path.coefficients, first);
    const auto again = penalty_path(rows, {}, 1, {7, pool, reporter});
    EXPECT_EQ(again.held_out, path.held_out);
    const auto other = penalty_path(rows, {}, 1, {8, pool, reporter});
    EXPECT_NE(other.held_out, path.held_out);  // other folds
  }
}

TEST(PenalisedRegression, WithoutFeaturesThePathIsOneStep) {
  const auto planted = planted_cells(100, 4, {}, 1);
  const auto rows = rows_of(*planted, 0);
  Reporter reporter;
  ThreadPool pool(1);
  const auto path = penalty_path(rows, {}, 1, {7, pool, reporter});
  EXPECT_EQ(path.penalty.size(), 1u);
  EXPECT_EQ(path.chosen, 0u);
}

}  // namespace
}  // namespace grids::core
