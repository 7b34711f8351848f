#include "math/symmetric_eigen.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/random.hpp"

namespace grids::core {
namespace {

/// The products of `rank` random rows of n numbers; `graded`: each row a tenth of the one before.
std::vector<double> random_products(int64_t n, int64_t rank, bool graded) {
  RandomStream random(3, Purpose::kBenchmark);
  std::vector<double> matrix(static_cast<size_t>(n * n), 0.0);
  double scale = 1;
  for (int64_t r = 0; r < rank; ++r) {
    std::vector<double> row;
    for (int64_t i = 0; i < n; ++i) row.push_back(scale * random.normal());
    for (size_t i = 0; i < row.size(); ++i) {
      for (size_t j = 0; j < row.size(); ++j) matrix[i * row.size() + j] += row[i] * row[j];
    }
    if (graded) scale /= 10;
  }
  return matrix;
}

/// Vectors have length 1 and are at right angles, A v = λ v, values descend.
void expect_decomposed(const std::vector<double>& matrix, size_t n, const SymmetricEigen& eigen) {
  double norm = 0;
  for (const double value : matrix) norm = std::max(norm, std::abs(value));
  // Rounding of a double, some n operations deep, relative to the largest entry.
  const double rounding = 1e-14 * static_cast<double>(n);
  const auto& v = eigen.vectors;
  for (size_t a = 0; a < n; ++a) {
    EXPECT_LE(eigen.values[a], eigen.values[a == 0 ? 0 : a - 1]);
    for (size_t b = 0; b < n; ++b) {
      double product = 0;
      for (size_t i = 0; i < n; ++i) product += v[i * n + a] * v[i * n + b];
      EXPECT_NEAR(product, a == b ? 1 : 0, rounding);
    }
    for (size_t i = 0; i < n; ++i) {
      double image = 0;
      for (size_t j = 0; j < n; ++j) image += matrix[i * n + j] * v[j * n + a];
      EXPECT_NEAR(image, eigen.values[a] * v[i * n + a], rounding * norm);
    }
  }
}

TEST(SymmetricEigen, DiagonalisesAKnownMatrix) {
  ThreadPool pool(1);
  const std::vector<double> matrix = {2, 1, 0, 1, 2, 0, 0, 0, 5};
  for (const auto& eigen : {symmetric_eigen(matrix, 3), large_symmetric_eigen(pool, matrix, 3)}) {
    EXPECT_NEAR(eigen.values[0], 5, 1e-12);
    EXPECT_NEAR(eigen.values[1], 3, 1e-12);
    EXPECT_NEAR(eigen.values[2], 1, 1e-12);
  }
}

TEST(LargeSymmetricEigen, DecomposesWhateverTheSizeAndTheRank) {
  ThreadPool pool(2);
  for (const int64_t n : {1, 2, 3, 64, 131}) {
    for (const int64_t rank : {int64_t{0}, int64_t{1}, (n + 1) / 2, n + 5}) {
      for (const bool graded : {false, true}) {
        const auto matrix = random_products(n, rank, graded);
        expect_decomposed(matrix, static_cast<size_t>(n), large_symmetric_eigen(pool, matrix, n));
      }
    }
  }
}

TEST(LargeSymmetricEigen, HasTheValuesOfJacobisRotations) {
  ThreadPool pool(1);
  const auto matrix = random_products(40, 60, false);
  const auto plain = symmetric_eigen(matrix, 40);
  const auto fast = large_symmetric_eigen(pool, matrix, 40);
  for (size_t i = 0; i < 40; ++i) EXPECT_NEAR(fast.values[i], plain.values[i], 1e-11);
}

TEST(LargeSymmetricEigen, SeesNegativeAndEqualValues) {
  ThreadPool pool(1);
  // −2 on a diagonal of 70, but for a pair that couples: −2 ± 3.
  std::vector<double> matrix(70 * 70, 0.0);
  for (size_t i = 0; i < 70; ++i) matrix[i * 70 + i] = -2;
  matrix[3 * 70 + 50] = matrix[50 * 70 + 3] = 3;
  const auto eigen = large_symmetric_eigen(pool, matrix, 70);
  expect_decomposed(matrix, 70, eigen);
  EXPECT_NEAR(eigen.values[0], 1, 1e-12);
  EXPECT_NEAR(eigen.values[35], -2, 1e-12);
  EXPECT_NEAR(eigen.values[69], -5, 1e-12);
}

TEST(LargeSymmetricEigen, IsTheSameForAnyNumberOfThreads) {
  ThreadPool one(1);
  ThreadPool three(3);
  const auto matrix = random_products(150, 90, false);
  EXPECT_EQ(large_symmetric_eigen(one, matrix, 150).vectors,
            large_symmetric_eigen(three, matrix, 150).vectors);
}

TEST(LargeSymmetricEigen, RefusesWhatIsNotFinite) {
  ThreadPool pool(1);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(large_symmetric_eigen(pool, {1, nan, nan, 1}, 2), Error);
}

}  // namespace
}  // namespace grids::core
