// Ridge regression on masks against the normal equations, solved densely.
#include "math/mask_ridge.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "base/random.hpp"
#include "math/least_squares.hpp"

namespace grids::core {
namespace {

size_t place(int64_t i) {
  return static_cast<size_t>(i);
}

/// Each bit by chance.
KeptTable random_table(int64_t rows, int64_t columns, uint64_t seed) {
  KeptTable table(rows, columns);
  RandomStream random(seed, Purpose::kBenchmark);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t index = 0; index < table.words(); ++index) {
      const uint64_t low = random();
      table.set_word(i, index, uint64_t{random()} << 32 | low);
    }
  }
  return table;
}

/// (X̃ᵀ W X̃ + penalty) β = X̃ᵀ W ỹ with X̃, ỹ centred by their weighted means.
std::vector<double> dense_ridge(const KeptTable& table, const std::vector<double>& weights,
                                const std::vector<double>& values, double penalty) {
  double total = 0, mean = 0;
  std::vector<double> means(place(table.columns()), 0.0);
  for (int64_t i = 0; i < table.rows(); ++i) {
    total += weights[place(i)];
    mean += weights[place(i)] * values[place(i)];
    for (int64_t j = 0; j < table.columns(); ++j) {
      means[place(j)] += weights[place(i)] * table.kept(i, j);
    }
  }
  std::vector<double> a(place(table.columns() * table.columns()), 0.0);
  std::vector<double> b(place(table.columns()), 0.0);
  for (int64_t j = 0; j < table.columns(); ++j) {
    for (int64_t i = 0; i < table.rows(); ++i) {
      const double x = weights[place(i)] * (table.kept(i, j) - means[place(j)] / total);
      b[place(j)] += x * (values[place(i)] - mean / total);
      for (int64_t k = 0; k < table.columns(); ++k) {
        a[place(j * table.columns() + k)] += x * (table.kept(i, k) - means[place(k)] / total);
      }
    }
    a[place(j * table.columns() + j)] += penalty;
  }
  solve_positive_definite(a, table.columns(), b, 1);
  return b;
}

RC_GTEST_PROP(MaskRidge, SolvesTheNormalEquationsWithMoreRowsThanColumnsAndWithFewer, ()) {
  const auto table =
      random_table(*rc::gen::inRange<int64_t>(2, 80), *rc::gen::inRange<int64_t>(1, 80),
                   *rc::gen::inRange<uint64_t>(0, 1000));
  const double penalty = *rc::gen::element(1.0, 5.0, 30.0);
  RandomStream random(1, Purpose::kBenchmark);
  std::vector<double> weights, values;
  for (int64_t i = 0; i < table.rows(); ++i) {
    weights.push_back(0.1 + random.uniform());
    values.push_back(random.normal());
  }
  const auto expected = dense_ridge(table, weights, values, penalty);
  const auto found = mask_ridge(table, weights, values, penalty);
  double size = 0;
  for (const double value : expected) size = std::max(size, std::abs(value));
  // The residual falls to 1e-6; the condition of the system is below 80 · 80 / 4 = 1,600.
  for (int64_t j = 0; j < table.columns(); ++j) {
    RC_ASSERT(std::abs(found[place(j)] - expected[place(j)]) <= 1e-3 * size + 1e-12);
  }
}

RC_GTEST_PROP(KeptTable, TransposedSwapsRowsAndColumns, ()) {
  const auto table =
      random_table(*rc::gen::inRange<int64_t>(1, 200), *rc::gen::inRange<int64_t>(1, 200),
                   *rc::gen::inRange<uint64_t>(0, 1000));
  const auto turned = table.transposed();
  RC_ASSERT(turned.rows() == table.columns());
  RC_ASSERT(turned.columns() == table.rows());
  for (int64_t i = 0; i < table.rows(); ++i) {
    for (int64_t j = 0; j < table.columns(); ++j) RC_ASSERT(turned.kept(j, i) == table.kept(i, j));
  }
}

TEST(KeptTable, KeepsNoColumnThatItDoesNotHave) {
  KeptTable table(1, 70);
  for (int64_t index = 0; index < table.words(); ++index) table.set_word(0, index, ~uint64_t{0});
  EXPECT_EQ(table.word(0, 0), ~uint64_t{0});
  EXPECT_EQ(table.word(0, 1), 0b111111u);
}

TEST(MaskRidge, OfConstantValuesIsNothing) {
  KeptTable table(3, 2);
  table.set_word(0, 0, 0b01);
  table.set_word(1, 0, 0b10);
  table.set_word(2, 0, 0b11);
  const auto beta = mask_ridge(table, std::vector<double>(3, 1.0), std::vector<double>(3, 4.0), 1);
  EXPECT_NEAR(beta[0], 0, 1e-12);
  EXPECT_NEAR(beta[1], 0, 1e-12);
}

}  // namespace
}  // namespace grids::core
