#include "search/measure.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace grids::core {
namespace {

const std::vector<float> kTwoCells = {0.5f, -1.0f, 0.0f, 2.0f};  // two cells of two outputs

std::vector<double> measured(const Measure& measure) {
  std::vector<double> values(static_cast<size_t>(2 * measure.size()));
  measure_cells(measure, kTwoCells, values);
  return values;
}

TEST(Measure, ClampsEveryOutput) {
  EXPECT_EQ(measured({MeasureKind::kClamped, 2, {}}), (std::vector<double>{0.5, 0, 0, 2}));
}

TEST(Measure, OfRatesIsExpm1OfThese) {
  EXPECT_EQ(measured({MeasureKind::kRate, 2, {}}),
            (std::vector<double>{std::expm1(0.5), 0, 0, std::expm1(2.0)}));
}

TEST(Measure, HasTheMappedOutputsOfACellBehindItsClampedOnes) {
  const Measure measure{
      MeasureKind::kMapped, 2, {MonotoneMap({0, 1}, {1, 3}), MonotoneMap({0, 4}, {0, 8})}};
  EXPECT_EQ(measured(measure), (std::vector<double>{0.5, 0, 2, 0, 0, 2, 1, 4}));
}

}  // namespace
}  // namespace grids::core
