/// The pieces of the fit: regression on terms, the scan, the gates.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/random.hpp"
#include "cis/gates.hpp"
#include "cis/gene_problem.hpp"
#include "cis/term_regression.hpp"
#include "cis/term_scan.hpp"
#include "cis/toy_windows.hpp"
#include "math/negative_binomial.hpp"
#include "math/statistics.hpp"

namespace grids::core {
namespace {

TEST(TermRegression, IsTheDenseRegressionOnIndicatorColumns) {
  const Toy toy(800);
  const auto problem = toy.problem([&](size_t i) { return toy.open(3, i) ? 0.8 : 0.0; });
  const std::vector<WindowTerm> terms = {
      {TermKind::kAll, {3}}, {TermKind::kAll, {1, 4}}, {TermKind::kAny, {5, 6, 7}}};
  const auto fit = fit_terms(problem, terms, regression());
  std::vector<std::vector<double>> columns(5, std::vector<double>(800));
  for (size_t i = 0; i < 800; ++i) {
    columns[static_cast<size_t>(toy.rows.type[i])][i] = 1;
    columns[2][i] = toy.open(3, i) ? 1 : 0;
    columns[3][i] = toy.open(1, i) && toy.open(4, i) ? 1 : 0;
    columns[4][i] = toy.open(5, i) || toy.open(6, i) || toy.open(7, i) ? 1 : 0;
  }
  NegativeBinomialOptions options;
  options.rule = DispersionRule::kGiven;
  options.dispersion = kDispersion;
  options.ridge = std::vector<double>(5, 1e-6);
  CountRows dense{problem.response(), toy.base, {columns.begin(), columns.end()}};
  const auto expected = fit_negative_binomial(dense, options);
  // Both stop within 1e-7 of the greatest log likelihood, whose curvature is above 10.
  for (size_t t = 0; t < 2; ++t) EXPECT_NEAR(fit.shift[t], expected.coefficients[t], 1e-4);
  for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(fit.weight[k], expected.coefficients[2 + k], 1e-4);
}

TEST(TermRegression, AddingTermsAreAtAMaximumAndFitAddedRatesBetter) {
  const Toy toy(3000);
  const auto problem = toy.problem([&](size_t i) {
    return std::log(1 + 1.5 * toy.open(0, i) + 1.5 * toy.open(1, i) + 1.5 * toy.open(2, i));
  });
  const std::vector<WindowTerm> terms = {
      {TermKind::kAll, {0}}, {TermKind::kAll, {1}}, {TermKind::kAll, {2}}};
  const auto adding = fit_terms(problem, terms, regression(TermSum::kAdd));
  const auto multiplying = fit_terms(problem, terms, regression());
  EXPECT_GT(adding.log_likelihood, multiplying.log_likelihood + 5);
  for (const double weight : adding.weight) EXPECT_NEAR(weight, std::log(2.5), 0.2);

  const auto likelihood = [&](const std::vector<double>& weight) {
    std::vector<double> mean;
    for (size_t i = 0; i < 3000; ++i) {
      double sum = 0;
      for (int32_t k = 0; k < 3; ++k) {
        if (toy.open(k, i)) sum += std::expm1(weight[static_cast<size_t>(k)]);
      }
      mean.push_back(std::exp(toy.base[i] + adding.shift[static_cast<size_t>(toy.rows.type[i])]) *
                     (1 + sum));
    }
    return negative_binomial_log_likelihood(problem.response(), mean, kDispersion);
  };
  for (size_t k = 0; k < 3; ++k) {
    for (const double step : {-0.03, 0.03}) {
      auto moved = adding.weight;
      moved[k] += step;
      EXPECT_LT(likelihood(moved), likelihood(adding.weight));
    }
  }
}

TEST(TermRegression, EvidencePrefersDeviationsOnlyWhereTypesDiffer) {
  const Toy toy(3000);
  const std::vector<WindowTerm> terms = {{TermKind::kAll, {3}}};
  for (const bool differ : {false, true}) {
    const auto problem = toy.problem([&](size_t i) {
      if (!toy.open(3, i)) return 0.0;
      return differ ? (toy.rows.type[i] == 0 ? 1.2 : 0.0) : 0.7;
    });
    auto options = regression();
    options.weight_ridge = 0.5;
    const auto shared = fit_terms(problem, terms, options);
    options.deviation_ridge = 1;
    const auto apart = fit_terms(problem, terms, options);
    EXPECT_EQ(apart.log_evidence > shared.log_evidence, differ);
    if (!differ) continue;
    // 1,800 and 1,200 rows of which 30 % are open: standard errors about 0.08.
    EXPECT_NEAR(apart.weight[0] + apart.deviation[0], 1.2, 0.3);
    EXPECT_NEAR(apart.weight[0] + apart.deviation[1], 0, 0.3);
  }
}

/// Rows are summed by class: what is fitted is the regression on rows all the same.
TEST(TermRegression, DeviationsOfSeveralTermsAreAtAMaximumOfThePenalisedLikelihood) {
  const Toy toy(1203);
  const std::vector<WindowTerm> terms = {
      {TermKind::kAll, {3}}, {TermKind::kAny, {5, 7}}, {TermKind::kAll, {2, 8}}};
  const auto problem = toy.problem([&](size_t i) {
    return (toy.open(3, i) ? 0.9 * toy.rows.type[i] : 0.0) - 0.5 * toy.open(5, i);
  });
  auto options = regression();
  options.weight_ridge = 0.5;
  options.last_ridges = {7};
  options.deviation_ridge = 2;
  options.most_steps = 50;
  const auto fit = fit_terms(problem, terms, options);
  EXPECT_NEAR(fit.log_likelihood, term_log_likelihood(problem, fit.mean, options.dispersion), 1e-8);
  const size_t types = 2, count = terms.size();
  std::vector<std::vector<int32_t>> satisfied;
  for (const auto& term : terms) satisfied.push_back(problem.rows_of(term));
  const auto penalised = [&](const TermFit& at) {
    std::vector<double> log_mean(problem.base().begin(), problem.base().end());
    for (size_t i = 0; i < log_mean.size(); ++i) {
      log_mean[i] += at.shift[static_cast<size_t>(problem.type()[i])];
    }
    double penalty = 0;
    for (size_t k = 0; k < count; ++k) {
      const double ridge = k + 1 == count ? 7 : 0.5;
      penalty += ridge * at.weight[k] * at.weight[k] / 2;
      for (size_t type = 0; type < types; ++type) {
        const double deviation = at.deviation[k * types + type];
        penalty += (k + 1 == count ? 7 : 2) * deviation * deviation / 2;
      }
      for (const int32_t row : satisfied[k]) {
        const auto type = static_cast<size_t>(problem.type()[static_cast<size_t>(row)]);
        log_mean[static_cast<size_t>(row)] += at.weight[k] + at.deviation[k * types + type];
      }
    }
    for (size_t i = 0; i < log_mean.size(); ++i) {
      log_mean[i] = std::exp(log_mean[i]);
      EXPECT_TRUE(&at != &fit || std::abs(log_mean[i] / fit.mean[i] - 1) < 1e-9);
    }
    return term_log_likelihood(problem, log_mean, options.dispersion) - penalty;
  };
  const double best = penalised(fit);
  const auto moved = [&](auto&& move) {
    for (const double by : {-0.01, 0.01}) {
      auto other = fit;
      move(other, by);
      EXPECT_LT(penalised(other), best);
    }
  };
  for (size_t k = 0; k < count; ++k) {
    moved([&](TermFit& other, double by) { other.weight[k] += by; });
  }
  for (size_t j = 0; j < fit.deviation.size(); ++j) {
    moved([&](TermFit& other, double by) { other.deviation[j] += by; });
  }
  for (size_t type = 0; type < types; ++type) {
    moved([&](TermFit& other, double by) { other.shift[type] += by; });
  }
  EXPECT_GT(std::abs(fit.deviation[0] - fit.deviation[1]), 0.3);
}

/// Of 1,203 rows neither type is a multiple of what is counted or summed at once.
TEST(TermClasses, AreTheRowsThatSatisfyTheSameTerms) {
  const Toy toy(1203);
  const auto problem = toy.problem([](size_t) { return 0.0; });
  const std::vector<WindowTerm> terms = {
      {TermKind::kAll, {3}},       {TermKind::kAll, {0, 1, 2, 4}}, {TermKind::kAny, {1, 3, 8}},
      {TermKind::kAll, {1, 5, 6}}, {TermKind::kAll, {1, 5}},       {TermKind::kAll, {}}};
  const TermClasses found(problem, terms);
  std::vector<std::vector<int32_t>> satisfied;
  for (const auto& term : terms) satisfied.push_back(problem.rows_of(term));
  const auto classes = found.classes();
  std::vector<double> number(1203), code(classes.size());
  for (size_t i = 0; i < number.size(); ++i) number[i] = static_cast<double>(i + 1);
  for (size_t c = 0; c < code.size(); ++c) code[c] = static_cast<double>(c);
  const auto sorted = found.sorted(number);
  const auto code_of = found.of_rows(code);
  for (size_t type = 0; type < 2; ++type) {
    for (auto c = found.type_begin()[type]; c < found.type_begin()[type + 1]; ++c) {
      EXPECT_EQ(classes[c].begin % kClassLanes, 0u);
      double rows = 0, last = 0;
      for (size_t place = classes[c].begin; place < classes[c].end; ++place) {
        if (sorted[place] == 0) continue;
        ++rows;
        const auto row = static_cast<size_t>(sorted[place]) - 1;
        EXPECT_GT(sorted[place], std::exchange(last, sorted[place]));
        EXPECT_EQ(toy.rows.type[row], static_cast<int32_t>(type));
        EXPECT_EQ(code_of[row], static_cast<double>(c));
        for (size_t k = 0; k < terms.size(); ++k) {
          const bool holds = std::binary_search(satisfied[k].begin(), satisfied[k].end(),
                                                static_cast<int32_t>(row));
          EXPECT_EQ(found.members()[k * classes.size() + c], holds ? 1 : 0);
        }
      }
      EXPECT_EQ(rows, classes[c].rows);
    }
  }
  double rows = 0;
  for (const auto& one : classes) rows += one.rows;
  EXPECT_EQ(rows, 1203);
}

/// Means that are asked for later are those of the fit, and of each way to sum terms.
TEST(TermRegression, MeansAskedForLaterAreThoseOfTheFit) {
  const Toy toy(800);
  const auto problem = toy.problem([&](size_t i) { return toy.open(3, i) ? 0.8 : 0.0; });
  const std::vector<WindowTerm> terms = {{TermKind::kAll, {3}}, {TermKind::kAny, {5, 7}}};
  const TermSum sums[] = {TermSum::kAdd, TermSum::kMultiply};
  const auto fits = fit_sums(problem, terms, regression(), sums);
  for (size_t s = 0; s < 2; ++s) {
    const auto alone = fit_terms(problem, terms, regression(sums[s]));
    const auto means = term_means(problem, terms, sums[s], fits[s]);
    EXPECT_EQ(fits[s].weight, alone.weight);
    EXPECT_EQ(fits[s].log_likelihood, alone.log_likelihood);
    EXPECT_EQ(fits[s].mean, alone.mean);
    for (size_t i = 0; i < means.size(); ++i) {
      EXPECT_NEAR(means[i], alone.mean[i], 1e-12 * alone.mean[i]);
    }
  }
  EXPECT_NE(fits[0].log_likelihood, fits[1].log_likelihood);
}

/// Most candidates are ruled out without their gain.
TEST(TermScan, AFewBestAreTheFirstOfAll) {
  const Toy toy(1500);
  const auto problem = toy.problem(
      [&](size_t i) { return 0.9 * toy.open(3, i) - 1.2 * toy.open(4, i) * toy.open(6, i); });
  const auto none = fit_terms(problem, {}, regression());
  const auto scores = row_scores(problem, none.mean, kDispersion);
  const auto all = scan_pairs(problem, scores, 66, false);
  for (const size_t most : {1, 3, 10}) {
    const auto few = scan_pairs(problem, scores, most, false);
    for (const auto& [some, list] :
         {std::pair{&few.single, &all.single}, std::pair{&few.all, &all.all},
          std::pair{&few.any, &all.any}}) {
      ASSERT_EQ(some->list().size(), most);
      for (size_t i = 0; i < most; ++i) {
        EXPECT_EQ(some->list()[i].term, list->list()[i].term);
        EXPECT_EQ(some->list()[i].gain, list->list()[i].gain);
      }
    }
  }
}

TEST(TermScan, ItsSumsAreThoseOfEachTermByItself) {
  const Toy toy(500);
  const auto problem = toy.problem([&](size_t i) { return toy.open(3, i) ? 0.5 : 0.0; });
  const auto none = fit_terms(problem, {}, regression());
  const auto scores = row_scores(problem, none.mean, kDispersion);
  const auto by_hand = [&](const WindowTerm& term) {
    double u = 0, v = 0;
    for (size_t type = 0; type < 2; ++type) {
      double ut = 0, vt = 0, all_u = 0, all_v = 0;
      for (size_t i = 0; i < 500; ++i) {
        if (toy.rows.type[i] != static_cast<int32_t>(type)) continue;
        bool in = term.kind == TermKind::kAll;
        for (const int32_t peak : term.peaks) {
          in = term.kind == TermKind::kAll ? in && toy.open(peak, i) : in || toy.open(peak, i);
        }
        all_u += scores[i].score;
        all_v += scores[i].weight;
        if (in) ut += scores[i].score;
        if (in) vt += scores[i].weight;
      }
      u += ut - all_u * vt / all_v;
      v += vt - vt * vt / all_v;
    }
    return approximate_gain(CisResponse::kCounts, u, v);
  };
  // All candidates come back when as many are asked for as there are.
  const auto scan = scan_pairs(problem, scores, 66, false);
  ASSERT_EQ(scan.single.list().size(), 12u);
  ASSERT_EQ(scan.all.list().size(), 66u);
  ASSERT_EQ(scan.any.list().size(), 66u);
  for (const auto* list : {&scan.single, &scan.all, &scan.any}) {
    for (const auto& candidate : list->list()) {
      EXPECT_NEAR(candidate.gain, by_hand(candidate.term), 1e-9);
    }
  }
  const auto totals = scan_totals(problem, scores);
  for (const TermKind kind : {TermKind::kAll, TermKind::kAny}) {
    const auto longer = scan_extensions(problem, scores, totals, {kind, {2, 9}}, kind, 20);
    ASSERT_EQ(longer.list().size(), 10u);
    for (const auto& candidate : longer.list()) {
      EXPECT_EQ(candidate.term.peaks.size(), 3u);
      EXPECT_NEAR(candidate.gain, by_hand(candidate.term), 1e-9);
    }
  }
}

TEST(TermScan, PromisesAboutWhatTheExactFitGains) {
  const Toy toy(2000);
  const auto problem = toy.problem([&](size_t i) { return toy.open(3, i) ? 0.6 : 0.0; });
  const auto none = fit_terms(problem, {}, regression());
  const auto scan = scan_pairs(problem, row_scores(problem, none.mean, kDispersion), 3, false);
  for (const auto* list : {&scan.single, &scan.all, &scan.any}) {
    for (const auto& candidate : list->list()) {
      const std::vector<WindowTerm> terms = {candidate.term};
      const auto fit = fit_terms(problem, terms, regression());
      const double gain = fit.log_likelihood - none.log_likelihood;
      // The scan takes a term for rare, and this one is satisfied in a third of the rows; it has to
      // find what is worth an exact fit, no more.
      EXPECT_NEAR(candidate.gain, gain, 0.5 + 0.2 * gain);
    }
  }
}

TEST(Gates, AreUniformUnderTheNullAndSeeAGain) {
  RandomStream random(5, Purpose::kBenchmark);
  std::vector<double> null;
  int seen = 0;
  for (int test = 0; test < 300; ++test) {
    std::vector<double> values, smaller, larger, better;
    std::vector<int32_t> type;
    for (int i = 0; i < 300; ++i) {
      type.push_back(i % 3);
      smaller.push_back(std::exp(0.3 * random.normal()));
      const double factor = random.uniform() < 0.3 ? 2.2 : 0.8;
      const double other = random.uniform() < 0.3 ? 2.2 : 0.8;
      values.push_back(draw_count(random, smaller.back() * factor));
      better.push_back(smaller.back() * factor);
      larger.push_back(smaller.back() * other);
    }
    null.push_back(
        test_gate(gate_sums({CisResponse::kCounts, values, smaller, larger, {}, type, 0.5})).p);
    const auto gate =
        test_gate(gate_sums({CisResponse::kCounts, values, smaller, better, {}, type, 0.5}));
    seen += gate.p < 0.001 && gate.gain > 0 ? 1 : 0;
  }
  EXPECT_GT(test_uniform(null).p, 0.01);
  EXPECT_GT(seen, 285);
}

TEST(Gates, PassByTheirTestAndWhereItIsAskedForWithAGain) {
  CisGate good{0.1, 1e-6, 0, false}, harmful{-0.1, 1e-6, 0, false}, weak{0.1, 0.5, 0, false},
      untested{0, NAN, 0, true};
  std::vector<CisGate*> gates = {&good, &harmful, &weak, &untested};
  judge(gates, 0.1, GateRule::kTested);
  EXPECT_TRUE(harmful.passed);
  judge(gates, 0.1, GateRule::kAndGain);
  EXPECT_TRUE(good.passed);
  EXPECT_FALSE(harmful.passed);
  EXPECT_FALSE(weak.passed);
  EXPECT_FALSE(untested.passed);
  EXPECT_TRUE(std::isnan(untested.q));
}

TEST(Gates, OfASecondStepThatCellsDoNotBearOutLittleIsKept) {
  RandomStream random(8, Purpose::kBenchmark);
  std::vector<double> values, smaller, between, half, none;
  std::vector<int32_t> type;
  for (int i = 0; i < 20'000; ++i) {
    type.push_back(i % 3);
    smaller.push_back(std::exp(0.3 * random.normal()));
    const double first = random.uniform() < 0.3 ? 0.5 : 0;
    const double second =
        random.uniform() < 0.3 ? 0.2 : 0;  // the larger model claims twice as much
    const double noise = random.uniform() < 0.3 ? 0.4 : 0;
    values.push_back(draw_count(random, smaller.back() * std::exp(first + second)));
    between.push_back(smaller.back() * std::exp(first));
    half.push_back(between.back() * std::exp(2 * second));
    none.push_back(between.back() * std::exp(noise));
  }
  const auto share = [&](const std::vector<double>& larger) {
    return kept_share(
        gate_sums({CisResponse::kCounts, values, smaller, larger, between, type, 0.5}));
  };
  EXPECT_NEAR(share(half), 0.5, 0.1);
  EXPECT_LT(share(none), 0.2);
  EXPECT_GE(share(none), 0.05);
  EXPECT_EQ(share(between), 1);  // there is no second step
}

}  // namespace
}  // namespace grids::core
