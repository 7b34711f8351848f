/// The search for terms: what it finds, that it ends, and what merely goes along with a cause.
#include "cis/term_search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.hpp"
#include "cis/kept_terms.hpp"
#include "cis/open_together.hpp"
#include "cis/term_trials.hpp"
#include "cis/toy_windows.hpp"
#include "math/negative_binomial.hpp"

namespace grids::core {
namespace {

std::vector<WindowTerm> chosen_terms(const TermSelection& found) {
  std::vector<WindowTerm> terms;
  for (size_t k = 0; k < found.terms.size(); ++k) {
    if (found.inclusion[k] == 1) terms.push_back(found.terms[k]);
  }
  return terms;
}

/// Up to four terms of one to three peaks.
std::vector<WindowTerm> random_terms(RandomStream& random) {
  std::vector<WindowTerm> terms(random.below(5));
  for (auto& term : terms) {
    for (uint32_t left = 1 + random.below(3); left > 0; --left) {
      const auto peak = static_cast<int32_t>(random.below(static_cast<uint32_t>(kPeaks)));
      if (std::find(term.peaks.begin(), term.peaks.end(), peak) == term.peaks.end()) {
        term.peaks.push_back(peak);
      }
    }
    std::sort(term.peaks.begin(), term.peaks.end());
    if (term.peaks.size() > 1 && random.below(2) == 1) term.kind = TermKind::kAny;
  }
  return terms;
}

/// What ends the search: whatever terms it tries and whatever dispersion it takes, it compares
/// values of one function, and only ever goes up.
TEST(TermTrials, TheObjectiveIsTheLikelihoodLessCostsAndNoNewDispersionLowersIt) {
  const Lossy cells(0.4);
  const auto problem =
      cells.problem([&](size_t i) { return cells.open(2, i) + 0.7 * cells.open(5, i); });
  const ExpectedTerms expected(problem, cells.open_peaks, cells.seen(0.4));
  const CisOptions options;
  RandomStream random(4, Purpose::kBenchmark);
  for (const auto* beliefs : {static_cast<const ExpectedTerms*>(nullptr), &expected}) {
    TermTrials trials(problem, options, beliefs);
    int moved = 0;
    for (int round = 0; round < 30; ++round) {
      const auto before = trials.fitted(random_terms(random));
      const double dispersion = trials.dispersion();
      const auto after = trials.at_own_dispersion(before);
      EXPECT_GE(after.objective, before.objective);
      EXPECT_EQ(after.terms, before.terms);
      moved += trials.dispersion() != dispersion ? 1 : 0;
      // The same function by its definition: nothing depends on the way that led there.
      const double likelihood = negative_binomial_log_likelihood(
          problem.response(), trials.means(after), trials.dispersion());
      EXPECT_NEAR(after.objective, likelihood - trials.cost(after.terms), 1e-6);
    }
    EXPECT_GT(moved, 10);
  }
}

/// Fits begin where the search is, to save steps: wherever that is, they end at one place.
TEST(TermTrials, WhereWeightsAreSoughtFromHardlyMatters) {
  const Lossy cells(0.4);
  const auto problem =
      cells.problem([&](size_t i) { return cells.open(2, i) + 0.7 * cells.open(5, i); });
  const ExpectedTerms expected(problem, cells.open_peaks, cells.seen(0.4));
  CisOptions options;
  options.adding = false;  // sums have several maxima
  RandomStream random(5, Purpose::kBenchmark);
  for (const auto* beliefs : {static_cast<const ExpectedTerms*>(nullptr), &expected}) {
    TermTrials trials(problem, options, beliefs);
    TermTrials exact(problem, options, beliefs);
    exact.be_exact();
    for (int round = 0; round < 20; ++round) {
      const auto terms = random_terms(random);
      trials.begin_at(trials.fitted(random_terms(random)));
      const double reached = exact.fitted(terms).objective;
      // A twentieth of what a move of the search gains at least.
      EXPECT_NEAR(trials.fitted(terms).objective, reached, 1e-3);
      exact.begin_at(trials.fitted(random_terms(random)));
      // Steps end where they promise 1e-7; the objective moves by the root of that, times its
      // slope.
      EXPECT_NEAR(exact.fitted(terms).objective, reached, 1e-4);
    }
  }
}

/// What was fitted is found again whatever the order of its terms, each with its own weight.
TEST(TermTrials, AreTheSameInAnyOrderOfTerms) {
  const Lossy cells(0.4);
  const auto problem =
      cells.problem([&](size_t i) { return cells.open(2, i) + 0.7 * cells.open(5, i); });
  const CisOptions options;
  TermTrials trials(problem, options, nullptr);
  const std::vector<WindowTerm> terms = {
      {TermKind::kAll, {5}}, {TermKind::kAny, {1, 3}}, {TermKind::kAll, {2}}};
  const auto one = trials.fitted(terms);
  const auto other = trials.fitted({terms[2], terms[0], terms[1]});
  EXPECT_EQ(one.terms, terms);
  EXPECT_EQ(other.fit.weight,
            (std::vector<double>{one.fit.weight[2], one.fit.weight[0], one.fit.weight[1]}));
  EXPECT_EQ(other.objective, one.objective);
  EXPECT_GT(one.fit.weight[2], one.fit.weight[1] + 0.2);
}

TEST(TermSearch, StopsWhereNoTermIsBetterLeftOut) {
  const Toy toy(1500);
  const auto problem = toy.problem([&](size_t i) {
    return 0.5 * toy.open(1, i) + 0.4 * toy.open(4, i) +
           (toy.open(7, i) && toy.open(9, i) ? 0.6 : 0);
  });
  CisOptions options;
  options.least_inclusion = 1;
  const auto found = search_terms(problem, options);
  ASSERT_GE(found.terms.size(), 2u);
  TermTrials trials(problem, options, nullptr);
  // At the dispersion that the search ended with, whatever the last move was.
  const auto all = trials.at_own_dispersion(trials.fitted(found.terms));
  for (size_t k = 0; k < found.terms.size(); ++k) {
    auto fewer = found.terms;
    fewer.erase(fewer.begin() + static_cast<long>(k));
    // Moves that gain less than 0.02 are not made; the dispersion was fitted to other terms.
    EXPECT_LT(trials.fitted(fewer).objective, all.objective + 0.05);
  }
}

TEST(TermSearch, KeepsWeightsOfTheSizeThatTheCountsGive) {
  const Toy toy(3000);
  const auto problem = toy.problem([&](size_t i) { return toy.open(3, i) ? 0.8 : 0.0; });
  CisOptions options;
  options.least_inclusion = 1;
  const auto weight = [&](double ridge) {
    options.kept_ridge = ridge;
    const auto found = search_terms(problem, options);
    return found.fit.weight.at(0);
  };
  const double none = weight(1e-6);
  // A prior of precision r beside information v takes r / (v + r) of a weight; v is some 400 here.
  EXPECT_NEAR(weight(100) / none, 0.8, 0.06);
  EXPECT_NEAR(weight(CisOptions{}.kept_ridge) / none, 1, 0.01);
}

TEST(KeptTerms, TakeBackWhatTheFrozenStateHeldOfThem) {
  Toy toy(4000);
  const auto counts = toy.problem([&](size_t i) { return toy.open(3, i) ? 0.8 : 0.0; });
  const std::vector<double> values(counts.response().begin(), counts.response().end());
  // A latent that follows the peak: alone it takes over a third of what the peak does.
  RandomStream random(6, Purpose::kBenchmark);
  auto& rows = toy.rows;
  rows.log_exposure = toy.base;
  rows.state.assign(3, std::vector<double>(rows.size(), 1.0));
  for (size_t i = 0; i < rows.size(); ++i) {
    rows.state[1][i] = rows.type[i];
    rows.state[2][i] = (toy.open(3, i) ? 1.0 : 0.0) + 0.6 * random.normal();
  }
  CisOptions options;
  options.least_inclusion = 1;
  const StateDesign design(rows, CisResponse::kCounts, options.state_ridge);
  CisGene gene;
  gene.state = design.fit(rows, values, SIZE_MAX).coefficients;
  const auto problem = counts.with_base(state_values(rows, gene.state));
  auto found = search_terms(problem, options);
  ASSERT_EQ(chosen_terms(found), (std::vector<WindowTerm>{{TermKind::kAll, {3}}}));
  const double beside_frozen = found.fit.weight[0];
  const double of_latent = gene.state[2];
  keep_terms({rows, design, options}, problem, std::move(found), gene);
  // Standard error 0.06; two turns leave a seventh of what was off.
  EXPECT_LT(beside_frozen, 0.62);
  EXPECT_NEAR(gene.terms.at(0).weight, 0.8, 0.15);
  EXPECT_LT(std::abs(gene.state[2]), of_latent / 2);
}

TEST(TermSearch, TellsTheKindsApart) {
  const Toy toy(4000);
  CisOptions options;
  options.next_term_cost = 3;  // twelve candidates alone would let chance in
  const auto search = [&](const auto& log_factor) {
    return search_terms(toy.problem(log_factor), options);
  };
  EXPECT_TRUE(chosen_terms(search([](size_t) { return 0.0; })).empty());
  EXPECT_EQ(
      chosen_terms(search([&](size_t i) { return toy.open(3, i) && toy.open(8, i) ? 1.0 : 0; })),
      (std::vector<WindowTerm>{{TermKind::kAll, {3, 8}}}));
  EXPECT_EQ(
      chosen_terms(search([&](size_t i) { return toy.open(3, i) || toy.open(8, i) ? 1.0 : 0; })),
      (std::vector<WindowTerm>{{TermKind::kAny, {3, 8}}}));
  EXPECT_EQ(chosen_terms(search([&](size_t i) {
              return toy.open(1, i) && toy.open(3, i) && toy.open(8, i) ? 1.6 : 0.0;
            })),
            (std::vector<WindowTerm>{{TermKind::kAll, {1, 3, 8}}}));
  const auto two = search([&](size_t i) { return 0.8 * toy.open(2, i) - 0.8 * toy.open(5, i); });
  ASSERT_EQ(chosen_terms(two).size(), 2u);
  for (size_t k = 0; k < 2; ++k) {
    EXPECT_NEAR(two.fit.weight[k], two.terms[k].peaks[0] == 2 ? 0.8 : -0.8, 0.2);
  }
}

/// What the search chooses, by observed openness.
std::vector<int32_t> chosen_peaks(const Lossy& cells, const GeneProblem& problem,
                                  bool with_companions) {
  const Companions companions(problem, cells.open_peaks);
  CisOptions options;
  options.least_inclusion = 1;
  const auto found =
      search_terms(problem, options, nullptr, with_companions ? &companions : nullptr);
  std::vector<int32_t> peaks;
  for (const auto& term : found.terms) {
    peaks.insert(peaks.end(), term.peaks.begin(), term.peaks.end());
  }
  std::sort(peaks.begin(), peaks.end());
  peaks.erase(std::unique(peaks.begin(), peaks.end()), peaks.end());
  return peaks;
}

bool has(const std::vector<int32_t>& peaks, int32_t peak) {
  return std::binary_search(peaks.begin(), peaks.end(), peak);
}

TEST(StandIns, GiveWayToTheCauseThatTheyCopy) {
  const Lossy cells(0.4);
  const auto problem = cells.problem([&](size_t i) { return cells.open(10, i) ? 1.5 : 0; });
  // Peak 11 predicts: it is open where 10 was missed. (Else the test would test nothing.)
  ASSERT_TRUE(has(chosen_peaks(cells, problem, false), 11));
  const auto chosen = chosen_peaks(cells, problem, true);
  EXPECT_TRUE(has(chosen, 10));
  EXPECT_FALSE(has(chosen, 11));
}

TEST(StandIns, LeaveTheCausesAsTheTermsOnceTheyGaveWay) {
  const Lossy cells(0.4);
  const auto problem = cells.problem([&](size_t i) {
    return 0.7 * cells.open(10, i) + 0.4 * cells.open(2, i) - 0.4 * cells.open(5, i);
  });
  // With 11 in the place of 10 a pair with 2 did best; with 10 itself that is a term too many.
  const Companions companions(problem, cells.open_peaks);
  CisOptions options;
  options.least_inclusion = 1;
  EXPECT_THAT(search_terms(problem, options, nullptr, &companions).terms,
              ::testing::UnorderedElementsAre(WindowTerm{TermKind::kAll, {2}},
                                              WindowTerm{TermKind::kAll, {5}},
                                              WindowTerm{TermKind::kAll, {10}}));
}

TEST(StandIns, AreNotSeenInSubstitutesThatOpenIndependently) {
  const Lossy cells(0.4);
  const auto problem =
      cells.problem([&](size_t i) { return cells.open(2, i) || cells.open(5, i) ? 1.5 : 0; });
  const auto chosen = chosen_peaks(cells, problem, true);
  EXPECT_TRUE(has(chosen, 2));
  EXPECT_TRUE(has(chosen, 5));
}

TEST(StandIns, AreNotSeenInTwoCausesThatOpenTogether) {
  const Lossy cells(0.6);
  const auto problem = cells.problem(
      [&](size_t i) { return (cells.open(10, i) ? 1.0 : 0) + (cells.open(11, i) ? 1.0 : 0); });
  const Companions companions(problem, cells.open_peaks);
  const auto near = companions.of(10);
  ASSERT_NE(std::find(near.begin(), near.end(), 11), near.end());
  const auto chosen = chosen_peaks(cells, problem, true);
  EXPECT_TRUE(has(chosen, 10));
  EXPECT_TRUE(has(chosen, 11));
}

}  // namespace
}  // namespace grids::core
