// The laws of simulated cells and chromatin.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "simulate/simulate_cells.hpp"
#include "simulate/simulate_layout.hpp"
#include "simulate/simulated.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;

TEST(Simulate, CellsFollowTheirMarginalLaws) {
  const auto& simulated = testing::demo();
  const auto options = simulate_preset("demo");
  const auto n = static_cast<double>(options.cells);

  std::vector<int64_t> sizes(simulated.truth.types.size());
  for (const int32_t type : simulated.cells.type) ++sizes[at(type)];
  EXPECT_TRUE(std::is_sorted(sizes.rbegin(), sizes.rend()));
  // Sizes are exact but for rounding to whole cells.
  EXPECT_NEAR(static_cast<double>(sizes.front()) / static_cast<double>(sizes.back()), 3, 0.02);
  EXPECT_GE(sizes.back() / 5, 50) << "a test split of a fifth must have 50 cells of every type";

  double x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < simulated.cells.atac_depth.size(); ++i) {
    const double a = std::log(simulated.cells.atac_depth[i]);
    const double b = std::log(simulated.cells.rna_size[i]);
    x += a / n;
    y += b / n;
    xx += a * a / n;
    yy += b * b / n;
    xy += a * b / n;
  }
  // Four standard errors: s/√n, s/√(2n) and (1 − ρ²)/√n.
  EXPECT_NEAR(x, 0, 4 * 0.4 / std::sqrt(n));
  EXPECT_NEAR(std::sqrt(xx - x * x), 0.4, 4 * 0.4 / std::sqrt(2 * n));
  EXPECT_NEAR((xy - x * y) / std::sqrt((xx - x * x) * (yy - y * y)), 0.6, 4 * 0.64 / std::sqrt(n));

  const std::set<std::string> barcodes(simulated.cells.barcodes.begin(),
                                       simulated.cells.barcodes.end());
  EXPECT_EQ(barcodes.size(), at(options.cells));
  EXPECT_EQ(simulated.data.obs.index, simulated.cells.barcodes);
}

TEST(Simulate, FewPeaksAreCommonManyAreRareAndPromotersAreOpen) {
  const auto& simulated = testing::demo();
  const auto options = simulate_preset("demo");
  const auto by_peak = transpose(simulated.latent());
  std::vector<double> open;
  for (int64_t peak = 0; peak < by_peak.rows; ++peak) {
    open.push_back(static_cast<double>(by_peak.row(peak).size()) /
                   static_cast<double>(options.cells));
  }
  const double mean_open =
      static_cast<double>(simulated.latent().nonzeros()) / static_cast<double>(options.cells);
  // The law is scaled to the mean on 16 bins of the cells' factors, good to 1 %.
  EXPECT_NEAR(mean_open / options.mean_open_peaks, 1, 0.015);
  auto sorted = open;
  std::sort(sorted.begin(), sorted.end());
  const double median = sorted[sorted.size() / 2];
  EXPECT_GT(sorted[sorted.size() * 99 / 100], 10 * median);

  const auto layout = simulation::draw_layout(options, 1);
  double promoter = 0, promoters = 0;
  for (size_t peak = 0; peak < open.size(); ++peak) {
    if (layout.role[peak] != simulation::Role::kPromoter) continue;
    promoter += open[peak];
    ++promoters;
  }
  EXPECT_GT(promoter / promoters, 10 * median);
}

TEST(Simulate, CausesAndBystandersLieInTheWindowAndNoPeakTouchesAnother) {
  const auto options = simulate_preset("demo");
  const auto layout = simulation::draw_layout(options, 1);
  int64_t first = 0;
  for (const int64_t peaks : layout.chromosome_peaks) {
    for (int64_t i = first; i < first + peaks; ++i) {
      EXPECT_LT(layout.start[at(i)], layout.end[at(i)]);
      EXPECT_GE(layout.start[at(i)], i > first ? layout.end[at(i - 1)] : 0);
    }
    first += peaks;
  }
  EXPECT_EQ(first, options.peaks);
  std::set<int32_t> taken;
  for (const auto& gene : layout.genes) {
    const int64_t tss = gene.strand == '+' ? gene.start : gene.end - 1;
    for (const auto* list : {&gene.causes, &gene.bystanders}) {
      for (const int32_t peak : *list) {
        EXPECT_TRUE(taken.insert(peak).second) << "a peak has one part in one gene";
        EXPECT_GE(layout.start[at(peak)], tss - options.window);
        EXPECT_LE(layout.end[at(peak)], tss + options.window);
      }
    }
    const bool regulated = gene.kind != Regulation::kNone;
    EXPECT_EQ(gene.causes.empty(), !regulated);
    EXPECT_EQ(gene.effect < 0, regulated);
    EXPECT_EQ(gene.bystanders.size(), regulated ? 1u : 0u);
  }
}

TEST(Simulate, PromotersAreCentredOnTheFirstTranscribedBaseOfAGene) {
  const auto layout = simulation::draw_layout(simulate_preset("demo"), 1);
  std::map<int32_t, std::set<int64_t>> first_bases;  // by chromosome
  for (const auto& gene : layout.genes) {
    first_bases[gene.chromosome].insert(gene.strand == '+' ? gene.start : gene.end - 1);
  }
  int64_t promoters = 0;
  int64_t peak = 0;
  for (size_t c = 0; c < layout.chromosome_peaks.size(); ++c) {
    for (int64_t i = 0; i < layout.chromosome_peaks[c]; ++i, ++peak) {
      if (layout.role[at(peak)] != simulation::Role::kPromoter) continue;
      const int64_t start = layout.start[at(peak)];
      EXPECT_TRUE(first_bases[static_cast<int32_t>(c)].contains(
          start + (layout.end[at(peak)] - start) / 2));
      ++promoters;
    }
  }
  EXPECT_GT(promoters, 10);
}

TEST(Simulate, PaperPresetHasThePublishedPeaksOnEachChromosome) {
  const auto layout = simulation::draw_layout(simulate_preset("paper"), 1);
  EXPECT_THAT(layout.chromosome_peaks,
              ElementsAre(11348, 6169, 6997, 6364, 3554, 4233, 4076, 4178, 4966, 3189, 3807, 10272,
                          3469, 1478, 2488, 8367, 6290, 7655, 7203, 6950, 6250, 5547, 2245, 124));
  EXPECT_TRUE(std::is_sorted(layout.chromosomes.begin(), layout.chromosomes.end()));
  // Density of windows: neighbours may have more, for genes cluster.
  std::vector<int64_t> in_window;
  for (const auto& gene : layout.genes) {
    int64_t first = 0;
    for (int32_t c = 0; c < gene.chromosome; ++c) first += layout.chromosome_peaks[at(c)];
    const auto begin = layout.start.begin() + first;
    const auto end = begin + layout.chromosome_peaks[at(gene.chromosome)];
    const int64_t tss = gene.strand == '+' ? gene.start : gene.end - 1;
    in_window.push_back(std::lower_bound(begin, end, tss + 250'000) -
                        std::lower_bound(begin, end, tss - 250'000));
  }
  std::sort(in_window.begin(), in_window.end());
  EXPECT_GE(in_window[in_window.size() / 2], 100);
}

TEST(Simulate, CausesAreOpenInTenToFortyPercentWhereTheyAct) {
  const auto& simulated = testing::demo();
  const auto options = simulate_preset("demo");
  const auto peaks = testing::peak_indices(simulated);
  const auto by_peak = transpose(simulated.latent());
  std::vector<double> sizes(simulated.truth.types.size());
  for (const int32_t type : simulated.cells.type) ++sizes[at(type)];
  for (const auto& gene : simulated.truth.genes) {
    for (const auto& peak : gene.peaks) {
      std::vector<double> open(sizes.size());
      for (const int32_t cell : by_peak.row(peaks.at(peak))) {
        ++open[at(simulated.cells.type[at(cell)])];
      }
      for (const auto& name : gene.types) {
        const auto type =
            at(std::find(simulated.truth.types.begin(), simulated.truth.types.end(), name) -
               simulated.truth.types.begin());
        // 4.5 standard errors of a share (about 4,000 shares are looked at) and the 1 % of the
        // bins.
        const double slack = 4.5 * std::sqrt(0.24 / sizes[type]) + 0.01;
        EXPECT_GT(open[type] / sizes[type], options.open_min - slack) << peak;
        EXPECT_LT(open[type] / sizes[type], options.open_max + slack) << peak;
      }
    }
  }
}

TEST(Simulate, BystandersAreOpenWithACauseAndCauseNothing) {
  const auto& simulated = testing::demo();
  const auto peaks = testing::peak_indices(simulated);
  const auto layout = simulation::draw_layout(simulate_preset("demo"), 1);
  const auto by_peak = transpose(simulated.latent());
  const TrueRegulation regulation(simulated.truth, simulated.data.atac.var.index);
  const auto n = static_cast<double>(simulated.cells.size());
  double phi = 0, pairs = 0;
  for (const auto& gene : layout.genes) {
    for (size_t i = 0; i < gene.bystanders.size(); ++i) {
      const auto a = by_peak.row(gene.bystanders[i]);
      const auto b = by_peak.row(gene.bystander_cause[i]);
      std::vector<int32_t> both;
      std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
      const double p = static_cast<double>(a.size()) / n;
      const double q = static_cast<double>(b.size()) / n;
      phi += (static_cast<double>(both.size()) / n - p * q) / std::sqrt(p * (1 - p) * q * (1 - q));
      ++pairs;
    }
  }
  // Copying half of the time gives ½; shared depth, type and state add to the other half.
  EXPECT_GT(phi / pairs, 0.5);
  EXPECT_LT(phi / pairs, 0.65);

  for (int64_t g = 0; g < regulation.genes(); ++g) {
    const auto causes = regulation.causes(g);
    for (const auto& bystander : simulated.truth.genes[at(g)].bystanders) {
      EXPECT_FALSE(std::binary_search(causes.begin(), causes.end(), peaks.at(bystander)));
    }
  }
}

/// −log P(closed) of every peak in every type (type, peak), which is what programmes act on.
std::vector<std::vector<double>> measured_popularity(const SimulatedCells& simulated) {
  std::vector popularity(simulated.truth.types.size(),
                         std::vector<double>(at(simulated.latent().columns)));
  std::vector<double> cells(popularity.size());
  for (int64_t cell = 0; cell < simulated.cells.size(); ++cell) {
    const auto type = at(simulated.cells.type[at(cell)]);
    ++cells[type];
    for (const int32_t peak : simulated.latent().row(cell)) ++popularity[type][at(peak)];
  }
  for (size_t type = 0; type < cells.size(); ++type) {
    for (double& open : popularity[type]) open = -std::log1p(-open / (cells[type] + 1));
  }
  return popularity;
}

TEST(Simulate, PeaksFollowTheProgrammeThatTheirTruthNames) {
  const auto& simulated = testing::demo();
  const auto& peaks = simulated.peaks;
  EXPECT_EQ(peaks.names, simulated.data.atac.var.index);
  const auto options = simulate_preset("demo");
  EXPECT_EQ(peaks.role, simulation::draw_layout(options, 1).role);
  const auto plan = simulation::draw_cells(options, 1);
  const auto popularity = measured_popularity(simulated);
  for (int32_t type = 0; type < options.types; ++type) {
    const int32_t other = (type + 1) % options.types;
    // How much more open some peaks are in the type than in another, as the log of a ratio.
    const auto excess = [&](const std::function<bool(size_t)>& wanted) {
      double here = 0, there = 0;
      for (size_t i = 0; i < peaks.names.size(); ++i) {
        if (!wanted(i)) continue;
        here += popularity[at(type)][i];
        there += popularity[at(other)][i];
      }
      return std::log(here / there);
    };
    // Some 4,000 peaks.
    EXPECT_NEAR(excess([&](size_t i) {
                  return peaks.role[i] == PeakRole::kBackground && peaks.programme[i] < 0;
                }),
                0, 0.1)
        << "peaks without a programme follow none";
    for (const double level : {0.4, 0.8, 1.2}) {
      const double expected = level * (plan.mean_score(type, type) - plan.mean_score(other, type));
      // About 160 peaks with their own spread of 0.25 in each type, heavy-tailed: the mean is worn
      // by a few dozen of them, 0.25 √(2 / 30) = 0.065; four of those. A wrong level is off by 0.35
      // or more.
      EXPECT_NEAR(excess([&](size_t i) {
                    return peaks.role[i] == PeakRole::kBackground && peaks.programme[i] == type &&
                           peaks.type_level[i] == level;
                  }),
                  expected, 0.26)
          << simulated.truth.types[at(type)] << " at level " << level;
    }
    EXPECT_NEAR(excess([&](size_t i) {
                  return peaks.role[i] == PeakRole::kCause && peaks.programme[i] == type;
                }),
                0, 0.3)
        << "causes are given their openness in each type, whatever programme they follow";
  }
  for (size_t i = 0; i < peaks.names.size(); ++i) {
    EXPECT_EQ(peaks.level[i] > 0, peaks.programme[i] >= 0);
    EXPECT_LT(peaks.programme[i], simulated.cells.programmes);
    const bool given = peaks.role[i] == PeakRole::kCause || peaks.role[i] == PeakRole::kBystander;
    EXPECT_EQ(peaks.type_level[i] > 0, peaks.programme[i] >= 0 && !given);
  }
}

}  // namespace
}  // namespace grids::core
