#include "math/least_squares.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"

namespace grids::core {
namespace {

using Columns = std::vector<std::vector<double>>;

Columns drawn_columns(size_t count, size_t rows, uint64_t seed) {
  RandomStream random(seed, Purpose::kBenchmark);
  Columns columns(count, std::vector<double>(rows, 1.0));
  for (size_t j = 1; j < count; ++j) {
    for (double& value : columns[j]) value = 3 + random.normal();
  }
  return columns;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

TEST(OrthogonalColumns, AreOrthogonalOfMeanSquareOneAndSpanTheSame) {
  constexpr size_t kRows = 50;
  auto columns = drawn_columns(4, kRows, 1);
  columns.push_back(columns[2]);  // depends on an earlier one
  const auto orthogonal = orthogonal_columns(columns);
  ASSERT_EQ(orthogonal.size(), 4u);
  EXPECT_EQ(orthogonal[0], columns[0]);
  for (size_t i = 0; i < 4; ++i) {
    for (size_t j = 0; j < 4; ++j) {
      EXPECT_NEAR(dot(orthogonal[i], orthogonal[j]) / kRows, i == j ? 1 : 0, 1e-12);
    }
  }
  const ColumnSpace space(orthogonal);
  for (auto column : columns) {
    space.remove_from(column);
    EXPECT_NEAR(dot(column, column), 0, 1e-20 * kRows);
  }
}

TEST(OrthogonalColumns, OfTheOnesAloneAreTheOnes) {
  const auto ones = drawn_columns(1, 7, 1);
  EXPECT_EQ(orthogonal_columns(ones), ones);
  EXPECT_THAT(orthogonal_columns({{}}), ::testing::IsEmpty());
}

TEST(SolvePositiveDefinite, GivesForEachRightSideWhatItTimesTheMatrixIs) {
  constexpr int64_t kSize = 5, kSides = 3;
  const auto columns = drawn_columns(kSize, 20, 2);
  std::vector<double> a(kSize * kSize);
  for (size_t i = 0; i < kSize; ++i) {
    for (size_t j = 0; j < kSize; ++j) a[i * kSize + j] = dot(columns[i], columns[j]);
  }
  RandomStream random(3, Purpose::kBenchmark);
  std::vector<double> sides(kSize * kSides);
  for (double& value : sides) value = random.normal();
  auto x = sides;
  solve_positive_definite(a, kSize, x, kSides);
  for (size_t i = 0; i < kSize; ++i) {
    for (size_t s = 0; s < kSides; ++s) {
      double sum = 0;
      for (size_t k = 0; k < kSize; ++k) sum += a[i * kSize + k] * x[k * kSides + s];
      // The condition number of some 1e3 times the rounding of sums near 1e2.
      EXPECT_NEAR(sum, sides[i * kSides + s], 1e-9);
    }
  }
}

TEST(SolvePositiveDefinite, RefusesAMatrixThatIsNot) {
  std::vector<double> b = {1, 1};
  EXPECT_THROW(solve_positive_definite({1, 2, 2, 4}, 2, b, 1), Error);
  EXPECT_THROW(solve_positive_definite({1, 2, 2, 3}, 2, b, 1), Error);
}

}  // namespace
}  // namespace grids::core
