#include "math/packed_matrix.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>
#include <vector>

#include "base/random.hpp"

namespace grids::core {
namespace {

std::vector<float> random_floats(int64_t count, uint64_t seed) {
  RandomStream random(seed, Purpose::kSimulate);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

using Sizes = std::tuple<int64_t, int64_t, int64_t>;  // rows, inputs, outputs

class PackedMatrixSizes : public ::testing::TestWithParam<Sizes> {};

TEST_P(PackedMatrixSizes, IsTheProductWithItsStartAndPrelu) {
  const auto [rows, inputs, outputs] = GetParam();
  const int64_t stride = outputs + 3;
  const int64_t y_stride = outputs + 2;
  const float slope = 0.25f;
  const auto matrix = random_floats(inputs * stride, 1);
  const auto x = random_floats(rows * inputs, 2);
  const auto start = random_floats(outputs, 3);
  const float untouched = 1234.5f;
  std::vector<float> y(static_cast<size_t>(rows * y_stride), untouched);
  const PackedMatrix packed(inputs, outputs, matrix.data(), stride);
  packed.multiply(rows, x.data(), inputs, start.data(), slope, y.data(), y_stride);
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t o = 0; o < outputs; ++o) {
      double sum = start[static_cast<size_t>(o)];
      double size = std::abs(sum);
      for (int64_t i = 0; i < inputs; ++i) {
        const double product = static_cast<double>(x[static_cast<size_t>(row * inputs + i)]) *
                               matrix[static_cast<size_t>(i * stride + o)];
        sum += product;
        size += std::abs(product);
      }
      // Each of inputs + 1 additions in float loses at most half a unit (6e-8) of Σ|terms|.
      const double tolerance = 6e-8 * static_cast<double>(inputs + 2) * size;
      EXPECT_NEAR(y[static_cast<size_t>(row * y_stride + o)], sum > 0 ? sum : slope * sum,
                  tolerance);
    }
    for (int64_t o = outputs; o < y_stride; ++o) {
      EXPECT_EQ(y[static_cast<size_t>(row * y_stride + o)], untouched);
    }
  }
}

TEST_P(PackedMatrixSizes, ARowDoesNotDependOnTheOthers) {
  const auto [rows, inputs, outputs] = GetParam();
  const auto matrix = random_floats(inputs * outputs, 4);
  const auto x = random_floats(rows * inputs, 5);
  const auto start = random_floats(outputs, 6);
  const PackedMatrix packed(inputs, outputs, matrix.data(), outputs);
  std::vector<float> together(static_cast<size_t>(rows * outputs));
  packed.multiply(rows, x.data(), inputs, start.data(), 1.0f, together.data(), outputs);
  for (int64_t row = 0; row < rows; ++row) {
    std::vector<float> alone(static_cast<size_t>(outputs));
    packed.multiply(1, x.data() + row * inputs, inputs, start.data(), 1.0f, alone.data(), outputs);
    const auto first = together.begin() + row * outputs;
    EXPECT_EQ(alone, std::vector<float>(first, first + outputs)) << "row " << row;
  }
}

// One to four vectors of columns and more, whole and not; blocks of eight rows, whole and not.
INSTANTIATE_TEST_SUITE_P(Shapes, PackedMatrixSizes,
                         ::testing::Values(Sizes{1, 1, 1}, Sizes{7, 5, 16}, Sizes{8, 20, 30},
                                           Sizes{9, 3, 48}, Sizes{32, 20, 180}, Sizes{32, 128, 9},
                                           Sizes{33, 40, 64}, Sizes{17, 64, 129},
                                           Sizes{32, 65, 640}));

TEST(PackedMatrix, AnEmptyOneHasNoRows) {
  EXPECT_TRUE(PackedMatrix().empty());
  EXPECT_FALSE(PackedMatrix(1, 1, std::vector<float>{2}.data(), 1).empty());
}

}  // namespace
}  // namespace grids::core
