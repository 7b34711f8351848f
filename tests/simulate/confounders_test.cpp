// Laws of what makes peaks and genes go together without regulation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/error.hpp"
#include "simulate/simulate_doublets.hpp"
#include "simulate/simulated.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

SimulateOptions batched(int32_t batches) {
  auto options = simulate_preset("demo");
  options.cells = 2000;
  options.genes = 200;
  options.peaks = 6000;
  options.batches = batches;
  return options;
}

/// Four batches, drawn once.
const SimulatedCells& four_batches() {
  static const SimulatedCells cells = testing::simulated(batched(4));
  return cells;
}

double total_counts(const SimulatedCells& cells) {
  const auto& values = cells.data.rna.values.values;
  return std::accumulate(values.begin(), values.end(), 0.0);
}

void expect_same_cells(const SimulatedCells& a, const SimulatedCells& b) {
  EXPECT_EQ(a.data.atac.values.pattern.indices, b.data.atac.values.pattern.indices);
  EXPECT_EQ(a.data.rna.values.pattern.indices, b.data.rna.values.pattern.indices);
  EXPECT_EQ(a.data.rna.values.values, b.data.rna.values.values);
  EXPECT_EQ(a.latent_open.indices, b.latent_open.indices);
  EXPECT_EQ(a.cells.scores, b.cells.scores);
  EXPECT_EQ(a.cells.batch, b.cells.batch);
  EXPECT_EQ(a.cells.doublet, b.cells.doublet);
  EXPECT_EQ(a.peaks.batch_effects, b.peaks.batch_effects);
}

TEST(Confounders, StrengthsOfWhatIsNotPlantedChangeNothing) {
  auto options = simulate_preset("tiny");
  const auto plain = testing::simulated(options);
  options.batch_rna_sd = options.batch_atac_sd = options.batch_window_sd = 2;
  options.batch_windows = 1;
  const auto same = testing::simulated(options);
  expect_same_cells(plain, same);
  EXPECT_EQ(plain.data.obs.columns.size(), 2u);
  EXPECT_TRUE(same.peaks.batch_effects.empty());
  EXPECT_EQ(cell_truth_table(same.truth, same.cells).columns(),
            cell_truth_table(plain.truth, plain.cells).columns());
  EXPECT_FALSE(truth_table(same.truth).has("batch_effects"));
  EXPECT_FALSE(peak_truth_table(same.truth, same.peaks).has("batch_effects"));
  // Of the simulator before it knew confounders.
  EXPECT_EQ(plain.data.atac.values.pattern.nonzeros(), 24097);
  EXPECT_EQ(total_counts(plain), 84471);
  EXPECT_EQ(testing::checksum(plain), 7063600245946872113u);
}

TEST(Confounders, AreAFunctionOfTheSeedForAnyNumberOfThreads) {
  auto options = simulate_preset("tiny");
  options.capture = 0.5;
  options.batches = 3;
  options.batch_windows = 0.5;
  options.doublets = 0.1;
  options.ambient = 0.2;
  const auto one = testing::simulated(options, 7, 1);
  expect_same_cells(one, testing::simulated(options, 7, 3));
  EXPECT_NE(one.peaks.batch_effects, testing::simulated(options, 8, 1).peaks.batch_effects);
}

TEST(Batches, AreCrossedWithTypesAndDonorsAndNamedInObs) {
  const auto& simulated = four_batches();
  const auto& cells = simulated.cells;
  EXPECT_THAT(simulated.truth.batches, ElementsAre("batch_1", "batch_2", "batch_3", "batch_4"));
  const auto& column = simulated.data.obs.columns.back();
  EXPECT_EQ(column.name, "batch");
  const auto& names = std::get<std::vector<std::string>>(column.values);
  std::map<std::string, int64_t> largest, all;
  for (int64_t cell = 0; cell < cells.size(); ++cell) {
    EXPECT_EQ(names[at(cell)], simulated.truth.batches[at(cells.batch_of(cell))]);
    const auto group = cells.donor[at(cell)] + simulated.truth.types[at(cells.type[at(cell)])];
    ++all[group];
    if (cells.batch_of(cell) == 0) ++largest[group];
  }
  for (const auto& [group, count] : all) {
    const auto n = static_cast<double>(count);
    // Binomial of a quarter; four standard deviations.
    EXPECT_NEAR(static_cast<double>(largest[group]), n / 4, 4 * std::sqrt(n * 3 / 16)) << group;
  }
}

TEST(Batches, EffectsHaveTheirSpreadAndMoveNoMean) {
  const auto& simulated = four_batches();
  const auto& peaks = simulated.peaks.batch_effects;
  ASSERT_EQ(peaks.size(), 4u * 6000);
  double squares = 0;
  for (size_t peak = 0; peak < 6000; ++peak) {
    double mean = 0, factors = 0;
    for (size_t b = 0; b < 4; ++b) {
      mean += peaks[peak * 4 + b] / 4;
      factors += std::exp(peaks[peak * 4 + b]) / 4;
    }
    for (size_t b = 0; b < 4; ++b) squares += std::pow(peaks[peak * 4 + b] - mean, 2);
    ASSERT_NEAR(factors, 1, 1e-12);
  }
  // 18,000 degrees of freedom: the standard deviation is known to 0.5 %; four times that.
  EXPECT_NEAR(std::sqrt(squares / (3 * 6000)), 0.4, 0.4 * 0.02);
  for (const auto& gene : simulated.truth.genes) {
    ASSERT_EQ(gene.batch_effects.size(), 4u);
    EXPECT_FALSE(gene.batch_window);
  }
}

TEST(Batches, CountsFollowTheTruthThatIsWrittenDown) {
  const auto& simulated = four_batches();
  const auto truth = parse_truth(truth_table(simulated.truth));
  const auto cells = parse_cell_truth(truth, cell_truth_table(truth, simulated.cells));
  EXPECT_EQ(cells.batch, simulated.cells.batch);
  const TrueRegulation regulation(truth, simulated.data.atac.var.index);
  const double phi = simulate_preset("demo").overdispersion;
  const auto by_gene = transpose(simulated.data.rna.values);
  double chi2 = 0, without = 0;
  for (int64_t g = 0; g < regulation.genes(); ++g) {
    std::array<double, 4> measured{}, expected{}, unmoved{}, variance{};
    const auto found = by_gene.row_indices(g);
    for (size_t i = 0; i < found.size(); ++i) {
      measured[at(cells.batch_of(found[i]))] += static_cast<double>(by_gene.row_values(g)[i]);
    }
    for (int64_t cell = 0; cell < cells.size(); ++cell) {
      const auto rate = [&](int32_t batch) {
        return cells.rna_size[at(cell)] * regulation.true_rate(g, cells.type[at(cell)],
                                                               cells.scores_of(cell),
                                                               simulated.latent().row(cell), batch);
      };
      const auto batch = at(cells.batch_of(cell));
      const double mean = rate(cells.batch_of(cell));
      expected[batch] += mean;
      unmoved[batch] += rate(kNoBatch);
      variance[batch] += mean + phi * mean * mean;
    }
    for (size_t b = 0; b < 4; ++b) {
      chi2 += std::pow(measured[b] - expected[b], 2) / variance[b];
      without += std::pow(measured[b] - unmoved[b], 2) / variance[b];
    }
  }
  // 800 degrees of freedom, standard deviation 40; four of them.
  EXPECT_NEAR(chi2, 800, 160);
  EXPECT_GT(without, 8000);
}

TEST(Batches, PeaksOpenAsMuchMoreAsTheirFactorSays) {
  const auto& simulated = four_batches();
  const auto by_peak = transpose(simulated.latent());
  std::array<double, 4> cells{};
  for (const int32_t batch : simulated.cells.batch) ++cells[at(batch)];
  double observed = 0, planted = 0;
  for (int64_t peak = 0; peak < by_peak.rows; ++peak) {
    const auto open = by_peak.row(peak);
    // Rare, so that probabilities are proportional to popularities.
    if (open.size() < 40 || open.size() > 100) continue;
    std::array<double, 4> in_batch{};
    for (const int32_t cell : open) ++in_batch[at(simulated.cells.batch_of(cell))];
    for (size_t b = 0; b < 4; ++b) {
      const double factor = std::exp(simulated.peaks.batch_effects[at(peak) * 4 + b]);
      const double n = static_cast<double>(open.size()) * cells[b] / 2000;
      observed += (in_batch[b] - n) * (factor - 1);
      planted += n * (factor - 1) * (factor - 1);
    }
  }
  // A slope of some thousand peaks, known to 0.01; openness of up to 5 % saturates by a few
  // percent.
  EXPECT_NEAR(observed / planted, 1, 0.06);
}

TEST(Batches, OfSingleWindowsMovePeaksAndGeneByOneFactor) {
  auto options = batched(5);
  options.batch_rna_sd = options.batch_atac_sd = 0;
  options.batch_windows = 0.3;
  const auto simulated = testing::simulated(options);
  const auto& peaks = simulated.peaks;
  std::vector<int> windows(peaks.names.size());
  std::vector<size_t> gene_of(peaks.names.size());
  double moved = 0;
  const auto& chromosomes =
      std::get<std::vector<std::string>>(simulated.data.atac.var.columns[0].values);
  const auto& starts = std::get<std::vector<double>>(simulated.data.atac.var.columns[1].values);
  const auto& ends = std::get<std::vector<double>>(simulated.data.atac.var.columns[2].values);
  for (size_t g = 0; g < simulated.genes.size(); ++g) {
    const auto& gene = simulated.genes[g];
    const auto& effects = simulated.truth.genes[g].batch_effects;
    if (!simulated.truth.genes[g].batch_window) {
      EXPECT_THAT(effects, ::testing::Each(0.0));
      continue;
    }
    ++moved;
    const auto tss = static_cast<double>(gene.strand == '+' ? gene.start : gene.end - 1);
    const auto reach = static_cast<double>(options.window);
    for (size_t peak = 0; peak < windows.size(); ++peak) {
      if (chromosomes[peak] != gene.chromosome) continue;
      if (ends[peak] <= tss - reach || starts[peak] > tss + reach) continue;
      ++windows[peak];
      gene_of[peak] = g;
    }
  }
  // Binomial of 200 genes: standard deviation 6.5; four.
  EXPECT_NEAR(moved, 60, 26);
  for (size_t peak = 0; peak < windows.size(); ++peak) {
    if (windows[peak] > 1) continue;
    for (size_t b = 0; b < 5; ++b) {
      const double wanted =
          windows[peak] == 0 ? 0 : simulated.truth.genes[gene_of[peak]].batch_effects[b];
      ASSERT_NEAR(peaks.batch_effects[peak * 5 + b], wanted, 1e-12) << peaks.names[peak];
    }
  }
}

TEST(StateStrength, MultipliesTheStatesPartOfScores) {
  auto options = simulate_preset("tiny");
  options.donor_shift = 0;
  options.state_dimensions = 3;
  const auto plain = testing::simulated(options);
  options.state_strength = 2;
  const auto strong = testing::simulated(options);
  for (size_t i = 0; i < plain.cells.scores.size(); ++i) {
    ASSERT_EQ(strong.cells.scores[i], 2 * plain.cells.scores[i]);
  }
  EXPECT_NE(strong.data.atac.values.pattern.indices, plain.data.atac.values.pattern.indices);
}

TEST(Doublets, AreAsManyAsAskedForAndHoldTwoCells) {
  auto options = batched(0);
  options.doublets = 0.1;
  const auto simulated = testing::simulated(options);
  const auto& cells = simulated.cells;
  EXPECT_EQ(simulated.data.obs.index.size(), 2000u);
  EXPECT_EQ(cells.scores.size(), 2000u * at(cells.programmes));
  EXPECT_EQ(std::count(cells.doublet.begin(), cells.doublet.end(), 1), 200);
  for (const auto& column : simulated.data.obs.columns) EXPECT_NE(column.name, "simulated_doublet");
  EXPECT_EQ(parse_cell_truth(simulated.truth, cell_truth_table(simulated.truth, cells)).doublet,
            cells.doublet);
  std::array<double, 2> counts{}, open{};
  for (int64_t cell = 0; cell < 2000; ++cell) {
    const auto kind = at(cells.doublet[at(cell)]);
    const double n = kind == 1 ? 200 : 1800;
    for (const float count : simulated.data.rna.values.row_values(cell)) {
      counts[kind] += static_cast<double>(count) / n;
    }
    open[kind] += static_cast<double>(simulated.latent().row(cell).size()) / n;
  }
  // Depths are log-normal with 0.4: the mean of 200 sums of two is known to 2.3 %; types differ.
  EXPECT_NEAR(counts[1] / counts[0], 2, 0.2);
  EXPECT_LT(open[1] / open[0], 2) << "common peaks are open in both";
  EXPECT_GT(open[1] / open[0], 1.6);
}

TEST(Doublets, AreUnionsOfOpenPeaksAndSumsOfCounts) {
  simulation::CellPlan plan;
  plan.cells.barcodes = {"a", "b", "c"};  // c is in b
  plan.second = {-1, 2};
  simulation::Drawn drawn;
  drawn.latent = {3, 4, {0, 1, 3, 5}, {2, 0, 1, 1, 3}};
  drawn.counts = {{3, 2, {0, 1, 2, 4}, {0, 1, 0, 1}}, {5, 1, 2, 3}};
  merge_doublets(plan, drawn);
  EXPECT_EQ(drawn.latent.rows, 2);
  EXPECT_THAT(drawn.latent.row(0), ElementsAre(2));
  EXPECT_THAT(drawn.latent.row(1), ElementsAre(0, 1, 3));
  EXPECT_EQ(drawn.observed.rows, 0);
  EXPECT_THAT(drawn.counts.row_indices(1), ElementsAre(0, 1));
  EXPECT_THAT(drawn.counts.row_values(0), ElementsAre(5));
  EXPECT_THAT(drawn.counts.row_values(1), ElementsAre(2, 4));
}

TEST(Ambient, MixesEachCellWithTheMeanProfile) {
  auto options = batched(0);
  const auto plain = testing::simulated(options);
  options.ambient = 0.4;
  const auto soup = testing::simulated(options);
  EXPECT_EQ(soup.latent().indices, plain.latent().indices);
  // Some 240,000 counts, overdispersed: known to 0.5 %.
  EXPECT_NEAR(total_counts(soup) / total_counts(plain), 1, 0.02);
  const size_t types = plain.truth.types.size();
  const auto means = [&](const SimulatedCells& cells) {
    std::vector<double> sums(200 * types);
    for (int64_t cell = 0; cell < 2000; ++cell) {
      const auto genes = cells.data.rna.values.row_indices(cell);
      for (size_t i = 0; i < genes.size(); ++i) {
        sums[at(genes[i]) * types + at(cells.cells.type[at(cell)])] +=
            static_cast<double>(cells.data.rna.values.row_values(cell)[i]);
      }
    }
    return sums;
  };
  const auto before = means(plain), after = means(soup);
  std::vector<double> by_type(types), by_gene(200);
  for (size_t i = 0; i < before.size(); ++i) {
    by_type[i % types] += before[i];
    by_gene[i / types] += before[i];
  }
  double kept = 0, all = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    const double pool = by_type[i % types] * by_gene[i / types] / total_counts(plain);
    kept += (after[i] - pool) * (before[i] - pool);
    all += (before[i] - pool) * (before[i] - pool);
  }
  // What tells types apart; a thousand sums of some hundred counts each, noise far below signal.
  EXPECT_NEAR(kept / all, 0.6, 0.04);
}

TEST(ConfounderTables, SayWhatIsWrong) {
  const auto message_of = [](const std::function<void()>& call) -> std::string {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  const auto& simulated = four_batches();
  auto cells = cell_truth_table(simulated.truth, simulated.cells);
  auto truth = simulated.truth;
  truth.batches[0] = "another";
  EXPECT_THAT(message_of([&] { parse_cell_truth(truth, cells); }),
              HasSubstr("the truth knows no batch 'batch_1'"));
  const auto peaks = peak_truth_table(simulated.truth, simulated.peaks);
  EXPECT_EQ(parse_peak_truth(simulated.truth, peaks).batch_effects.size(), 4u * 6000);
  EXPECT_THAT(message_of([&] { parse_peak_truth(truth, peaks); }),
              HasSubstr("column batch_effects names other batches"));
  auto uneven = simulated.truth;
  uneven.genes.resize(2);
  auto table = truth_table(uneven);
  uneven.batches.pop_back();
  uneven.genes.resize(1);
  table.add(truth_table(uneven).row(0));
  EXPECT_THAT(message_of([&] { parse_truth(table); }),
              HasSubstr("column batch_effects names other batches than the first row"));
}

}  // namespace
}  // namespace grids::core
