/// Factors of symmetric matrices.
#include "math/information.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace grids::core {
namespace {

/// Rows that begin with zeros are not read there: the factor is the matrix's all the same.
TEST(CholeskyFactor, IsTheMatrixsWhereverItsRowsBegin) {
  // Two blocks that have nothing to do with each other, a row that has with the second, one with
  // both.
  const std::vector<std::vector<double>> rows = {{4, 1, 0, 0, 0, 1},   {1, 3, 0, 0, 0, 0.5},
                                                 {0, 0, 5, 2, 0.5, 1}, {0, 0, 2, 4, 0, 1},
                                                 {0, 0, 0.5, 0, 2, 0}, {1, 0.5, 1, 1, 0, 6}};
  const std::vector<double> x = {1, -2, 3, 0.5, -1, 2};
  std::vector<double> matrix, product;
  for (const auto& row : rows) {
    matrix.insert(matrix.end(), row.begin(), row.end());
    product.push_back(0);
    for (size_t j = 0; j < x.size(); ++j) product.back() += row[j] * x[j];
  }
  const CholeskyFactor factor(matrix);
  auto solved = product;
  factor.solve(solved);
  for (size_t j = 0; j < x.size(); ++j) EXPECT_NEAR(solved[j], x[j], 1e-12);
  const auto inverse = factor.inverse();
  for (size_t i = 0; i < x.size(); ++i) {
    for (size_t j = 0; j < x.size(); ++j) {
      double sum = 0;
      for (size_t k = 0; k < x.size(); ++k) sum += rows[i][k] * inverse[k * x.size() + j];
      EXPECT_NEAR(sum, i == j ? 1 : 0, 1e-12);
    }
  }
}

}  // namespace
}  // namespace grids::core
