#include "redundancy/interplay.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/indices.hpp"
#include "math/statistics.hpp"
#include "simulate/simulate_draws.hpp"
#include "support/test_size.hpp"

namespace grids::core {
namespace {

constexpr size_t kPair = 2;

/// The rate of a pair by setting, beside that with none open.
using PairRates = std::array<double, 4>;

/// Cells in which two elements open at random, or together, and a gene whose counts follow its
/// rates; a fit that may believe in others.
struct PairWorld {
  Study study;
  std::vector<int32_t> seen, held;
  std::vector<Setting> settings;
  std::vector<double> depth;

  PairWorld(int64_t cells, const PairRates& truth, double together, uint64_t seed) {
    RandomStream random(seed, Purpose::kBenchmark);
    study.cells.type.names = {"a"};
    study.genes.names = {"gene"};
    auto& counts = study.counts;
    counts.pattern.rows = cells;
    counts.pattern.columns = 1;
    for (int32_t i = 0; i < cells; ++i) {
      study.cells.type.codes.push_back(0);
      depth.push_back(0.3 * random.normal());
      study.cells.total_rna.push_back(1000 * std::exp(depth.back()));
      study.cells.open_peaks.push_back(500 * std::exp(0.2 * random.normal()));
      const bool first = random.uniform() < 0.35;
      const bool second = random.uniform() < together ? first : random.uniform() < 0.35;
      settings.push_back((first ? 1u : 0u) | (second ? 2u : 0u));
      const double mean = 0.6 * std::exp(depth.back()) * truth[settings.back()];
      const auto count = simulation::draw_negative_binomial(random, mean, 0.3);
      if (count > 0) {
        counts.pattern.indices.push_back(0);
        counts.values.push_back(static_cast<float>(count));
      }
      counts.pattern.offsets.push_back(counts.pattern.nonzeros());
      (i < cells / 2 ? seen : held).push_back(i);
    }
  }

  FitOfSettings fit_on(const std::vector<int32_t>& cells, const PairRates& believed) const {
    FitOfSettings fit;
    for (const int32_t cell : cells) {
      const Setting setting = settings[static_cast<size_t>(cell)];
      fit.settings.push_back(setting);
      fit.types.push_back(0);
      fit.closed.push_back(std::log(50));
      fit.own.push_back(std::log(50 * believed[setting]));
    }
    return fit;
  }

  Interplay result(const PairRates& believed) const {
    const ContrastOptions options;
    const auto cells = contrast_cells(study, held, {}, options);
    SeenCells training;
    for (const int32_t cell : seen) {
      training.total_rna.push_back(study.cells.total_rna[static_cast<size_t>(cell)]);
    }
    training.dispersion = 0.3;
    training.fit = fit_on(seen, believed);
    return interplay_held_out(study, 0, kPair, training, cells, fit_on(held, believed), options);
  }
};

constexpr PairRates kEither{1, 2.5, 2.5, 2.5}, kTogether{1, 1, 1, 2.5}, kAdds{1, 2, 2, 3},
    kMultiplies{1, 1.8, 1.8, 3.24};

TEST(MainEffects, AreThoseThatCountsWereDrawnWithOnEitherScale) {
  for (const auto scale : {EffectScale::kAdditive, EffectScale::kMultiplicative}) {
    const bool adds = scale == EffectScale::kAdditive;
    const PairWorld world(20'000, adds ? PairRates{1, 2, 1.5, 2.5} : PairRates{1, 2, 1.5, 3}, 0, 1);
    ContrastCells all;
    all.cells = indices_below(20'000);
    const auto counts = measured_values(world.study, 0, all);
    const std::vector<double> ones(counts.size(), 1.0);
    const auto fit = fit_main_effects({counts, world.depth, {ones}}, world.settings, kPair, scale);
    ASSERT_TRUE(fit.converged);
    // Standard errors are 0.03 to 0.05 of 20,000 cells with 0.6 counts each.
    EXPECT_NEAR(fit.effects[0], adds ? 1 : std::log(2), 0.15);
    EXPECT_NEAR(fit.effects[1], adds ? 0.5 : std::log(1.5), 0.15);
    const auto other =
        fit_main_effects({counts, world.depth, {ones}}, world.settings, kPair,
                         adds ? EffectScale::kMultiplicative : EffectScale::kAdditive);
    EXPECT_GT(fit.log_likelihood, other.log_likelihood);
  }
}

TEST(MainEffects, ColumnsOfFreeEffectsAndTheirOffsetAddUpToTheLogPart) {
  MainEffects fit;
  fit.effects = {0.7, -0.4, 1.2};
  std::vector<Setting> settings;
  for (Setting s = 0; s <= all_open(3); ++s) settings.push_back(s);
  for (const auto scale : {EffectScale::kAdditive, EffectScale::kMultiplicative}) {
    fit.scale = scale;
    const auto free = free_effects(fit, settings);
    for (const Setting s : settings) {
      double sum = free.offset[s];
      for (size_t a = 0; a < 3; ++a) sum += fit.effects[a] * free.columns[a][s];
      EXPECT_NEAR(sum, fit.log_part(s), 1e-12);
      for (size_t a = 0; a < 3; ++a) {
        // Slopes are derivatives.
        auto moved = fit;
        moved.effects[a] += 1e-6;
        EXPECT_NEAR((moved.log_part(s) - fit.log_part(s)) / 1e-6, free.columns[a][s], 1e-5);
      }
    }
  }
}

TEST(Interplay, SlopeIsOneWhereCountsFollowTheFit) {
  for (const auto& truth : {kEither, kTogether}) {
    const auto found = PairWorld(16'000, truth, 0.2, 2).result(truth).held_out;
    EXPECT_EQ(found.note, "");
    const double error = (found.high - found.low) / (2 * 1.96);
    EXPECT_LT(error, 0.2);
    EXPECT_NEAR(found.slope, 1, 3 * error);  // a fixed seed; 1 in 400 would fail
    EXPECT_LT(found.p, 1e-6);
  }
}

TEST(Interplay, NearestToStandInsIsThatTheyAddAndToJointlyNeededOnesThatTheyMultiply) {
  const PairWorld world(4000, kAdds, 0.2, 3);
  EXPECT_EQ(world.result(kEither).without, EffectScale::kAdditive);
  EXPECT_EQ(world.result(kTogether).without, EffectScale::kMultiplicative);
}

TEST(Interplay, AFitWithoutInterplayLeavesNothingToTest) {
  const PairWorld world(4000, kEither, 0.2, 4);
  for (const auto& fit : {kAdds, kMultiplies}) {
    const auto found = world.result(fit);
    EXPECT_TRUE(std::isnan(found.held_out.slope));
    EXPECT_TRUE(std::isnan(found.held_out.p));
    EXPECT_EQ(found.held_out.note, kNoInterplay);
    EXPECT_FALSE(std::isnan(found.p_departure));  // asks nothing of the fit
  }
}

TEST(Interplay, EffectsThatDifferByTypeAreNone) {
  // Two types in one of which the elements do more, for themselves: each fit is that of its type.
  SeenCells seen;
  FitOfSettings& fit = seen.fit;
  for (size_t i = 0; i < 400; ++i) {
    const auto setting = static_cast<Setting>(i % 4);
    const auto type = static_cast<int32_t>(i / 4 % 2);
    const auto& rates = type == 0 ? kAdds : PairRates{1, 4, 3, 6};
    seen.total_rna.push_back(1000 + i);
    fit.settings.push_back(setting);
    fit.types.push_back(type);
    fit.closed.push_back(std::log(60));
    fit.own.push_back(std::log(60 * rates[setting]));
  }
  seen.dispersion = 0.2;
  const auto without = nearest_without(seen, kPair);
  ASSERT_EQ(without.size(), 2u);
  for (size_t i = 0; i < fit.own.size(); ++i) {
    // To where the fits stop.
    ASSERT_NEAR(without.at(fit.types[i]).log_part(fit.settings[i]), fit.own[i] - fit.closed[i],
                1e-4);
  }
}

struct ManySets {
  std::vector<double> p, departure;
};

uint64_t number_of_sets() {
  return testing::sized(240, 60);
}

ManySets many_sets(const PairRates& truth, const PairRates& believed) {
  ManySets result;
  for (uint64_t seed = 1; seed <= number_of_sets(); ++seed) {
    const auto found = PairWorld(2400, truth, 0.2, 100 + seed).result(believed);
    result.p.push_back(found.held_out.p);
    result.departure.push_back(found.p_departure);
  }
  return result;
}

int sets_below(const std::vector<double>& p, double level) {
  return static_cast<int>(
      std::count_if(p.begin(), p.end(), [&](double value) { return value < level; }));
}

/// The most of so many p-values below 0.05 that chance allows: 3 standard deviations of a binomial
/// above what is expected, 22 of 240.
int most_by_chance() {
  const auto sets = static_cast<double>(number_of_sets());
  return static_cast<int>(0.05 * sets + 3 * std::sqrt(0.05 * 0.95 * sets));
}

TEST(Interplay, PIsUniformWhereCountsAddAndTheFitBelievesInStandIns) {
  const auto found = many_sets(kAdds, kEither);
  EXPECT_GT(test_uniform(found.p).p, 0.01);  // one seed in a hundred would fail; these are fixed
  EXPECT_LE(sets_below(found.p, 0.05), most_by_chance());
  EXPECT_GE(sets_below(found.p, 0.05), testing::sized(3, 1));
  // What the test for departure from multiplying cannot tell from interplay.
  EXPECT_GT(sets_below(found.departure, 0.05), static_cast<int>(number_of_sets() / 4));
}

TEST(Interplay, PIsUniformWhereCountsMultiplyAndTheFitBelievesInJointNeed) {
  const auto found = many_sets(kMultiplies, kTogether);
  EXPECT_GT(test_uniform(found.p).p, 0.01);
  EXPECT_LE(sets_below(found.p, 0.05), most_by_chance());
  EXPECT_GE(sets_below(found.p, 0.05), testing::sized(3, 1));
  EXPECT_GT(test_uniform(found.departure).p, 0.01);
}

TEST(Interplay, TheOtherTruthWithoutInterplayIsCalledNoMoreOften) {
  const auto expected = static_cast<int>(number_of_sets() / 20);
  EXPECT_LE(sets_below(many_sets(kAdds, kTogether).p, 0.05), expected);
  EXPECT_LE(sets_below(many_sets(kMultiplies, kEither).p, 0.05), expected);
}

}  // namespace
}  // namespace grids::core
