#include "evaluate/contrast.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>

#include "evaluate/planted_contrast.hpp"
#include "math/least_squares.hpp"
#include "math/statistics.hpp"

namespace grids::core {
namespace {

using testing::PlantedContrast;

TEST(Contrast, SlopeIsWhatWasPlantedInUnitsOfThePrediction) {
  for (const double effect : {0.4, 1.0}) {
    const PlantedContrast world(4000, effect, 1, 3);
    const auto found = world.result();
    const double error = (found.high - found.low) / (2 * 1.96);
    EXPECT_LT(error, 0.1);
    EXPECT_NEAR(found.slope, effect, 3 * error);  // a fixed seed; 1 in 400 would fail
    EXPECT_LT(found.p, 1e-6);
    EXPECT_EQ(found.cells, 4000);
    EXPECT_EQ(found.clusters, 0);
    EXPECT_EQ(found.note, "");
    // Twice the prediction: half the slope, the same test.
    auto twice = world.change;
    for (double& value : twice) value *= 2;
    const auto halved = world.result(twice);
    EXPECT_NEAR(halved.slope, found.slope / 2, 1e-6);  // to where the fits stop
    EXPECT_NEAR(halved.p / found.p, 1, 1e-6);
    // The opposite prediction is refuted.
    for (double& value : twice) value = -value;
    EXPECT_NEAR(world.result(twice).p, 1 - found.p, 1e-9);
  }
}

TEST(Contrast, PIsUniformWhereTheSetDoesNothing) {
  std::vector<double> p;
  int covered = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    const auto found = PlantedContrast(250, 0, 0.7, seed).result();
    p.push_back(found.p);
    covered += found.low <= 0 && 0 <= found.high ? 1 : 0;
  }
  EXPECT_GT(test_uniform(p).p, 0.01);  // one seed in a hundred would fail; these are fixed
  const auto below = std::count_if(p.begin(), p.end(), [](double value) { return value < 0.05; });
  // 20 expected; 3 standard deviations of a binomial (4.4) either way.
  EXPECT_GE(below, 7);
  EXPECT_LE(below, 33);
  EXPECT_GE(covered, 360);  // 380 expected, Wald intervals of 250 cells lose a point or two
}

int below(const std::vector<double>& p, double level) {
  return static_cast<int>(
      std::count_if(p.begin(), p.end(), [&](double value) { return value < level; }));
}

TEST(Contrast, PBelowHalfIsUniformWhereTheSlopeIsHalf) {
  // The set does half of what is predicted: at the border of the null. As for p above, and with
  // predictions twice and half as large of an effect that fits them.
  for (const double size : {1.0, 2.0}) {
    std::vector<double> p;
    for (uint64_t seed = 1; seed <= 400; ++seed) {
      const PlantedContrast world(250, size / 2, 0.7, seed);
      auto change = world.change;
      for (double& value : change) value *= size;
      p.push_back(world.result(change).p_below_half);
    }
    EXPECT_GT(test_uniform(p).p, 0.01) << size;
    EXPECT_GE(below(p, 0.05), 7) << size;  // 20 expected, 3 standard deviations either way
    EXPECT_LE(below(p, 0.05), 33) << size;
  }
}

TEST(Contrast, PBelowHalfHoldsItsLevelOnFewCells) {
  int called = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    called += PlantedContrast(60, 0.5, 1, seed).result().p_below_half < 0.05 ? 1 : 0;
  }
  EXPECT_GE(called, 7);
  EXPECT_LE(called, 33);
}

TEST(Contrast, PBelowHalfHoldsItsLevelAmongDonors) {
  std::vector<double> p;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    p.push_back(PlantedContrast(360, 0.5, 0.7, seed, 12).result().p_below_half);
  }
  EXPECT_GT(test_uniform(p).p, 0.01);
  EXPECT_LE(below(p, 0.05), 26);  // 15 expected, 3 standard deviations (3.8) above
}

TEST(Contrast, PBelowHalfSeesThatNothingFollowsAndPassesWhatDoes) {
  int refuted = 0, refuted_wrongly = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    refuted += PlantedContrast(500, 0, 0.7, seed).result().p_below_half < 0.05 ? 1 : 0;
    refuted_wrongly += PlantedContrast(500, 1, 0.7, seed).result().p_below_half < 0.05 ? 1 : 0;
  }
  // Half a log rate is 3.5 standard errors here, of which 1.65 are asked.
  EXPECT_GT(refuted, 160);
  EXPECT_LE(refuted_wrongly, 1);
}

TEST(Contrast, WhatIsDetectableIsDetectedFourTimesOfFive) {
  // The smallest slope is asked of cells without any effect, and then planted in fresh ones.
  double mean = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    mean += PlantedContrast(400, 0, 1, seed).result().detectable / 50;
  }
  std::vector<double> p;
  for (uint64_t seed = 101; seed <= 400; ++seed) {
    p.push_back(PlantedContrast(400, mean, 1, seed).result().p);
  }
  // 240 expected; 3 standard deviations (6.9), and 15 for what the null's variance misses of it.
  EXPECT_NEAR(below(p, 0.05), 240, 36);
}

TEST(Contrast, WithoutTheLatentsStateIsTakenForTheSet) {
  // The covariates are what the test rests on: without them the same null cells are "significant".
  int called = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    PlantedContrast world(1000, 0, 0.7, seed);
    world.latents.clear();
    called += world.result().p < 0.05 ? 1 : 0;
  }
  EXPECT_GT(called, 20);  // 2 by chance
}

TEST(Contrast, OrderOfCellsDoesNotMatter) {
  PlantedContrast world(300, 0.5, 1, 7);
  const auto before = world.result();
  std::vector<size_t> order(300);
  std::iota(order.begin(), order.end(), size_t{0});
  RandomStream random(1, Purpose::kBenchmark);
  random.shuffle(std::span(order));
  PlantedContrast moved = world;
  for (size_t i = 0; i < order.size(); ++i) {
    moved.cells[i] = world.cells[order[i]];
    moved.change[i] = world.change[order[i]];
    for (size_t k = 0; k < 2; ++k) moved.latents[2 * i + k] = world.latents[2 * order[i] + k];
  }
  const auto after = moved.result();
  EXPECT_NEAR(after.slope, before.slope, 1e-5);  // fits stop at 1e-9 of likelihood
  EXPECT_NEAR(after.p / before.p, 1, 1e-3);
}

/// The diagonal of the projection on the columns.
std::vector<double> leverages_of(const ColumnSpace& columns, size_t rows) {
  std::vector<double> result(rows, 0.0);
  for (size_t b = 0; b < columns.rank(); ++b) {
    for (size_t i = 0; i < rows; ++i) result[i] += std::pow(columns.basis(b)[i], 2);
  }
  return result;
}

/// log1p of the counts in their place.
void turn_into_values(Study& study) {
  study.expression.pattern = study.counts.pattern;
  for (const float count : study.counts.values) {
    study.expression.values.push_back(std::log1p(count));
  }
  study.counts = {};
}

TEST(Contrast, OnValuesDonorsAreTestedByTheSumsOfTheirResidualsWithoutLeverage) {
  PlantedContrast world(120, 0.5, 1, 11, 12);  // so few cells that leverages count
  turn_into_values(world.study);
  const auto common = world.prepared();
  auto y = measured_values(world.study, 0, common);
  std::vector<double> x;
  for (const double value : world.change) x.push_back(-value);
  const ColumnSpace covariates(common.columns);
  const auto leverage = leverages_of(covariates, x.size());
  covariates.remove_from(x);
  covariates.remove_from(y);
  std::vector<double> sums(12);
  double score = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    score += x[i] * y[i];
    sums[static_cast<size_t>(common.clusters[i])] += x[i] * y[i] / std::sqrt(1 - leverage[i]);
  }
  const double mean = std::accumulate(sums.begin(), sums.end(), 0.0) / 12;
  double variance = 0;
  for (const double sum : sums) variance += (sum - mean) * (sum - mean) * 12 / 11;
  // The same sums in another order.
  EXPECT_NEAR(world.result().p, student_upper_tail(score / std::sqrt(variance), 11), 1e-9);
}

TEST(Contrast, OnValuesIsLeastSquaresWithTheErrorsOfMacKinnonAndWhite) {
  PlantedContrast world(90, 0.5, 1, 11);  // so few cells that leverages count
  turn_into_values(world.study);
  const auto common = world.prepared();
  EXPECT_FALSE(common.counted);
  const auto found = world.result();
  auto y = measured_values(world.study, 0, common);
  std::vector<double> x;
  for (const double value : world.change) x.push_back(-value);
  const ColumnSpace covariates(common.columns);
  auto all_columns = common.columns;
  all_columns.push_back(x);
  const auto leverage = leverages_of(covariates, x.size());
  const auto leverage_with_x = leverages_of(ColumnSpace(all_columns), x.size());
  covariates.remove_from(x);
  covariates.remove_from(y);
  const double xx = std::inner_product(x.begin(), x.end(), x.begin(), 0.0);
  const double xy = std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
  // The same sums in another order.
  EXPECT_NEAR(found.slope, xy / xx, 1e-9);
  double variance = 0, variance_at_0 = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double rest = y[i] - xy / xx * x[i];
    variance += std::pow(x[i] * rest / xx, 2) / (1 - leverage_with_x[i]);
    variance_at_0 += std::pow(x[i] * y[i], 2) / (1 - leverage[i]);
  }
  const auto rest_of = [&](size_t columns) { return static_cast<double>(x.size() - columns); };
  const double reach =
      student_upper_quantile(0.025, rest_of(all_columns.size())) * std::sqrt(variance);
  EXPECT_NEAR(found.high - found.slope, reach, 1e-9);
  EXPECT_NEAR(found.slope - found.low, reach, 1e-9);
  EXPECT_NEAR(found.p,
              student_upper_tail(xy / std::sqrt(variance_at_0), rest_of(common.columns.size())),
              1e-9);
  double variance_at_half = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    variance_at_half += std::pow(x[i] * (y[i] - 0.5 * x[i]), 2) / (1 - leverage[i]);
  }
  EXPECT_NEAR(found.p_below_half,
              student_upper_tail((0.5 * xx - xy) / std::sqrt(variance_at_half),
                                 rest_of(common.columns.size())),
              1e-9);
}

TEST(Contrast, SaysWhyItCannotBeComputed) {
  const PlantedContrast world(200, 0.5, 1, 13);
  const auto reason = [&](const std::vector<double>& change) {
    const auto found = world.result(change);
    EXPECT_TRUE(std::isnan(found.slope));
    EXPECT_TRUE(std::isnan(found.p));
    return found.note;
  };
  const std::vector<double> none(200, 0.0);
  EXPECT_EQ(reason(none), "masking changes the prediction in only 0 cells");
  const std::vector<double> constant(200, -0.5);
  EXPECT_NE(reason(constant).find("nothing of its own"), std::string::npos);
  std::vector<double> depth;
  for (const double open : world.study.cells.open_peaks) depth.push_back(-std::log(open));
  EXPECT_NE(reason(depth).find("nothing of its own"), std::string::npos);
  std::vector<double> broken = world.change;
  broken[3] = std::nan("");
  EXPECT_EQ(reason(broken), "predicted changes that are not finite");
  EXPECT_EQ(PlantedContrast(20, 0.5, 1, 1).result().note, "only 20 cells");
  EXPECT_EQ(PlantedContrast(200, 0.5, 0, 1).result().note, "only 0 of 200 cells express the gene");
  PlantedContrast empty(50, 0.5, 1, 1);
  empty.cells.clear();
  empty.change.clear();
  empty.latents.clear();
  EXPECT_EQ(empty.result().note, "only 0 cells");
}

TEST(Contrast, ARunawaySlopeStillHasAP) {
  // No cell with the set open has a count: the slope runs to −∞, and nothing crashes.
  PlantedContrast world(300, 0, 1, 17);
  auto& counts = world.study.counts;
  for (size_t i = 0; i < 300; ++i) {
    if (world.change[i] == 0) continue;
    for (int64_t k = counts.pattern.offsets[i]; k < counts.pattern.offsets[i + 1]; ++k) {
      counts.values[static_cast<size_t>(k)] = 0;
    }
  }
  const auto found = world.result();
  EXPECT_GT(found.p, 0.999);
  EXPECT_TRUE(std::isnan(found.slope) || found.slope < -1);
}

TEST(Contrast, FewCellsGetFewLatents) {
  PlantedContrast world(60, 0.5, 3, 19);
  std::vector<float> wide;
  RandomStream random(1, Purpose::kBenchmark);
  for (int i = 0; i < 60 * 20; ++i) wide.push_back(static_cast<float>(random.normal()));
  world.latents = wide;
  const auto common = world.prepared();
  // 60 / 10 columns, less ones, type and open peaks.
  EXPECT_EQ(common.latents_used, 3);
  EXPECT_EQ(common.columns.size(), 6u);
  EXPECT_NE(world.result().note.find("3 of 20 numbers of the state"), std::string::npos);
}

TEST(PredictedLogChange, IsTheLogOfTheRatioOfRates) {
  const std::vector<float> before = {2.0f, 1.0f, 3.0f};
  const std::vector<float> after = {1.0f, 1.0f, 3.5f};
  const auto change = predicted_log_change(before, after, 0.01);
  EXPECT_NEAR(change[0], std::log(std::expm1(1.0) / std::expm1(2.0)), 1e-12);
  EXPECT_EQ(change[1], 0);
  EXPECT_NEAR(change[2], std::log(std::expm1(3.5) / std::expm1(3.0)), 1e-12);
  EXPECT_EQ(predicted_value_change(before, after)[0], -1);
}

TEST(PredictedLogChange, IsBoundedWhereRatesVanish) {
  const std::vector<float> before = {3.0f, 0.0f, -2.0f, 1e-6f, 3.0f};
  const std::vector<float> after = {-5.0f, -1.0f, 0.0f, 0.0f, 0.0f};
  const auto change = predicted_log_change(before, after, 0.01);
  const double mean = (2 * std::expm1(3.0) + std::expm1(1e-6)) / 5;
  EXPECT_NEAR(change[0], std::log(0.01 * mean / std::expm1(3.0)), 1e-6);  // floats of the input
  EXPECT_EQ(change[0], change[4]);  // the clamp is the same before and after
  EXPECT_EQ(change[1], 0);
  EXPECT_EQ(change[2], 0);
  EXPECT_EQ(change[3], 0);  // both below the floor
  const std::vector<float> nothing(3, -1.0f);
  for (const double value : predicted_log_change(nothing, nothing, 0.01)) EXPECT_EQ(value, 0);
}

TEST(Contrasts, PooledSlopeWeighsByPrecision) {
  std::vector<Contrast> contrasts(3);
  contrasts[0].slope = 1;
  contrasts[0].low = 0;
  contrasts[0].high = 2;
  contrasts[1].slope = 0;
  contrasts[1].low = -0.5;
  contrasts[1].high = 0.5;
  const auto pooled = pooled_slope(contrasts, 0.95);
  EXPECT_EQ(pooled.sets, 2);                                           // the third has none
  EXPECT_NEAR(pooled.slope, 0.2, 1e-12);                               // weights 1 : 4
  EXPECT_NEAR(pooled.high - pooled.slope, 1 / std::sqrt(5.0), 1e-12);  // half widths 1 and ½
  EXPECT_TRUE(std::isnan(pooled_slope({}, 0.95).slope));
}

}  // namespace
}  // namespace grids::core
