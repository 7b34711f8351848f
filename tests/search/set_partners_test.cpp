#include "search/set_partners.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "base/indices.hpp"
#include "search/coordinate_descent.hpp"
#include "support/formula_model.hpp"
#include "support/search_world.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using testing::FormulaModel;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::SearchWorld;

/// A model whose rate is the formula.
FormulaModel rate_model(int32_t features, testing::Formula rate) {
  return {features,
          [rate = std::move(rate)](const std::vector<double>& x) { return std::log1p(rate(x)); }};
}

Objective objective_of(const MaskableModel& model, LossOptions loss = {}, int32_t target = 0) {
  ObjectiveInput input;
  input.cells = indices_below(model.shape().cells);
  input.target = target;
  return make_objective(model, input, loss);
}

double mean_rate(const Objective& objective, std::span<const Feature> subset) {
  const auto state = begin(objective, subset);
  const auto outputs = state->outputs();
  const auto width = objective.outputs.size();
  double sum = 0;
  for (size_t i = 0; i < outputs.size(); i += width) {
    sum += std::expm1(std::max(double{outputs[i]}, 0.0));
  }
  return sum / static_cast<double>(outputs.size() / width);
}

std::vector<Feature> with(std::vector<Feature> subset, Feature feature) {
  subset.push_back(feature);
  return subset;
}

std::vector<Feature> features_of(const SetPartners& found) {
  std::vector<Feature> features;
  for (const Partner& partner : found.partners) features.push_back(partner.feature);
  return features;
}

/// The definitions of the header, from states begun anew. Sums of doubles in another order differ
/// by rounding, so a share this close to its limit may fall to either side.
constexpr double kRounding = 1e-9;

void check_definitions(const Objective& objective, const std::vector<Feature>& subset,
                       const SetPartners& found, const PartnerOptions& options) {
  const double rate = mean_rate(objective, {});
  const auto change = [&](std::span<const Feature> masked) {
    return mean_rate(objective, masked) - rate;
  };
  const double whole = change(subset);
  const auto near = [&](double a, double b) { return std::abs(a - b) <= kRounding * rate; };
  RC_ASSERT(near(found.rate, rate));
  RC_ASSERT(near(found.change, whole));
  RC_ASSERT(near(found.minimal_change, change(found.minimal)));

  // In the order of the set; enough remains; none can go.
  auto rest = subset.begin();
  for (const Feature member : found.minimal) {
    rest = std::find(rest, subset.end(), member);
    RC_ASSERT(rest != subset.end());
  }
  RC_ASSERT(change(found.minimal) / whole >= options.keep - kRounding);
  for (const Feature member : found.minimal) {
    auto fewer = found.minimal;
    std::erase(fewer, member);
    RC_ASSERT(change(fewer) / whole < options.keep + kRounding);
  }

  const auto partners = features_of(found);
  double last = std::numeric_limits<double>::infinity();
  for (const Partner& partner : found.partners) {
    RC_ASSERT(near(partner.single, change(std::vector{partner.feature})));
    RC_ASSERT(
        near(partner.after, change(with(found.minimal, partner.feature)) - change(found.minimal)));
    RC_ASSERT(partner.single / whole <= last);
    last = partner.single / whole;
  }
  for (const Feature feature : objective.allowed) {
    const bool minimal =
        std::find(found.minimal.begin(), found.minimal.end(), feature) != found.minimal.end();
    const bool listed = std::find(partners.begin(), partners.end(), feature) != partners.end();
    if (minimal) {
      RC_ASSERT(!listed);
      continue;
    }
    const double single = change(std::vector{feature});
    const double after = change(with(found.minimal, feature)) - change(found.minimal);
    const double strong = single / whole - options.least_single;
    const double gone = options.most_after - after / single;
    if (std::abs(strong) < kRounding || std::abs(gone) < kRounding) continue;
    RC_ASSERT(listed == (strong > 0 && gone > 0));
  }
}

RC_GTEST_PROP(SetPartners, AreTheirDefinitions, ()) {
  const auto seed = *rc::gen::inRange<uint64_t>(1, 60);
  const SearchWorld world(seed, 1, 40, true);
  // Every third gene is of the cis path, whose terms need all or any of their peaks.
  const auto objective = objective_of(world.model, {}, *rc::gen::element(0, 6, 9));
  RandomStream random(seed, Purpose::kSearch, 1);
  // Terms lie among the first 24 peaks.
  const auto subset = random_subset(indices_below(24), *rc::gen::inRange(1, 8), random);
  // Looser than the defaults, so that random terms have partners.
  const PartnerOptions options{.keep = *rc::gen::element(0.5, 0.9),
                               .least_single = 0.05,
                               .most_after = *rc::gen::element(0.1, 0.8),
                               .limit = 70};
  const auto found = find_partners(objective, subset, options);
  const double whole = mean_rate(objective, subset) - mean_rate(objective, {});
  if (std::abs(whole) < 1e-4 * found.rate) return;  // too little for shares of floats
  RC_CLASSIFY(!found.partners.empty(), "partners");
  RC_CLASSIFY(found.minimal.size() < subset.size(), "smaller");
  check_definitions(objective, subset, found, options);
}

TEST(SetPartners, AnAndPairIsOneMemberAndItsPartner) {
  const auto model = rate_model(8, [](const auto& x) { return 2 + 3 * x[2] * x[5] + 0.1 * x[1]; });
  const auto objective = objective_of(model);
  for (const auto& set : {std::vector<Feature>{2, 6}, {6, 2}, {2}}) {
    const auto found = find_partners(objective, set);
    EXPECT_THAT(found.minimal, ElementsAre(2));
    ASSERT_EQ(found.partners.size(), 1u);
    EXPECT_EQ(found.partners[0].feature, 5);
    EXPECT_NEAR(found.partners[0].single, -3, 1e-5);  // outputs are floats
    EXPECT_NEAR(found.partners[0].after, 0, 1e-5);
    EXPECT_NEAR(found.rate, 5.1, 1e-5);
  }
  // Both in the set: dropping either costs nothing, so the one that ranks last is the partner.
  const auto both = find_partners(objective, std::vector<Feature>{5, 2});
  EXPECT_THAT(both.minimal, ElementsAre(5));
  EXPECT_THAT(features_of(both), ElementsAre(2));
}

TEST(SetPartners, APartnerMayTurnRoundOnceTheSetIsMasked) {
  // Feature 5 lowers alone, through feature 2; without 2 it would raise.
  const auto model = rate_model(6, [](const auto& x) { return 3 + 3 * x[2] * x[5] - x[5]; });
  const auto found = find_partners(objective_of(model), std::vector<Feature>{2});
  ASSERT_EQ(found.partners.size(), 1u);
  EXPECT_NEAR(found.partners[0].single, -2, 1e-5);
  EXPECT_NEAR(found.partners[0].after, 1, 1e-5);
}

TEST(SetPartners, OfThreeThatAreNeededTogetherTwoArePartners) {
  const auto model = rate_model(6, [](const auto& x) { return 1 + 4 * x[0] * x[3] * x[4]; });
  const auto found = find_partners(objective_of(model), std::vector<Feature>{3, 1, 2});
  EXPECT_THAT(found.minimal, ElementsAre(3));
  EXPECT_THAT(features_of(found), ElementsAre(0, 4));  // equals: the smaller index first
}

TEST(SetPartners, AnOrPairIsMinimalWhole) {
  const auto model = rate_model(
      8, [](const auto& x) { return 2 + 3 * (1 - (1 - x[2]) * (1 - x[5])) + 0.1 * x[1]; });
  const auto found = find_partners(objective_of(model), std::vector<Feature>{5, 1, 2});
  EXPECT_THAT(found.minimal, ElementsAre(5, 2));
  EXPECT_THAT(found.partners, IsEmpty());
}

TEST(SetPartners, MembersThatAddAreNoPartners) {
  const auto model =
      rate_model(6, [](const auto& x) { return 1 + x[0] + 2 * x[1] + 2 * x[2] + 0.2 * x[3]; });
  const auto found = find_partners(objective_of(model), std::vector<Feature>{1, 0, 3});
  // 3.2 in all: without feature 3, 94 % remains; without feature 0 as well, 63 %.
  EXPECT_THAT(found.minimal, ElementsAre(1, 0));
  EXPECT_NEAR(found.minimal_change, -3, 1e-5);
  EXPECT_THAT(found.partners, IsEmpty());  // feature 2 changes as much after the set as alone
}

TEST(SetPartners, DropsAreJudgedTogether) {
  // Each of 1, 2, 3 carries 5 % of the change: two of them can go, not three.
  const auto model =
      rate_model(4, [](const auto& x) { return 1 + 17 * x[0] + x[1] + x[2] + x[3]; });
  const auto found = find_partners(objective_of(model), std::vector<Feature>{0, 3, 1, 2});
  EXPECT_THAT(found.minimal, ElementsAre(0, 3));
}

TEST(SetPartners, ASetThatChangesNothingHasNone) {
  const auto model = rate_model(5, [](const auto& x) { return 1 + x[0] * x[1]; });
  const auto found = find_partners(objective_of(model), std::vector<Feature>{2, 3});
  EXPECT_EQ(found.change, 0);
  EXPECT_NEAR(found.rate, 2, 1e-6);
  EXPECT_THAT(found.minimal, IsEmpty());
  EXPECT_THAT(found.partners, IsEmpty());
}

TEST(SetPartners, ASetThatRaisesHasPartnersThatRaise) {
  // Features 1 and 4 each suffice to hold the rate down.
  const auto model = rate_model(6, [](const auto& x) { return 4 - 3 * x[1] * x[4] + x[2]; });
  const auto found =
      find_partners(objective_of(model, {.direction = Direction::kUp}), std::vector<Feature>{4, 0});
  EXPECT_THAT(found.minimal, ElementsAre(4));
  EXPECT_THAT(features_of(found), ElementsAre(1));
  EXPECT_GT(found.partners[0].single, 0);
}

TEST(SetPartners, OnlyAllowedFeaturesAreListedAndAtMostTheLimit) {
  const auto model =
      rate_model(8, [](const auto& x) { return 1 + 4 * x[0] * x[3] * x[4] * (0.5 + 0.5 * x[6]); });
  auto objective = objective_of(model);
  EXPECT_THAT(features_of(find_partners(objective, std::vector<Feature>{3})), ElementsAre(0, 4, 6));
  EXPECT_THAT(features_of(find_partners(objective, std::vector<Feature>{3}, {.limit = 2})),
              ElementsAre(0, 4));
  EXPECT_THAT(find_partners(objective, std::vector<Feature>{3}, {.limit = 0}).partners, IsEmpty());
  objective.allowed = {1, 3, 4, 6};
  EXPECT_THAT(features_of(find_partners(objective, std::vector<Feature>{3})), ElementsAre(4, 6));
}

TEST(SetPartners, OfManyFeaturesThoseOfTheSteepestGradientAreTried) {
  // The gradient of the formula is its difference: one candidate is the strongest single change.
  const auto falls = rate_model(
      9, [](const auto& x) { return 2 + 3 * x[2] * x[5] * (0.6 + 0.4 * x[7]) + 0.1 * x[1]; });
  const auto one = PartnerOptions{.candidates = 1};
  EXPECT_THAT(features_of(find_partners(objective_of(falls), std::vector<Feature>{2}, one)),
              ElementsAre(5));
  const auto rises = rate_model(9, [](const auto& x) { return 8 - 3 * x[2] * x[5] + 4 * x[1]; });
  EXPECT_THAT(features_of(find_partners(objective_of(rises), std::vector<Feature>{2}, one)),
              ElementsAre(5));
}

TEST(SetPartners, NeitherThreadsNorOtherOutputsChangeABit) {
  const SearchWorld one(3, 1, 60, true);
  const SearchWorld four(3, 4, 60, true);
  const std::vector<Feature> subset = {3, 11, 7, 20, 45};
  const PartnerOptions options{.least_single = 0.01, .most_after = 0.9, .limit = 70};
  const auto a = find_partners(objective_of(one.model), subset, options);
  const auto b = find_partners(objective_of(four.model), subset, options);
  // Beta computes every output; the target is the first of them all the same.
  const auto c = find_partners(objective_of(one.model, {.beta = 1}), subset, options);
  ASSERT_FALSE(a.partners.empty());
  for (const auto& other : {b, c}) {
    EXPECT_EQ(other.rate, a.rate);
    EXPECT_EQ(other.change, a.change);
    EXPECT_EQ(other.minimal, a.minimal);
    EXPECT_EQ(other.minimal_change, a.minimal_change);
    EXPECT_EQ(other.partners, a.partners);
  }
}

TEST(SetPartners, TakeThePlaceOfMembersThatCanBeSpared) {
  SetPartners found;
  found.minimal = {4, 2};
  found.partners = {{.feature = 9}, {.feature = 7}};
  EXPECT_THAT(with_partners(std::vector<Feature>{4, 8, 2}, found), ElementsAre(4, 2, 9));
  EXPECT_THAT(with_partners(std::vector<Feature>{4, 9, 2, 8, 6}, found),
              ElementsAre(4, 2, 9, 7, 8));  // a member that is a partner, once
  EXPECT_THAT(with_partners(std::vector<Feature>{4, 2}, found), ElementsAre(4, 2));
  EXPECT_THAT(with_partners(std::vector<Feature>{4, 8, 2}, {}), ElementsAre(4, 8, 2));
}

TEST(SetPartners, AllBadOptionsAreToldAtOnce) {
  const auto model = rate_model(3, [](const auto& x) { return 1 + x[0]; });
  const auto objective = objective_of(model);
  try {
    find_partners(objective, std::vector<Feature>{0},
                  {.keep = 0, .least_single = 2, .most_after = 1, .limit = -1, .candidates = 0});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    for (const char* part : {"keep must be above 0", "least-single must", "most-after must",
                             "--partners must be at least 0, not -1", "candidates must"}) {
      EXPECT_THAT(error.what(), HasSubstr(part));
    }
  }
}

}  // namespace
}  // namespace grids::core
