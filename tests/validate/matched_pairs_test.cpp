#include "validate/matched_pairs.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/thread_pool.hpp"
#include "planted_pairs.hpp"
#include "validate/pair_matcher.hpp"

namespace grids::core {
namespace {

using test::add_member;
using test::give_sets;
using test::made_up_genome;

/// For each gene, peaks that "loop" to it: the nearer, the likelier.
std::vector<std::set<int32_t>> nearby_hits(const Pairs& pairs, RandomStream& random) {
  std::vector<std::set<int32_t>> hits(pairs.genes.size());
  for (size_t g = 0; g < pairs.genes.size(); ++g) {
    for (size_t p = 0; p < pairs.peaks.size(); ++p) {
      const auto distance = pair_distance(pairs.genes[g], pairs.peaks[p]);
      if (!distance || *distance > 2'000'000) continue;
      const double odds = 0.5 * std::exp(-static_cast<double>(*distance) / 3e5);
      if (random.uniform() < odds) hits[g].insert(static_cast<int32_t>(p));
    }
  }
  return hits;
}

class Matched : public testing::Test {
 protected:
  /// Sets of 3 peaks nearby, the nearer the likelier; a hit is taken with `odds` beside another.
  void give_nearby(double odds, uint64_t draw) {
    RandomStream random(12, Purpose::kSimulate, draw);
    hits_ = nearby_hits(pairs_, random);
    give_sets(pairs_, 3, random, [&](const PairGene& gene, const PairPeak& peak) {
      const auto distance = pair_distance(gene, peak);
      if (!distance || *distance > 2'000'000) return false;
      const auto g = static_cast<size_t>(&gene - pairs_.genes.data());
      const auto p = static_cast<int32_t>(&peak - pairs_.peaks.data());
      const double nearer = std::exp(-static_cast<double>(*distance) / 5e5);
      return random.uniform() < nearer * (hits_[g].contains(p) ? 1 : 1 / odds);
    });
  }

  std::vector<ValidationRow> rows(std::vector<double> weights = {}) {
    PairHits hits{"loops", [&](const PairGene& gene) {
                    const auto& of = hits_[static_cast<size_t>(&gene - pairs_.genes.data())];
                    return std::vector<int32_t>(of.begin(), of.end());
                  }};
    hits.weights = std::move(weights);
    return matched_rows(pairs_, hits, context_);
  }

  Pairs pairs_ = made_up_genome(4, 1000, 11);
  std::vector<std::set<int32_t>> hits_;
  ThreadPool pool_{1};
  Reporter silent_;
  Context context_{1, pool_, silent_, nullptr};
};

/// Pairs that are near because they are links, and hit because they are near: no association beyond
/// that. Of 60 draws the mean log odds ratio lies within three of its standard errors of 0, and its
/// intervals hold 1 in at least 85 % (three standard errors of 60 draws below 95 %).
TEST_F(Matched, DistanceAloneIsNoAssociation) {
  constexpr int kDraws = 60;
  double sum = 0, squares = 0;
  int held = 0;
  for (int draw = 1; draw <= kDraws; ++draw) {
    give_nearby(1, static_cast<uint64_t>(draw));
    const auto ratio = rows()[1];
    ASSERT_EQ(ratio.subset, "odds_ratio");
    sum += std::log(ratio.value);
    squares += std::log(ratio.value) * std::log(ratio.value);
    held += ratio.low <= 1 && 1 <= ratio.high ? 1 : 0;
  }
  const double mean = sum / kDraws;
  const double error = std::sqrt((squares / kDraws - mean * mean) / kDraws);
  EXPECT_LT(std::abs(mean), 3 * error + 0.02);
  EXPECT_GE(held, kDraws * 85 / 100);
}

TEST_F(Matched, APlantedOddsRatioIsRecovered) {
  give_nearby(4, 1);
  const auto found = rows();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].subset, "share");
  EXPECT_GT(found[0].low, found[0].chance);
  EXPECT_LT(found[1].low, 4);
  EXPECT_GT(found[1].high, 4);
  EXPECT_GT(found[1].low, 1);
  EXPECT_EQ(found[1].chance, 1);
}

TEST_F(Matched, TheSameSeedGivesTheSameInterval) {
  give_nearby(2, 1);
  EXPECT_EQ(validation_columns().table(rows()).row(1), validation_columns().table(rows()).row(1));
}

TEST_F(Matched, OnlyRatiosOfWeightsMatter) {
  give_nearby(4, 1);
  std::vector<double> weights(pairs_.peaks.size(), 1);
  const double whole = rows(weights)[1].value;
  EXPECT_DOUBLE_EQ(whole, rows()[1].value);  // 1 each is what no weights are
  for (double& weight : weights) weight = 0.25;
  EXPECT_NEAR(rows(weights)[1].value, whole, 1e-12);
}

TEST_F(Matched, FewHitsHaveNoInterval) {
  give_nearby(1, 1);
  for (auto& of : hits_) of.clear();
  hits_[0] = {pairs_.sets[0].members[0].peak};
  const auto found = rows();
  EXPECT_TRUE(std::isnan(found[1].low));
  EXPECT_NE(found[1].note.find("too few"), std::string::npos);
}

TEST_F(Matched, MatchesLieAsFarAndAreNoMembers) {
  give_nearby(1, 2);
  PairMatcher matcher(pairs_);
  for (const auto& set : pairs_.sets) {
    matcher.begin(set);
    const auto& gene = pairs_.genes[at(set.gene)];
    for (const auto& member : set.members) {
      const auto far = [&](int32_t peak) {
        return static_cast<double>(*pair_distance(gene, pairs_.peaks[at(peak)])) + 1000;
      };
      const auto matches = matcher.matches(member.peak);
      for (const int32_t match : matches) {
        EXPECT_LE(std::abs(std::log(far(match) / far(member.peak))), std::log(1.5) + 1e-9);
        for (const auto& other : set.members) EXPECT_NE(match, other.peak);
      }
    }
  }
}

TEST_F(Matched, MatchesAreOpenAsOftenWhereThereAreEnough) {
  give_nearby(1, 2);
  PairMatcher matcher(pairs_);
  const PeakPeers peers(pairs_.openness);
  double apart = 0, count = 0;
  for (const auto& set : pairs_.sets) {
    matcher.begin(set);
    for (const auto& member : set.members) {
      for (const int32_t match : matcher.matches(member.peak)) {
        apart += std::abs(peers.quantile(match) - peers.quantile(member.peak));
        ++count;
      }
    }
  }
  // Any two peaks are a third of all ranks apart; within a tenth of them, a twentieth.
  EXPECT_LT(apart / count, 0.1);
}

TEST_F(Matched, AFarPairIsMatchedWithFarPeaks) {
  PairSet set;
  set.gene = 0;
  add_member(set, static_cast<int32_t>(pairs_.peaks.size()) - 1);  // on another chromosome
  PairMatcher matcher(pairs_);
  matcher.begin(set);
  const auto matches = matcher.matches(set.members[0].peak);
  ASSERT_FALSE(matches.empty());
  for (const int32_t match : matches) {
    const auto distance = pair_distance(pairs_.genes[0], pairs_.peaks[at(match)]);
    EXPECT_TRUE(!distance || *distance > 10'000'000);
  }
}

}  // namespace
}  // namespace grids::core
