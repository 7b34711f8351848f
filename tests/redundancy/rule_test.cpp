#include "redundancy/rule.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>

#include "redundancy/capture_known.hpp"
#include "redundancy/judge_redundancy.hpp"

namespace grids::core {
namespace {

/// Rates of settings as good as known: independent errors of log rates.
SettingRates known_rates(size_t elements, const std::function<double(Setting)>& rate,
                         double error = 0.01) {
  SettingRates rates;
  rates.elements = elements;
  const size_t settings = all_open(elements) + 1;
  for (Setting s = 0; s < settings; ++s) rates.log_rate.push_back(std::log(rate(s) / rate(0)));
  rates.covariance.assign(settings * settings, 0.0);
  for (size_t s = 1; s < settings; ++s) rates.covariance[s * settings + s] = error * error;
  rates.freedom = std::numeric_limits<double>::infinity();
  rates.cells.assign(settings, {100, 100, 100});
  return rates;
}

/// Elements that open independently in a quarter of 4,000 cells; with `together` above 0 each
/// copies the first with that probability.
struct Openness {
  explicit Openness(size_t elements, double together = 0) : elements_(elements) {
    RandomStream random(11, Purpose::kBenchmark);
    for (int cell = 0; cell < 4000; ++cell) {
      const bool first = random.uniform() < 0.25;
      Setting setting = first ? 1 : 0;
      for (size_t a = 1; a < elements; ++a) {
        const bool copies = random.uniform() < together;
        const bool own = random.uniform() < 0.25;
        if (copies ? first : own) setting |= bit_of(a);
      }
      settings_.push_back(setting);
    }
  }
  SeenTogether seen() const {
    return {elements_, settings_, std::vector<int32_t>(settings_.size(), 0)};
  }

 private:
  size_t elements_;
  std::vector<Setting> settings_;
};

Redundancy judged(const SettingRates& rates, double capture = 1, double together = 0) {
  RandomStream random(1, Purpose::kRedundancy);
  RuleOptions options;
  options.power_replicates = 20;
  return judge_rates(rates, Openness(rates.elements, together).seen(), capture, options, random);
}

double number_open(Setting s) {
  return static_cast<double>(std::popcount(s));
}

struct Form {
  const char* name;
  RedundancyCall call;
  std::function<double(Setting)> pair;
};

/// The forms that the rule was simulated with (additive, multiplicative, either, both, and
/// repressors of three forms).
TEST(RedundancyRule, CallsKnownPairsWhatTheyAre) {
  const Form forms[] = {
      {"additive", RedundancyCall::kIndependent,
       [](Setting s) { return 1 + 0.75 * number_open(s); }},
      {"multiplicative", RedundancyCall::kIndependent,
       [](Setting s) { return std::pow(2.5, number_open(s) / 2); }},
      {"either", RedundancyCall::kRedundant, [](Setting s) { return s != 0 ? 2.5 : 1; }},
      {"both", RedundancyCall::kCooperative, [](Setting s) { return s == 3 ? 2.5 : 1; }},
      {"repressors multiply", RedundancyCall::kIndependent,
       [](Setting s) { return std::pow(0.5, number_open(s)); }},
      {"repressors add", RedundancyCall::kIndependent,
       [](Setting s) { return 1 - 0.4 * number_open(s); }},
      {"either represses", RedundancyCall::kRedundant, [](Setting s) { return s != 0 ? 0.3 : 1; }},
      {"both repress", RedundancyCall::kCooperative, [](Setting s) { return s == 3 ? 0.3 : 1; }},
  };
  for (const auto& form : forms) {
    EXPECT_EQ(judged(known_rates(2, form.pair)).call, form.call) << form.name;
  }
}

TEST(RedundancyRule, TellsTriplesOfWhichAnyOneOrAnyTwoSuffice) {
  EXPECT_EQ(judged(known_rates(3, [](Setting s) { return s != 0 ? 2.5 : 1; })).call,
            RedundancyCall::kRedundant);
  EXPECT_EQ(judged(known_rates(3, [](Setting s) { return std::popcount(s) >= 2 ? 2.5 : 1; })).call,
            RedundancyCall::kQuorum);
  EXPECT_EQ(judged(known_rates(3, [](Setting s) { return s == 7 ? 2.5 : 1; })).call,
            RedundancyCall::kCooperative);
  EXPECT_EQ(judged(known_rates(3, [](Setting s) { return 1 + 0.5 * number_open(s); })).call,
            RedundancyCall::kIndependent);
}

TEST(RedundancyRule, HiddenSharesAreThoseOfTheTruth) {
  const auto additive = judged(known_rates(2, [](Setting s) { return 1 + number_open(s); }));
  EXPECT_NEAR(additive.hidden, 0, 1e-12);
  const auto either = judged(known_rates(3, [](Setting s) { return s != 0 ? 2 : 1; }));
  EXPECT_NEAR(either.hidden, 1, 1e-12);
  EXPECT_NEAR(either.hidden_log, 1, 1e-12);
  EXPECT_NEAR(either.j, -1.0, 1e-12);  // each gives all alone, and loses nothing from the whole
  const auto two = judged(known_rates(3, [](Setting s) { return std::popcount(s) >= 2 ? 2 : 1; }));
  EXPECT_NEAR(two.hidden, 1, 1e-12);
  EXPECT_NEAR(two.j, 0, 1e-12);
  const auto pair = judged(known_rates(2, [](Setting s) { return s == 3 ? 2 : 1; }));
  EXPECT_NEAR(pair.hidden, -1, 1e-12);
  EXPECT_NEAR(pair.j, -pair.hidden, 1e-12);
  EXPECT_LT(pair.hidden_low, -1);
  EXPECT_GT(pair.hidden_high, -1);
}

TEST(RedundancyRule, AnIdleMemberAndAnOpposedOneAreNamed) {
  const auto idle = judged(known_rates(
      2, [](Setting s) { return (s & 1) != 0 ? 2.5 : 1; }, 0.1));
  EXPECT_EQ(idle.reason, "idle or too weak");
  const auto opposed = judged(
      known_rates(2, [](Setting s) { return ((s & 1) != 0 ? 4 : 1) * ((s & 2) != 0 ? 0.6 : 1); }));
  EXPECT_EQ(opposed.reason, "opposed");
  const auto nothing = judged(known_rates(
      2, [](Setting) { return 1; }, 0.1));
  EXPECT_EQ(nothing.reason, "total effect");
}

TEST(RedundancyRule, WideErrorsCallNothing) {
  const auto wide = judged(known_rates(
      2, [](Setting s) { return s != 0 ? 2.5 : 1; }, 0.3));
  EXPECT_EQ(wide.call, RedundancyCall::kNotCalled);
  EXPECT_LT(wide.power_redundant, 0.8);
}

/// Where ATAC misses half of what is open and members open together, stand-ins look no different
/// from a cause and what goes along with it.
TEST(RedundancyRule, MissedOpennessOfMembersThatOpenTogetherBoundsACall) {
  const auto rates = known_rates(2, [](Setting s) { return s == 0 ? 1 : s == 3 ? 2.1 : 1.9; });
  EXPECT_EQ(judged(rates, 1, 0.6).call, RedundancyCall::kRedundant);
  const auto missed = judged(rates, 0.5, 0.6);
  EXPECT_EQ(missed.call, RedundancyCall::kStandInsOrProxies);
  EXPECT_GT(missed.bound.most, 0.5);
  const auto apart = judged(rates, 0.9, 0.2);
  ASSERT_EQ(apart.call, RedundancyCall::kRedundant);
  EXPECT_LT(apart.kappa_break, 0.9);
  EXPECT_GT(apart.kappa_break, 0.3);
}

/// redundancy_rule.py, `capture_bound` and `needed_together`, by the same formulas.
TEST(SeenTogether, BoundsArePairFormulas) {
  const Openness openness(2, 0.4);
  const auto seen = openness.seen();
  const double kappa = 0.6;
  const auto q = [&](size_t a, Setting others, Setting beside) {
    return missed_chance(seen.share(a, others, beside).value, kappa);
  };
  const auto beta = [&](size_t a, Setting rest) {
    return (q(a, rest, 0) - q(a, 0, rest)) / (1 - q(a, 0, rest));
  };
  const auto bound = SeenDraw(seen).bound(kappa);
  EXPECT_DOUBLE_EQ(bound.most, std::max(beta(0, 2), beta(1, 1)));
  EXPECT_DOUBLE_EQ(bound.least, std::min({0.0, beta(0, 2), beta(1, 1)}));
  const auto chances = all_open_chances(seen, kappa);
  const double qa = q(0, 2, 2), qb = q(1, 1, 1), none = q(0, 0, 0) * qb;
  const auto parts = hidden_parts(chances, 2);
  EXPECT_NEAR(parts.numerator / parts.total, -(1 - qa - qb + none) / (1 - none), 1e-12);
}

TEST(SeenTogether, NothingIsMissedAtCaptureOne) {
  const auto bound = SeenDraw(Openness(3, 0.5).seen()).bound(1);
  EXPECT_EQ(bound.most, 0);
  EXPECT_EQ(bound.least, 0);
  EXPECT_EQ(missed_chance(0.5, 0.4), 1);  // seen more often than capture allows: all are open
}

TEST(SeenTogether, StandardisationTakesOutWhatStrataExplain) {
  // Two strata in which both elements open independently, often in one and seldom in the other.
  std::vector<Setting> settings;
  std::vector<int32_t> strata;
  RandomStream random(2, Purpose::kBenchmark);
  for (int cell = 0; cell < 20'000; ++cell) {
    const int32_t stratum = cell % 2;
    const double open = stratum == 0 ? 0.1 : 0.4;
    settings.push_back((random.uniform() < open ? 1 : 0) | (random.uniform() < open ? 2 : 0));
    strata.push_back(stratum);
  }
  const std::vector<int32_t> one(strata.size(), 0);
  EXPECT_GT(SeenDraw(SeenTogether(2, settings, one)).bound(0.6).most, 0.1);
  EXPECT_LT(SeenDraw(SeenTogether(2, settings, strata)).bound(0.6).most, 0.04);
}

TEST(ShapleyShares, AddUpToTheWholeAndAreEqualForEqualMembers) {
  const auto numbers = element_numbers(std::vector<double>{1, 2, 2, 3, 5, 7, 7, 11},
                                       std::vector<double>{0, 1, 1, 2, 3, 4, 4, 6}, 3);
  EXPECT_NEAR(numbers[0].shapley + numbers[1].shapley + numbers[2].shapley, 1, 1e-12);
  EXPECT_NEAR(numbers[0].shapley_log + numbers[1].shapley_log + numbers[2].shapley_log, 1, 1e-12);
  EXPECT_NEAR(numbers[0].shapley, numbers[1].shapley, 1e-12);
  EXPECT_GT(numbers[2].shapley, numbers[0].shapley);
}

TEST(CaptureKnown, IsTheLowerEndOfTheProfile) {
  CisPath path;
  EXPECT_DOUBLE_EQ(capture_known(std::nullopt, path, 0.1).capture, 0.3);
  path.capture = 0.5;
  EXPECT_DOUBLE_EQ(capture_known(std::nullopt, path, 0.1).capture, 0.35);
  path.capture_profile = {{1, 0}, {0.7, 40}, {0.5, 60}, {0.35, 50}, {0.2, 0}};
  const double low = capture_known(std::nullopt, path, 0.1).capture;
  EXPECT_LT(low, 0.5);
  EXPECT_GT(low, 0.35);
  EXPECT_DOUBLE_EQ(capture_known(0.8, path, 0.1).capture, 0.8);
  EXPECT_DOUBLE_EQ(capture_known(0.8, path, 0.9).capture, 0.9);  // seen open more often than that
}

TEST(HoldTogether, ALargeRunTakesBackCallsWithALargeQ) {
  RedundancyOptions options;
  options.many_sets = 3;
  std::vector<CallOfRun> calls(4);
  for (auto& call : calls) call.p_redundant = call.p_cooperative = 0.9;
  calls[0] = {RedundancyCall::kRedundant, "", 0.001, 0.999, 0};
  calls[1] = {RedundancyCall::kRedundant, "", 0.08, 0.9, 0};
  calls[2] = {RedundancyCall::kIndependent, "", 0.9, 0.9, 0};
  auto few = calls;
  hold_together(std::span(calls), options);
  EXPECT_EQ(calls[0].call, RedundancyCall::kRedundant);
  EXPECT_NEAR(calls[0].q, 0.004, 1e-12);
  EXPECT_EQ(calls[1].call, RedundancyCall::kNotCalled);
  EXPECT_EQ(calls[1].reason.substr(0, 2), "q:");
  EXPECT_TRUE(std::isnan(calls[2].q));
  options.many_sets = 4;
  hold_together(std::span(few), options);
  EXPECT_EQ(few[1].call, RedundancyCall::kRedundant);
}

SetRedundancy type_with(double hidden, double error) {
  SetRedundancy set;
  set.result.hidden = hidden;
  set.result.hidden_error = error;
  set.result.hidden_low = std::isnan(error) ? error : hidden - 2 * error;
  return set;
}

TEST(PoolTypes, TheRowOfAllIsTheMeanAndTypesAreDrawnTowardsIt) {
  SetRedundancy all;
  const double none = std::nan("");
  std::vector<SetRedundancy> types = {type_with(0, 1), type_with(4, 1), type_with(9, none)};
  pool_types(all, types);
  EXPECT_DOUBLE_EQ(all.result.hidden, 2);  // as RandomEffects.OfTwoGroupsIsTheirFormula
  EXPECT_DOUBLE_EQ(all.result.hidden_error, 2);
  EXPECT_LT(all.result.hidden_low, all.result.hidden);
  EXPECT_DOUBLE_EQ(types[1].hidden_pooled, 3.75);
  EXPECT_TRUE(std::isnan(types[2].hidden_pooled));  // its total change is not certain
}

}  // namespace
}  // namespace grids::core
