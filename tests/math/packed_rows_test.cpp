// Rows packed into bytes are the rows that went in, whatever the values, steps and threads.
#include "math/packed_rows.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.hpp"

namespace grids::core {
namespace {

/// Steps and values of every width: neighbours, columns far apart, counts, fractions.
CsrMatrix random_matrix(int64_t rows, int64_t columns) {
  CsrMatrix matrix;
  matrix.pattern.rows = rows;
  matrix.pattern.columns = columns;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = *rc::gen::inRange<int64_t>(0, 3); column < columns;
         column += *rc::gen::element<int64_t>(1, 1, 2, 63, 64, 65, 128, 9000)) {
      matrix.pattern.indices.push_back(static_cast<int32_t>(column));
      matrix.values.push_back(*rc::gen::element(1.0f, 1.0f, 2.0f, 128.0f, 129.0f, 16777216.0f,
                                                16777218.0f, 3e9f, 0.5f, -1.0f, -2.5f));
    }
    matrix.pattern.offsets.push_back(matrix.pattern.nonzeros());
  }
  return matrix;
}

void assert_same(const CsrMatrix& found, const CsrMatrix& expected) {
  RC_ASSERT(found.rows() == expected.rows());
  RC_ASSERT(found.columns() == expected.columns());
  RC_ASSERT(found.pattern.offsets == expected.pattern.offsets);
  RC_ASSERT(found.pattern.indices == expected.pattern.indices);
  RC_ASSERT(found.values == expected.values);
}

RC_GTEST_PROP(PackedRows, AreTheRowsThatWentIn, ()) {
  const auto matrix = random_matrix(*rc::gen::inRange<int64_t>(0, 600), 200);
  const PackedRows packed = matrix;
  assert_same(packed, matrix);
  RC_ASSERT(packed.nonzeros() == matrix.pattern.nonzeros());
  for (int64_t row = 0; row < matrix.rows(); ++row) {
    const auto values = matrix.row_values(row);
    RC_ASSERT(packed.nonzeros(row) == std::ssize(values));
    RC_ASSERT(packed.total(row) == std::accumulate(values.begin(), values.end(), 0.0));
  }
  ThreadPool pool(3);
  PackedRows in_blocks(matrix.columns());
  in_blocks.append(matrix, &pool);
  in_blocks.append(matrix, &pool);
  auto order = std::vector<int32_t>();
  for (int time = 0; time < 2; ++time) {
    for (int32_t row = 0; row < static_cast<int32_t>(matrix.rows()); ++row) order.push_back(row);
  }
  assert_same(in_blocks, select_rows(matrix, order));
}

RC_GTEST_PROP(PackedRows, ColumnsAreChosenAsOfAnyMatrix, ()) {
  const auto matrix = random_matrix(300, 150);
  const auto columns = *rc::gen::unique<std::vector<int32_t>>(rc::gen::inRange<int32_t>(0, 150));
  ThreadPool pool(2);
  auto in_order = columns;
  std::sort(in_order.begin(), in_order.end());
  assert_same(select_columns(PackedRows(matrix), in_order, &pool),
              select_columns(matrix, in_order));
  assert_same(select_columns(PackedRows(matrix), columns, &pool), select_columns(matrix, columns));
  assert_same(select_columns(PackedRows(matrix), columns, nullptr),
              select_columns(matrix, columns));
}

RC_GTEST_PROP(PackedRows, AreJoinedFromPartsInAnyOrderOfTheirColumns, ()) {
  const auto matrix = random_matrix(300, 150);
  CsrMatrix parts[3];
  for (auto& part : parts) part.pattern = {matrix.rows(), matrix.columns(), {0}, {}};
  for (int64_t row = 0; row < matrix.rows(); ++row) {
    for (size_t k = 0; k < matrix.row_indices(row).size(); ++k) {
      auto& part = parts[*rc::gen::inRange(0, 3)];
      part.pattern.indices.push_back(matrix.row_indices(row)[k]);
      part.values.push_back(matrix.row_values(row)[k]);
    }
    for (auto& part : parts) part.pattern.offsets.push_back(part.pattern.nonzeros());
  }
  ThreadPool pool(2);
  int64_t doubled = 0;
  assert_same(joined_rows({parts[0], parts[1], parts[2]}, &pool, doubled), matrix);
  RC_ASSERT(doubled == -1);
}

TEST(PackedRows, AColumnThatTwoPartsHaveIsTold) {
  const CsrMatrix one{{3, 4, {0, 1, 2, 3}, {0, 1, 2}}, {1, 1, 1}};
  const CsrMatrix other{{3, 4, {0, 1, 2, 3}, {1, 1, 2}}, {1, 1, 1}};
  int64_t doubled = -1;
  joined_rows({one, other}, nullptr, doubled);
  EXPECT_EQ(doubled, 1);
}

RC_GTEST_PROP(PackedRows, AreSummedOverParts, ()) {
  const auto matrix = random_matrix(300, 150);
  CsrMatrix rest = matrix, taken = matrix;  // of each value a share in either
  for (size_t k = 0; k < matrix.values.size(); ++k) {
    taken.values[k] = static_cast<float>(*rc::gen::inRange(0, 3));
    rest.values[k] = 5 - taken.values[k];
  }
  CsrMatrix sum = matrix;
  std::fill(sum.values.begin(), sum.values.end(), 5.0f);
  ThreadPool pool(2);
  assert_same(summed_rows({rest, taken}, &pool), sum);
  assert_same(summed_rows({taken, rest}, nullptr), sum);
  assert_same(summed_rows({rest}, nullptr), rest);
}

TEST(PackedRows, ZerosAreLeftOut) {
  const CsrMatrix matrix{{2, 3, {0, 2, 3}, {0, 2, 1}}, {0.0f, 4.0f, -0.0f}};
  const PackedRows packed = matrix;
  EXPECT_EQ(packed.nonzeros(), 1);
  const CsrMatrix back = packed;
  EXPECT_EQ(back.pattern.offsets, (std::vector<int64_t>{0, 1, 1}));
  EXPECT_EQ(back.pattern.indices, std::vector<int32_t>{2});
}

TEST(PackedRows, KnowWhatTheirValuesAre) {
  const float limit = 1 << 23;
  for (const float value : {1.0f, -3.0f, 0.5f, -0.5f, 2.4999998f, 1e-30f, 8388607.5f, limit - 1,
                            limit, limit + 1, 3e9f, -3e9f, 1e30f, 255.0f}) {
    const PackedRows packed = CsrMatrix{{1, 1, {0, 1}, {0}}, {value}};
    EXPECT_EQ(packed.all_whole(), value == std::floor(value)) << value;
    EXPECT_EQ(packed.all_ones(), value == 1) << value;
    EXPECT_EQ(packed.any_odd(), value != std::floor(value) || value < 1 || value > 16777216)
        << value;
  }
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const PackedRows packed = CsrMatrix{{1, 1, {0, 1}, {0}}, {nan}};
  EXPECT_FALSE(packed.all_whole());
  EXPECT_TRUE(packed.any_odd());
}

TEST(PackedRows, TakeLittleMoreThanAByteForAnOpenPeak) {
  CsrMatrix open;
  open.pattern.rows = 1;
  open.pattern.columns = 127'000;
  for (int32_t peak = 0; peak < 127'000; peak += 26) open.pattern.indices.push_back(peak);
  open.values.assign(open.pattern.indices.size(), 1.0f);
  open.pattern.offsets.push_back(open.pattern.nonzeros());
  const PackedRows packed = open;
  EXPECT_EQ(packed.bytes(), open.pattern.nonzeros());
}

TEST(PackedRows, RefuseRowsThatAreNone) {
  PackedRows rows(3);
  const std::vector<float> values = {1, 1};
  for (const auto& columns : {std::vector<int32_t>{1, 1}, {2, 1}, {1, 3}, {-1, 1}}) {
    EXPECT_THROW(rows.append(columns, values), Error);
  }
  EXPECT_THROW(rows.append(std::vector<int32_t>{1}, values), Error);
  EXPECT_THROW(rows.append(PackedRows(4)), Error);
}

}  // namespace
}  // namespace grids::core
