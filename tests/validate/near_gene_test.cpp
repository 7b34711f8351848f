#include "validate/near_gene.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "planted_pairs.hpp"
#include "validate/share_interval.hpp"

namespace grids::core {
namespace {

using test::any_peak;
using test::give_sets;
using test::made_up_genome;

ValidationRow near_class(const std::vector<ValidationRow>& rows, const std::string& label) {
  for (const auto& row : rows) {
    if (row.subset == label) return row;
  }
  ADD_FAILURE() << "no row of class " << label;
  return {};
}

/// Of 500 draws of random sets, how many intervals hold their chance level. 92 to 98 %: three
/// standard errors of 500 draws at 95 %.
TEST(NearGene, IntervalsOfRandomSetsHoldTheirChanceLevel) {
  Pairs pairs = made_up_genome(4, 1000, 1);
  constexpr int kDraws = 500;
  std::map<std::string, int> held;
  std::map<std::string, double> hits;
  for (int draw = 0; draw < kDraws; ++draw) {
    RandomStream random(7, Purpose::kSimulate, static_cast<uint64_t>(draw) + 1);
    give_sets(pairs, 10, random, any_peak);
    for (const auto& row : near_gene_rows(pairs)) {
      held[row.subset] += row.low <= row.chance && row.chance <= row.high ? 1 : 0;
      hits[row.subset] += row.value * static_cast<double>(row.n) / kDraws;
    }
  }
  for (const std::string label : {"250 kb", "1 Mb", "10 Mb"}) {
    EXPECT_GT(hits[label], 5) << label;
    EXPECT_GE(held[label], kDraws * 92 / 100) << label;
    EXPECT_LE(held[label], kDraws * 98 / 100) << label;
  }
}

TEST(NearGene, PlantedDistancesAreRecovered) {
  Pairs pairs = made_up_genome(4, 1000, 2);
  RandomStream random(3, Purpose::kSimulate, 1);
  // Each within 1 Mb and beyond 250 kb, or anywhere, with even odds.
  give_sets(pairs, 4, random, [&, turn = 0](const PairGene& gene, const PairPeak& peak) mutable {
    const auto distance = pair_distance(gene, peak);
    const bool planted = distance && *distance > 250'000 && *distance <= 1'000'000;
    const bool wanted = turn % 2 == 0 ? planted : !distance;
    if (wanted) ++turn;
    return wanted;
  });
  const auto rows = near_gene_rows(pairs);
  EXPECT_EQ(near_class(rows, "250 kb").value, 0);
  const auto row = near_class(rows, "1 Mb");
  EXPECT_DOUBLE_EQ(row.value, 0.5);
  EXPECT_EQ(row.n, 320);
  EXPECT_GT(row.low, row.chance);
  EXPECT_LE(row.low, 0.5);
  EXPECT_GE(row.high, 0.5);
  EXPECT_DOUBLE_EQ(near_class(rows, "10 Mb").value, 0.5);
}

TEST(NearGene, ChanceIsTheMeanOverAllPeaks) {
  Pairs pairs = made_up_genome(2, 200, 4);
  RandomStream random(5, Purpose::kSimulate, 1);
  give_sets(pairs, 3, random, any_peak);
  double near = 0;
  for (const auto& gene : pairs.genes) {
    for (const auto& peak : pairs.peaks) {
      const auto distance = pair_distance(gene, peak);
      near += distance && *distance <= 250'000 ? 1 : 0;
    }
  }
  const auto pairs_of_all = static_cast<double>(pairs.genes.size() * pairs.peaks.size());
  EXPECT_NEAR(near_class(near_gene_rows(pairs), "250 kb").chance, near / pairs_of_all, 1e-12);
}

TEST(NearGene, MatchedPeaksAreOpenAsOften) {
  Pairs pairs = made_up_genome(2, 1000, 6);
  // What is open most lies on the first chromosome: so do matched peaks.
  for (size_t i = 0; i < pairs.peaks.size(); ++i) {
    pairs.openness[i] += pairs.peaks[i].chromosome == "1" ? 10 : 0;
  }
  std::erase_if(pairs.genes, [](const PairGene& gene) { return gene.chromosome != "1"; });
  RandomStream random(8, Purpose::kSimulate, 1);
  give_sets(pairs, 5, random,
            [](const PairGene&, const PairPeak& peak) { return peak.chromosome == "1"; });
  const auto row = near_class(near_gene_rows(pairs), "10 Mb");
  // Twice: half of all peaks lie there. Peers near the step reach over it, a twentieth at most.
  EXPECT_NEAR(row.chance_matched / row.chance, 2, 0.1);
}

TEST(NearGene, AGeneWithoutPositionAndPartnersDoNotCount) {
  Pairs pairs = made_up_genome(1, 100, 9);
  RandomStream random(9, Purpose::kSimulate, 1);
  give_sets(pairs, 2, random, any_peak);
  pairs.genes[0].chromosome.clear();
  pairs.sets[1].members[1].outside = true;
  EXPECT_EQ(near_class(near_gene_rows(pairs), "1 Mb").n, 1);
}

/// P(X > hits) + ½ P(X = hits), summed.
double summed_upper_tail(int hits, int trials, double p) {
  double tail = 0, probability = std::pow(1 - p, trials);
  for (int k = 0; k <= trials; ++k) {
    if (k >= hits) tail += k == hits ? probability / 2 : probability;
    probability *= p / (1 - p) * (trials - k) / (k + 1);
  }
  return tail;
}

TEST(ShareInterval, EndsWhereTheTailsOfTheBinomialAreLeft) {
  const auto [low, high] = binomial_interval(5, 20);
  EXPECT_NEAR(summed_upper_tail(5, 20, low), 0.025, 1e-9);
  EXPECT_NEAR(summed_upper_tail(5, 20, high), 0.975, 1e-9);
  EXPECT_EQ(binomial_interval(0, 10).first, 0);
  EXPECT_EQ(binomial_interval(10, 10).second, 1);
  EXPECT_NEAR(binomial_interval(0, 10).second, 1 - std::pow(0.05, 0.1), 1e-9);  // ½ (1−p)¹⁰ = 0.025
}

TEST(ShareInterval, IsWiderWhereTrialsGoTogether) {
  std::vector<ClusterHits> apart(40, {4, 2, 0}), together(40, {4, 0, 0});
  for (size_t i = 0; i < 40; i += 2) together[i].hits = 4;
  for (size_t i = 0; i < 40; ++i) apart[i].hits += i % 4 == 0 ? 1 : i % 4 == 2 ? -1 : 0;
  const auto one = share_interval(apart), other = share_interval(together);
  EXPECT_DOUBLE_EQ(one.value, 0.5);
  EXPECT_DOUBLE_EQ(other.value, 0.5);
  EXPECT_GT(other.high - other.low, 2 * (one.high - one.low));
  EXPECT_TRUE(std::isnan(share_interval(std::vector<ClusterHits>{{4, 2, 0}}).low));
}

}  // namespace
}  // namespace grids::core
