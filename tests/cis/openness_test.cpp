/// What ATAC misses: beliefs, expected terms, the estimate of capture.
#include "cis/openness.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "cis/capture.hpp"
#include "cis/expected_terms.hpp"
#include "cis/toy_windows.hpp"
#include "math/negative_binomial.hpp"

namespace grids::core {
namespace {

TEST(Beliefs, AreProbabilitiesAndCertainWhereOpen) {
  for (const double capture : {0.1, 0.4, 0.9, 1.0}) {
    const Lossy cells(capture);
    const auto problem = cells.problem();
    const auto beliefs = openness_beliefs(problem, cells.open_peaks, cells.seen(capture));
    for (int32_t peak = 0; peak < kPeaks; ++peak) {
      for (size_t row = 0; row < kRows; ++row) {
        const float q = beliefs.peak(peak)[row];
        const bool observed = cells.rows.peaks.contains(peak, static_cast<int32_t>(row));
        ASSERT_GE(q, 0);
        ASSERT_LE(q, 1);
        // At capture 1 closed is closed.
        if (observed || capture == 1) {
          ASSERT_EQ(q, observed ? 1 : 0);
        }
      }
    }
  }
}

TEST(Beliefs, AreAsOftenTrueAsTheySay) {
  const Lossy cells(0.4);
  const auto problem = cells.problem();
  const auto beliefs = openness_beliefs(problem, cells.open_peaks, cells.seen(0.4));
  // Believed and true, of shallow and of deep rows: the latter miss less, and have more to miss.
  struct Group {
    double closed = 0, believed = 0, open = 0;
  };
  Group groups[2];
  for (size_t row = 0; row < kRows; ++row) {
    for (int32_t peak = 0; peak < kPeaks; ++peak) {
      if (cells.rows.peaks.contains(peak, static_cast<int32_t>(row))) continue;
      Group& group = groups[cells.open_peaks[row] > 400 ? 1 : 0];
      ++group.closed;
      group.believed += static_cast<double>(beliefs.peak(peak)[row]);
      group.open += cells.open(static_cast<size_t>(peak), row) ? 1 : 0;
    }
  }
  for (const Group& group : groups) {
    ASSERT_GT(group.closed, 10000);
    // Standard error 0.004; depths are rounded and capped a little differently.
    EXPECT_NEAR(group.believed / group.closed, group.open / group.closed, 0.02);
  }
}

TEST(Beliefs, NeighboursTellOfWhatWasMissed) {
  const Lossy cells(0.4);
  const auto problem = cells.problem();
  const auto seen = cells.seen(0.4);
  const auto alone = openness_beliefs(problem, cells.open_peaks, seen);
  const auto together = openness_beliefs(problem, cells.open_peaks, seen, 3);
  double rows = 0, believed = 0, open = 0, believed_alone = 0;
  for (size_t row = 0; row < kRows; ++row) {
    const auto cell = static_cast<int32_t>(row);
    // Peaks that open by themselves say nothing.
    for (int32_t peak = 0; peak < 10; ++peak) {
      ASSERT_FLOAT_EQ(together.peak(peak)[row], alone.peak(peak)[row]);
    }
    if (cells.rows.peaks.contains(10, cell) || !cells.rows.peaks.contains(11, cell)) continue;
    ++rows;
    believed += static_cast<double>(together.peak(10)[row]);
    believed_alone += static_cast<double>(alone.peak(10)[row]);
    open += cells.open(10, row) ? 1 : 0;
  }
  // Some 250 rows: standard error 0.03, and the excess of joint openness is estimated.
  ASSERT_GT(rows, 150);
  EXPECT_NEAR(believed / rows, open / rows, 0.12);
  EXPECT_LT(believed_alone / rows, open / rows - 0.15);
}

TEST(ExpectedTerms, ExpectTheFactorOverAllLatentStates) {
  const Lossy cells(0.4);
  const auto problem = cells.problem();
  const ExpectedTerms expected(problem, cells.open_peaks, cells.seen(0.4));
  const double weight = 1.1;
  for (const WindowTerm& term :
       {WindowTerm{TermKind::kAll, {2, 5, 10}}, WindowTerm{TermKind::kAny, {0, 3, 11}},
        WindowTerm{TermKind::kAll, {7}}}) {
    const auto belief = term_belief(expected.beliefs(), term);
    const size_t size = term.peaks.size();
    for (size_t row = 0; row < 200; ++row) {
      double factor = 0;
      for (size_t state = 0; state < (size_t{1} << size); ++state) {
        double probability = 1;
        for (size_t k = 0; k < size; ++k) {
          const auto q = static_cast<double>(expected.beliefs().peak(term.peaks[k])[row]);
          probability *= (state >> k & 1) != 0 ? q : 1 - q;
        }
        const bool all = state + 1 == size_t{1} << size;
        const bool satisfied = term.kind == TermKind::kAll ? all : state != 0;
        factor += probability * (satisfied ? std::exp(weight) : 1);
      }
      EXPECT_NEAR(1 + std::expm1(weight) * belief[row], factor, 1e-12);
    }
  }
}

TEST(ExpectedTerms, MeansAreExpectedFactorsAtAMaximum) {
  const Lossy cells(0.4);
  const auto problem =
      cells.problem([&](size_t i) { return cells.open(2, i) && cells.open(5, i) ? 1.2 : 0; });
  const ExpectedTerms expected(problem, cells.open_peaks, cells.seen(0.4));
  const std::vector<WindowTerm> terms = {{TermKind::kAll, {2, 5}}, {TermKind::kAny, {3, 8}}};
  const auto depth = cells.log_depth();
  for (const TermSum sum : {TermSum::kMultiply, TermSum::kAdd}) {
    const auto fit = expected.fit(terms, regression(sum));
    const auto means = [&](const std::vector<double>& weight, double slope) {
      std::vector<double> mean;
      const auto first = term_belief(expected.beliefs(), terms[0]);
      const auto second = term_belief(expected.beliefs(), terms[1]);
      for (size_t i = 0; i < kRows; ++i) {
        const double a = std::expm1(weight[0]) * first[i], b = std::expm1(weight[1]) * second[i];
        const double factor = sum == TermSum::kAdd ? 1 + a + b : (1 + a) * (1 + b);
        const auto type = static_cast<size_t>(cells.rows.type[i]);
        mean.push_back(std::exp(cells.base[i] + fit.shift[type] + slope * depth[i]) * factor);
      }
      return mean;
    };
    const auto mean = means(fit.weight, fit.depth_slope);
    for (size_t i = 0; i < kRows; ++i) ASSERT_NEAR(fit.mean[i], mean[i], 1e-9 * mean[i]);
    const auto likelihood = [&](const std::vector<double>& at) {
      return negative_binomial_log_likelihood(problem.response(), at, kDispersion);
    };
    const double best = likelihood(mean);
    for (const double step : {-0.03, 0.03}) {
      for (size_t k = 0; k < 2; ++k) {
        auto moved = fit.weight;
        moved[k] += step;
        EXPECT_LT(likelihood(means(moved, fit.depth_slope)), best);
      }
      EXPECT_LT(likelihood(means(fit.weight, fit.depth_slope + step)), best);
    }
  }
}

TEST(ExpectedTerms, AreIndicatorsWhereNothingIsMissed) {
  const Lossy cells(1);
  const auto problem = cells.problem([&](size_t i) { return cells.open(3, i) ? 0.8 : 0; });
  const ExpectedTerms expected(problem, cells.open_peaks, cells.seen(1));
  const std::vector<WindowTerm> terms = {{TermKind::kAll, {3}}, {TermKind::kAny, {1, 4}}};
  const auto fit = expected.fit(terms, regression());
  std::vector<std::vector<double>> columns(5, std::vector<double>(kRows));
  for (size_t i = 0; i < kRows; ++i) {
    columns[static_cast<size_t>(cells.rows.type[i])][i] = 1;
    columns[2][i] = cells.open(3, i) ? 1 : 0;
    columns[3][i] = cells.open(1, i) || cells.open(4, i) ? 1 : 0;
  }
  columns[4] = cells.log_depth();
  NegativeBinomialOptions options;
  options.rule = DispersionRule::kGiven;
  options.dispersion = kDispersion;
  options.ridge = std::vector<double>(5, 1e-6);
  const auto dense = fit_negative_binomial(
      {problem.response(), cells.base, {columns.begin(), columns.end()}}, options);
  // Both stop within 1e-7 of the greatest log likelihood, whose curvature is above 10.
  for (size_t k = 0; k < 2; ++k) {
    EXPECT_NEAR(fit.shift[k], dense.coefficients[k], 1e-4);
    EXPECT_NEAR(fit.weight[k], dense.coefficients[2 + k], 1e-4);
  }
  EXPECT_NEAR(fit.depth_slope, dense.coefficients[4], 1e-4);
}

TEST(ExpectedTerms, GainMoreThanIndicatorsWherePeaksAreMissed) {
  double expected_gain = 0, binary_gain = 0;
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    const Lossy cells(0.4, seed);
    const auto problem =
        cells.problem([&](size_t i) { return cells.open(2, i) && cells.open(5, i) ? 1.2 : 0; });
    const ExpectedTerms expected(problem, cells.open_peaks, cells.seen(0.4));
    const std::vector<WindowTerm> pair = {{TermKind::kAll, {2, 5}}};
    expected_gain += expected.fit(pair, regression()).log_likelihood -
                     expected.fit({}, regression()).log_likelihood;
    binary_gain += fit_terms(problem, pair, regression()).log_likelihood -
                   fit_terms(problem, {}, regression()).log_likelihood;
  }
  EXPECT_GT(binary_gain, 10);
  EXPECT_GT(expected_gain, 1.15 * binary_gain);
}

TEST(ExpectedScan, ItsSumsAreThoseOfEachTermByItself) {
  const Lossy cells(0.4);
  const auto problem = cells.problem([&](size_t i) { return cells.open(3, i) ? 0.8 : 0; });
  const ExpectedTerms expected(problem, cells.open_peaks, cells.seen(0.4));
  const auto scores = row_scores(problem, expected.fit({}, regression()).mean, kDispersion);
  const auto depth = cells.log_depth();
  // u and v of a column once intercepts and slope are refitted: what a regression leaves of it.
  const auto by_hand = [&](const WindowTerm& term) {
    const auto t = term_belief(expected.beliefs(), term);
    std::vector<double> z = depth, rest = t;
    for (auto* column : {&z, &rest}) {
      for (int32_t type = 0; type < 2; ++type) {
        double sum = 0, weight = 0;
        for (size_t i = 0; i < kRows; ++i) {
          if (cells.rows.type[i] != type) continue;
          sum += scores[i].weight * (*column)[i];
          weight += scores[i].weight;
        }
        for (size_t i = 0; i < kRows; ++i) {
          if (cells.rows.type[i] == type) (*column)[i] -= sum / weight;
        }
      }
    }
    double along = 0, length = 0, u = 0, v = 0;
    for (size_t i = 0; i < kRows; ++i) {
      along += scores[i].weight * z[i] * rest[i];
      length += scores[i].weight * z[i] * z[i];
    }
    for (size_t i = 0; i < kRows; ++i) {
      rest[i] -= along / length * z[i];
      u += scores[i].score * rest[i];
      v += scores[i].weight * rest[i] * rest[i];
    }
    return approximate_gain(CisResponse::kCounts, u, v);
  };
  const auto information = expected.pair_information(scores);
  const auto scan = expected.scan_pairs(scores, information, 66);
  ASSERT_EQ(scan.single.list().size(), 12u);
  ASSERT_EQ(scan.all.list().size(), 66u);
  ASSERT_EQ(scan.any.list().size(), 66u);
  // Sums of 3,000 products in single precision.
  for (const auto* list : {&scan.single, &scan.all, &scan.any}) {
    for (const auto& candidate : list->list()) {
      EXPECT_NEAR(candidate.gain, by_hand(candidate.term), 0.01 + 1e-3 * candidate.gain);
    }
  }
  for (const TermKind kind : {TermKind::kAll, TermKind::kAny}) {
    const auto longer = expected.scan_extensions(scores, {kind, {2, 9}}, kind, 20);
    ASSERT_EQ(longer.list().size(), 10u);
    for (const auto& candidate : longer.list()) {
      EXPECT_NEAR(candidate.gain, by_hand(candidate.term), 0.01 + 1e-3 * candidate.gain);
    }
  }
}

/// Genes with one chosen term each.
std::vector<FirstFit> genes_with_terms(int32_t count) {
  std::vector<FirstFit> genes(static_cast<size_t>(count));
  for (int32_t i = 0; i < count; ++i) genes[static_cast<size_t>(i)] = {i, 10.0 + i % 7, true};
  return genes;
}

TEST(CaptureEstimate, IsTheBestOnlyWhereTheCountsTell) {
  ThreadPool pool(2);
  Reporter reporter;
  const Context context{1, pool, reporter};
  const auto peaked = [](double height) {
    return [height](double capture) -> GeneObjective {
      return [height, capture](int32_t gene) {
        return -5.0 * gene - height * (capture - 0.45) * (capture - 0.45);
      };
    };
  };
  const auto clear = estimate_capture(genes_with_terms(20), peaked(10), context);
  EXPECT_TRUE(clear.estimated);
  EXPECT_EQ(clear.genes, 20);
  EXPECT_EQ(clear.capture, 0.5);  // the nearest of those compared
  EXPECT_EQ(clear.profile.front(), (CapturePoint{1, 0}));
  // 20 genes × 1 × (0.55² − 0.05²) = 6 units of log likelihood are not enough.
  EXPECT_EQ(estimate_capture(genes_with_terms(20), peaked(1), context).capture, 1);
  const auto few = estimate_capture(genes_with_terms(3), peaked(1000), context);
  EXPECT_EQ(few.capture, 1);
  EXPECT_TRUE(few.profile.empty());
}

TEST(Capture, IsReadFromTheWordsOfTheOption) {
  EXPECT_EQ(capture_from("off"), 1);
  EXPECT_EQ(capture_from("auto"), 0);
  EXPECT_EQ(capture_from("0.4"), 0.4);
  EXPECT_EQ(capture_from("1"), 1);
  for (const char* wrong : {"", "0", "1.01", "-0.4", "0.4x", "nan", "on"}) {
    EXPECT_THROW(capture_from(wrong), Error) << wrong;
  }
}

}  // namespace
}  // namespace grids::core
