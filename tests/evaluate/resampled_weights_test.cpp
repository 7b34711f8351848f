#include "evaluate/resampled_weights.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/changes.hpp"
#include "evaluate/small_study.hpp"
#include "math/negative_binomial.hpp"

namespace grids::core {
namespace {

constexpr int64_t kResamples = 300;
constexpr uint64_t kStream = 5;

double draw_poisson(RandomStream& random, double mean) {
  const double enough = std::exp(-mean);
  double product = random.uniform();
  int count = 0;
  for (; product > enough; ++count) product *= random.uniform();
  return count;
}

/// A gene of two peaks in cells of two types; counts are drawn at the means of its terms.
struct Resampling {
  Study study = small_study(1200, 8, 2, 2);
  CisGene gene;
  CisResponse response = CisResponse::kCounts;
  FittedCells fitted;

  explicit Resampling(TermSum sum = TermSum::kMultiply, uint64_t seed = 3) {
    gene.sum = sum;
    gene.terms = {{TermKind::kAll, {0}, 0.9, {}, 1}, {TermKind::kAll, {3}, -0.6, {}, 1}};
    for (int32_t cell = 0; cell < study.cells.size(); ++cell) fitted.cells.push_back(cell);
    fitted.without.assign(fitted.cells.size(), std::log(1.5));
    RandomStream random(seed, Purpose::kBenchmark);
    for (const int32_t cell : fitted.cells) {
      fitted.values.push_back(draw_poisson(random, 1.5 * std::exp(part(gene, cell))));
    }
  }

  double part(const CisGene& own, int32_t cell) const {
    return cis_part(own, study.cells.type.codes[static_cast<size_t>(cell)], study.open.row(cell));
  }

  std::vector<ResampledGene> refits(uint64_t seed = 1) const {
    return resample_weights(study, gene, response, fitted, kResamples, seed, kStream);
  }

  /// Predictions of all cells: log1p of counts per 100,000.
  std::vector<float> before() const {
    std::vector<float> values;
    for (const int32_t cell : fitted.cells) {
      values.push_back(static_cast<float>(std::log1p(150 * std::exp(part(gene, cell)))));
    }
    return values;
  }

  ChangeInterval interval(const std::vector<int32_t>& closed) const {
    return intervals(closed, change(closed)).relative;
  }
  ChangeIntervals intervals(const std::vector<int32_t>& closed,
                            const PredictedChange& about) const {
    return change_intervals(study, gene, response, refits(), fitted.cells, before(), closed, about);
  }

  PredictedChange change(const std::vector<int32_t>& closed) const {
    std::vector<float> after;
    for (const int32_t cell : fitted.cells) {
      const double masked = cis_part(gene, study.cells.type.codes[static_cast<size_t>(cell)],
                                     study.open.row(cell), {closed, {}});
      after.push_back(static_cast<float>(std::log1p(150 * std::exp(masked))));
    }
    return predicted_change(before(), after);
  }
};

/// The same regression by another way: intercepts of two types, then the two terms.
struct PlainRegression {
  std::vector<std::vector<double>> columns;
  CountRows rows;
  NegativeBinomialFit fit;

  explicit PlainRegression(const Resampling& world)
      : columns(4, std::vector<double>(world.fitted.cells.size())) {
    for (size_t i = 0; i < world.fitted.cells.size(); ++i) {
      const auto open = world.study.open.row(world.fitted.cells[i]);
      columns[static_cast<size_t>(world.study.cells.type.codes[i])][i] = 1;
      columns[2][i] = is_satisfied(world.gene.terms[0], open) ? 1 : 0;
      columns[3][i] = is_satisfied(world.gene.terms[1], open) ? 1 : 0;
    }
    rows = {world.fitted.values, world.fitted.without, {columns.begin(), columns.end()}};
    NegativeBinomialOptions options;
    options.rule = DispersionRule::kGiven;
    options.dispersion = 0;
    fit = fit_negative_binomial(rows, options);
  }
};

double spread_of_weight(const std::vector<ResampledGene>& refits, size_t term) {
  double sum = 0, squares = 0;
  for (const auto& refit : refits) {
    sum += refit.gene.terms[term].weight;
    squares += refit.gene.terms[term].weight * refit.gene.terms[term].weight;
  }
  const auto n = static_cast<double>(refits.size());
  return std::sqrt((squares - sum * sum / n) / (n - 1));
}

TEST(ResampledWeights, SpreadAsTheModelSays) {
  const Resampling world;
  // Counts are Poisson: their errors by the model's own information are right.
  const PlainRegression plain(world);
  const auto covariance = model_covariance(plain.rows, plain.fit);
  const auto refits = world.refits();
  ASSERT_EQ(std::ssize(refits), kResamples);
  // 300 draws know their spread within 4 % (one standard error); three of these.
  EXPECT_NEAR(spread_of_weight(refits, 0) / std::sqrt(covariance[2 * 4 + 2]), 1, 0.13);
  EXPECT_NEAR(spread_of_weight(refits, 1) / std::sqrt(covariance[3 * 4 + 3]), 1, 0.13);
}

TEST(ResampledWeights, AreSurroundedByTheirIntervalWhetherTermsMultiplyOrAdd) {
  for (const TermSum sum : {TermSum::kMultiply, TermSum::kAdd}) {
    const Resampling world(sum);
    for (const std::vector<int32_t>& closed : {std::vector<int32_t>{0}, {3}, {0, 3}}) {
      const auto change = world.change(closed);
      const auto [relative, rate] = world.intervals(closed, change);
      for (const auto& [interval, value] :
           {std::pair(relative, change.relative_change), std::pair(rate, change.rate_change)}) {
        EXPECT_LT(interval.low, value);
        EXPECT_GT(interval.high, value);
        EXPECT_LT(interval.high - interval.low, 0.2);
      }
    }
  }
}

TEST(ResampledWeights, GiveIntervalsThatHoldTheTruthNineTimesInTen) {
  int held = 0;
  constexpr int kTimes = 60;
  for (int time = 0; time < kTimes; ++time) {
    Resampling world(TermSum::kMultiply, 100 + static_cast<uint64_t>(time));
    const double truth = world.change({0}).relative_change;
    const PlainRegression plain(world);
    for (size_t k = 0; k < 2; ++k) world.gene.terms[k].weight = plain.fit.coefficients[2 + k];
    const auto interval = world.interval({0});
    held += interval.low <= truth && truth <= interval.high ? 1 : 0;
  }
  // Of 60 at 0.9: 47 or fewer by chance once in 200, and all once in 500.
  EXPECT_GE(held, 48);
  EXPECT_LT(held, kTimes);
}

// Masking changes the prediction through the state of the cell, too, which no refit moves.
TEST(ResampledWeights, IntervalLiesAboutTheChangeThatIsPredicted) {
  const Resampling world;
  auto change = world.change({0});
  const auto own = world.intervals({0}, change);
  const double moved = 0.125;
  change.relative_change -= moved;
  change.rate_change = -0.999;
  const auto beside = world.intervals({0}, change);
  EXPECT_NEAR(beside.relative.low, own.relative.low - moved, 1e-12);
  EXPECT_NEAR(beside.relative.high, own.relative.high - moved, 1e-12);
  EXPECT_EQ(beside.rate.low, -1);
}

TEST(ResampledWeights, ShareThatIsStoredIsTheShareThatMoves) {
  Resampling whole, half;
  for (auto& term : half.gene.terms) term.weight /= 2;  // as an average over folds leaves it
  // The same counts and the same state: what the fit to all cells finds is the same.
  const double ratio = spread_of_weight(half.refits(), 0) / spread_of_weight(whole.refits(), 0);
  EXPECT_NEAR(ratio, 0.5, 0.05);
}

TEST(ResampledWeights, LeaveWeakTermsAlone) {
  Resampling world;
  world.gene.terms[1].inclusion = 0.2;
  for (const auto& refit : world.refits()) {
    EXPECT_EQ(refit.gene.terms[1].weight, world.gene.terms[1].weight);
    EXPECT_NE(refit.gene.terms[0].weight, world.gene.terms[0].weight);
  }
  EXPECT_TRUE(std::isnan(world.interval({3}).low));
  EXPECT_FALSE(std::isnan(world.interval({0}).low));
  EXPECT_TRUE(std::isnan(world.interval({5}).low));  // of no term
}

TEST(ResampledWeights, KeepWhatATypeAdds) {
  Resampling world;
  world.gene.terms[0].deviation = {0.2, -0.2};
  for (const auto& refit : world.refits()) {
    const auto& term = refit.gene.terms[0];
    EXPECT_NEAR(term.weight_in(0) - term.weight_in(1), 0.4, 1e-12);
  }
}

TEST(ResampledWeights, OfLogValuesAreThoseOfLeastSquares) {
  Resampling world;
  world.response = CisResponse::kLogValues;
  world.gene.dispersion = 0.25;
  RandomStream random(9, Purpose::kBenchmark);
  world.fitted.without.assign(world.fitted.cells.size(), 2);
  for (size_t i = 0; i < world.fitted.values.size(); ++i) {
    const double mean = 2 + world.part(world.gene, world.fitted.cells[i]);
    world.fitted.values[i] = mean + 0.5 * random.normal();
  }
  // σ / √(Σ (x − x̄ of its type)²), peak 3 being nearly uncorrelated with peak 0 within types.
  double squares = 0;
  for (int32_t type = 0; type < 2; ++type) {
    double n = 0, open = 0;
    for (const int32_t cell : world.fitted.cells) {
      if (world.study.cells.type.codes[static_cast<size_t>(cell)] != type) continue;
      n += 1;
      open += is_satisfied(world.gene.terms[0], world.study.open.row(cell)) ? 1 : 0;
    }
    squares += open * (n - open) / n;
  }
  EXPECT_NEAR(spread_of_weight(world.refits(), 0) / (0.5 / std::sqrt(squares)), 1, 0.15);
}

TEST(ResampledWeights, DependOnSeedAlone) {
  const Resampling world;
  const auto first = world.refits(1), again = world.refits(1), other = world.refits(2);
  EXPECT_EQ(first[7].gene, again[7].gene);
  EXPECT_EQ(first[7].shift, again[7].shift);
  EXPECT_FALSE(first[7].gene == other[7].gene);
}

}  // namespace
}  // namespace grids::core
