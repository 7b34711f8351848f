// The law of simulated counts: the truth that is written down.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "simulate/simulated.hpp"

namespace grids::core {
namespace {

TEST(Simulate, CountsFollowTheTruthThatIsWrittenDown) {
  // The truth is rebuilt from its tables, as another program would, and must explain the counts.
  const auto& simulated = testing::demo();
  const auto truth = parse_truth(truth_table(simulated.truth));
  const auto cells = parse_cell_truth(truth, cell_truth_table(truth, simulated.cells));
  EXPECT_EQ(cells.barcodes, simulated.cells.barcodes);
  EXPECT_EQ(cells.scores, simulated.cells.scores);
  const TrueRegulation regulation(truth, simulated.data.atac.var.index);
  const double phi = simulate_preset("demo").overdispersion;
  const auto by_gene = transpose(simulated.data.rna.values);
  double chi2 = 0;
  for (int64_t g = 0; g < regulation.genes(); ++g) {
    double expected = 0, variance = 0, measured = 0;
    for (const float count : by_gene.row_values(g)) measured += static_cast<double>(count);
    for (int64_t cell = 0; cell < cells.size(); ++cell) {
      const double mean = cells.rna_size[at(cell)] *
                          regulation.true_rate(g, cells.type[at(cell)], cells.scores_of(cell),
                                               simulated.latent().row(cell));
      expected += mean;
      variance += mean + phi * mean * mean;
    }
    chi2 += (measured - expected) * (measured - expected) / variance;
  }
  // One degree of freedom a gene: mean 800, standard deviation √1600 = 40; four of them.
  EXPECT_NEAR(chi2, 800, 160);
}

TEST(Simulate, ClosingASetLowersTheTrueRateAsItsKindSays) {
  const auto& simulated = testing::demo();
  const TrueRegulation regulation(simulated.truth, simulated.data.atac.var.index);
  std::set<Regulation> seen;
  for (int64_t g = 0; g < regulation.genes(); ++g) {
    const auto& gene = simulated.truth.genes[at(g)];
    seen.insert(gene.kind);
    const auto causes = regulation.causes(g);
    const std::vector<int32_t> all(causes.begin(), causes.end());
    for (int32_t type = 0; type < regulation.types(); ++type) {
      const double open = regulation.cis(g, type, all);
      const double closed = regulation.cis(g, type, std::vector<int32_t>{});
      if (!regulation.acts(g, type)) {
        EXPECT_EQ(open, 1);
        continue;
      }
      EXPECT_NEAR(std::log(closed / open), gene.effect, 1e-12);
      if (all.size() < 2) continue;
      const double without_one = regulation.cis(g, type, std::vector(all.begin() + 1, all.end()));
      if (gene.kind == Regulation::kEither) {
        EXPECT_EQ(without_one, open);
      } else if (gene.kind == Regulation::kTogether) {
        EXPECT_EQ(without_one, closed);
      } else {
        EXPECT_LT(without_one, open);
        EXPECT_GT(without_one, closed);
      }
    }
  }
  EXPECT_EQ(seen.size(), 6u) << "all kinds but quorum and buffered";
}

TEST(Simulate, TheTrueFunctionReachesTheStatedAccuracy) {
  const auto& simulated = testing::demo();
  EXPECT_GT(mean_regulated_ceiling(simulated), 0.25);
  EXPECT_LT(mean_regulated_ceiling(simulated), 0.30);
  double without = 0, genes = 0;
  for (size_t g = 0; g < simulated.ceiling.size(); ++g) {
    if (simulated.truth.genes[g].kind == Regulation::kNone) {
      EXPECT_EQ(simulated.ceiling[g].r, simulated.ceiling[g].r_without_cis);
    } else {
      without += simulated.ceiling[g].r_without_cis;
      ++genes;
    }
  }
  EXPECT_LT(without / genes, 0.1) << "regulated genes must vary by their own peaks, not by state";
}

}  // namespace
}  // namespace grids::core
