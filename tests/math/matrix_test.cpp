#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "base/random.hpp"
#include "math/gemm.hpp"
#include "math/sparse.hpp"

namespace grids::core {
namespace {

std::vector<float> random_values(RandomStream& random, int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  for (auto& value : values) value = static_cast<float>(random.normal());
  return values;
}

RC_GTEST_PROP(Gemm, EqualsTheTripleLoopAndIgnoresThreads, ()) {
  const int64_t m = *rc::gen::inRange(1, 300);
  const int64_t n = *rc::gen::inRange(1, 300);
  const int64_t k = *rc::gen::inRange(1, 40);
  const auto ta = *rc::gen::element(Transpose::kNo, Transpose::kYes);
  const auto tb = *rc::gen::element(Transpose::kNo, Transpose::kYes);
  const float beta = *rc::gen::element(0.0f, 1.0f);
  RandomStream random(static_cast<uint64_t>(m * 1000 + n), Purpose::kBenchmark);
  const auto a = random_values(random, m * k);
  const auto b = random_values(random, k * n);
  const auto c = random_values(random, m * n);
  const int64_t as = ta == Transpose::kYes ? m : k;
  const int64_t bs = tb == Transpose::kYes ? k : n;
  auto one = c;
  auto three = c;
  ThreadPool single(1);
  ThreadPool several(3);
  gemm(single, ta, tb, m, n, k, a.data(), as, b.data(), bs, beta, one.data(), n);
  gemm(several, ta, tb, m, n, k, a.data(), as, b.data(), bs, beta, three.data(), n);
  RC_ASSERT(one == three);
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double sum = beta * c[static_cast<size_t>(i * n + j)];
      double scale = 1;
      for (int64_t l = 0; l < k; ++l) {
        const double x = a[static_cast<size_t>(ta == Transpose::kYes ? l * m + i : i * k + l)];
        const double y = b[static_cast<size_t>(tb == Transpose::kYes ? j * k + l : l * n + j)];
        sum += x * y;
        scale += std::abs(x * y);
      }
      // Rounding of a float sum of at most 40 terms.
      RC_ASSERT(std::abs(sum - one[static_cast<size_t>(i * n + j)]) < 1e-5 * scale);
    }
  }
}

CsrMatrix random_matrix(RandomStream& random, int64_t rows, int64_t columns) {
  CsrMatrix matrix;
  matrix.pattern.rows = rows;
  matrix.pattern.columns = columns;
  for (int64_t i = 0; i < rows; ++i) {
    for (int32_t j = 0; j < columns; ++j) {
      if (random.uniform() < 0.3) {
        matrix.pattern.indices.push_back(j);
        matrix.values.push_back(static_cast<float>(random.normal()));
      }
    }
    matrix.pattern.offsets.push_back(matrix.pattern.nonzeros());
  }
  return matrix;
}

TEST(Sparse, TransposingTwiceChangesNothing) {
  RandomStream random(4, Purpose::kBenchmark);
  const auto matrix = random_matrix(random, 31, 17);
  const auto back = transpose(transpose(matrix));
  EXPECT_EQ(back.pattern.offsets, matrix.pattern.offsets);
  EXPECT_EQ(back.pattern.indices, matrix.pattern.indices);
  EXPECT_EQ(back.values, matrix.values);
}

TEST(Sparse, SelectionsAgreeWithTheDenseMatrix) {
  RandomStream random(5, Purpose::kBenchmark);
  const auto matrix = random_matrix(random, 20, 12);
  const auto dense = to_dense(matrix);
  const std::vector<int32_t> rows = {7, 3, 3, 19};
  const std::vector<int32_t> columns = {11, 0, 5};
  const auto part = select_columns(select_rows(matrix, rows), columns);
  const auto part_dense = to_dense(part);
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < columns.size(); ++j) {
      EXPECT_EQ(part_dense[i * 3 + j], dense[static_cast<size_t>(rows[i] * 12 + columns[j])]);
    }
    const auto row = part.row_indices(static_cast<int64_t>(i));
    EXPECT_TRUE(std::is_sorted(row.begin(), row.end()));
  }
  const auto run = to_dense(matrix, 3, 8);
  for (size_t i = 0; i < 20; ++i) {
    for (size_t j = 0; j < 5; ++j) EXPECT_EQ(run[i * 5 + j], dense[i * 12 + 3 + j]);
  }
}

}  // namespace
}  // namespace grids::core
