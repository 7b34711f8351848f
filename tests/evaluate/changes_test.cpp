#include "evaluate/changes.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/small_study.hpp"
#include "support/conformance.hpp"

namespace grids::core {
namespace {

TEST(Changes, AreTheMeansOfTheirDefinitions) {
  const std::vector<float> before = {0, 1, 2};
  const std::vector<float> after = {0, 0, 3};
  const auto change = predicted_change(before, after);
  const double e = std::exp(1.0);
  EXPECT_EQ(change.cells, 3);
  EXPECT_NEAR(change.average_change, ((1 - e) + (e * e * e - e * e)) / 3, 1e-12);
  EXPECT_NEAR(change.relative_change, ((1 / e - 1) + (e - 1)) / 3, 1e-12);
  EXPECT_NEAR(change.rate_change, (e * e * e - 1) / ((e - 1) + (e * e - 1)) - 1, 1e-12);
  EXPECT_TRUE(std::isnan(change.change_cp100k));
}

TEST(Changes, MaskingNothingChangesNothingAndNoCellsSayNothing) {
  const std::vector<float> values = {0.3f, 2.7f};
  const MonotoneMap map({0, 3}, {0, 50});
  const auto change = predicted_change(values, values, &map);
  EXPECT_EQ(change.average_change, 0);
  EXPECT_EQ(change.relative_change, 0);
  EXPECT_EQ(change.rate_change, 0);
  EXPECT_EQ(change.change_cp100k, 0);
  EXPECT_TRUE(std::isnan(predicted_change({}, {}).relative_change));
  EXPECT_TRUE(std::isnan(predicted_change({}, {}).rate_change));
  const std::vector<float> nothing = {0, 0};
  EXPECT_TRUE(std::isnan(predicted_change(nothing, values).rate_change));
}

TEST(Changes, TheMapTurnsPredictionsIntoCounts) {
  const MonotoneMap map({0, 2}, {0, 100});
  EXPECT_DOUBLE_EQ(
      predicted_change(std::vector<float>{2, 1}, std::vector<float>{1, 1}, &map).change_cp100k,
      -25);
}

class ChangesConformance : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Sizes, ChangesConformance, ::testing::Values("small", "medium"));

TEST_P(ChangesConformance, AgreeWithThePublishedCode) {
  const auto path = testing::Conformance::file(GetParam(), "expected");
  GRIDS_NEEDS(path);
  const auto expected = read_safetensors(path);
  const auto& before = expected.tensors.at("search.predicted_before");
  const auto& after = expected.tensors.at("search.predicted_after");
  const auto gene = static_cast<size_t>(*expected.tensors.at("search.target_gene").i64());
  const auto genes = static_cast<size_t>(before.shape[1]);
  std::vector<float> x;
  std::vector<float> y;
  for (size_t i = gene; i < static_cast<size_t>(before.size()); i += genes) {
    x.push_back(before.f32()[i]);
    y.push_back(after.f32()[i]);
  }
  const auto change = predicted_change(x, y);
  // The tolerance that the vectors' README sets for changes.
  EXPECT_NEAR(change.average_change, *expected.tensors.at("metrics.average_change").f32(), 1e-6);
  EXPECT_NEAR(change.relative_change, *expected.tensors.at("metrics.relative_change").f32(), 1e-6);
}

TEST(CountMap, RecoversMeanCountsFromAnyIncreasingPrediction) {
  const auto study = small_study(300, 20, 9, 3);
  const auto cells = study.cells_of(Split::kTrain);
  const auto measured = gene_expression(study, 4, cells);
  std::vector<float> prediction;
  for (const float value : measured) prediction.push_back(std::sqrt(value));
  const auto fitted = fit_count_map(study, 4, cells, prediction);
  EXPECT_TRUE(fitted.from_counts);
  for (size_t i = 0; i < cells.size(); ++i) {
    // The values are floats: their relative rounding, through expm1.
    EXPECT_NEAR(fitted.map(prediction[i]), std::expm1(measured[i]),
                1e-4 * (1 + std::expm1(measured[i])));
  }
}

TEST(CountMap, SaysWhenThereWereNoCounts) {
  auto study = small_study(60, 20, 9, 3);
  study.counts = {};
  study.scale = ExpressionScale::kAsGiven;
  const auto cells = study.cells_of(Split::kTrain);
  const auto measured = gene_expression(study, 0, cells);
  const auto fitted = fit_count_map(study, 0, cells, measured);
  EXPECT_FALSE(fitted.from_counts);
  EXPECT_NEAR(fitted.map(measured[3]), std::expm1(measured[3]),
              1e-4 * (1 + std::expm1(measured[3])));
}

}  // namespace
}  // namespace grids::core
