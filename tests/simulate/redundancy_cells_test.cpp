// Laws of cells whose regulation is redundant, or is not: what the preset "redundancy" is made of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "base/error.hpp"
#include "simulate/hidden_share.hpp"
#include "simulate/simulate_layout.hpp"
#include "simulate/simulated.hpp"

namespace grids::core {
namespace {

using ::testing::HasSubstr;

/// The preset's cells with one-type sets and open-together causes among them, drawn once.
const SimulatedCells& redundancy_cells() {
  static const SimulatedCells cells = [] {
    auto options = simulate_preset("redundancy");
    options.one_type = 0.2;
    options.cause_correlation = 0.3;
    options.batches = 3;
    return testing::simulated(options, 5);
  }();
  return cells;
}

/// Rates of truth_settings.tsv by gene and open peaks ("a;b"), as another program would read them.
std::map<std::string, std::map<std::string, double>> settings_of(const Truth& truth) {
  std::map<std::string, std::map<std::string, double>> rates;
  const auto table = truth_settings_table(truth);
  for (size_t row = 0; row < table.rows(); ++row) {
    rates[table.text(row, "gene")][table.text(row, "open")] = table.number(row, "rate");
  }
  return rates;
}

std::string open_causes(const SimulatedCells& cells, const GeneTruth& gene,
                        const std::map<std::string, int32_t>& peaks, int64_t cell) {
  std::string names;
  for (const auto& peak : gene.peaks) {
    if (!cells.latent().contains(cell, peaks.at(peak))) continue;
    names += (names.empty() ? "" : ";") + peak;
  }
  return names;
}

/// Pearson's correlation of two peaks within a type.
double phi_of(const CsrPattern& by_peak, const CellTruth& cells, int32_t type, int32_t a,
              int32_t b) {
  double n = 0, in_a = 0, in_b = 0, in_both = 0;
  for (const int32_t each : cells.type) n += each == type ? 1 : 0;
  const auto second = by_peak.row(b);
  for (const int32_t cell : by_peak.row(a)) {
    if (cells.type[at(cell)] != type) continue;
    ++in_a;
    in_both += std::binary_search(second.begin(), second.end(), cell) ? 1 : 0;
  }
  for (const int32_t cell : second) in_b += cells.type[at(cell)] == type ? 1 : 0;
  const double p = in_a / n, q = in_b / n;
  return (in_both / n - p * q) / std::sqrt(p * (1 - p) * q * (1 - q));
}

/// Cells in which nothing but regulation and chance makes peaks open together.
SimulateOptions without_state() {
  auto options = simulate_preset("redundancy");
  options.atac_depth_sd = 0;
  options.programme_share = 0;
  return options;
}

struct Correlations {
  double mean = 0;
  double standard_error = 0;
};

/// Over types and pairs of peaks of each gene, as `pairs_of` names them.
template <typename PairsOf>
Correlations mean_phi(const SimulatedCells& cells, const PairsOf& pairs_of) {
  const auto by_peak = transpose(cells.latent());
  const auto peaks = testing::peak_indices(cells);
  std::vector<double> all;
  for (const auto& gene : cells.truth.genes) {
    for (const auto& [a, b] : pairs_of(gene)) {
      for (int32_t type = 0; type < std::ssize(cells.truth.types); ++type) {
        all.push_back(phi_of(by_peak, cells.cells, type, peaks.at(a), peaks.at(b)));
      }
    }
  }
  const auto n = static_cast<double>(all.size());
  const double mean = std::accumulate(all.begin(), all.end(), 0.0) / n;
  double squares = 0;
  for (const double phi : all) squares += (phi - mean) * (phi - mean);
  return {mean, std::sqrt(squares / n / n)};
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs_of_causes(const GeneTruth& gene) {
  Pairs pairs;
  for (size_t a = 0; a < gene.peaks.size(); ++a) {
    for (size_t b = a + 1; b < gene.peaks.size(); ++b) {
      pairs.emplace_back(gene.peaks[a], gene.peaks[b]);
    }
  }
  return pairs;
}

Pairs bystanders_with_causes(const GeneTruth& gene) {
  Pairs pairs;
  for (size_t i = 0; i < gene.bystanders.size(); ++i) {
    pairs.emplace_back(gene.bystanders[i], gene.bystander_of[i]);
  }
  return pairs;
}

TEST(RedundancyCells, CountAtEverySettingWhatTheTruthSays) {
  const auto& cells = redundancy_cells();
  const TrueRegulation regulation(cells.truth, cells.data.atac.var.index);
  const auto rates = settings_of(cells.truth);
  const auto peaks = testing::peak_indices(cells);
  const double phi = simulate_preset("redundancy").overdispersion;
  struct Sum {
    double measured = 0, expected = 0, variance = 0;
  };
  std::map<Regulation, std::pair<double, double>> chi2;  // and how many settings
  for (int64_t g = 0; g < regulation.genes(); ++g) {
    const auto& gene = cells.truth.genes[at(g)];
    if (gene.peaks.size() < 2) continue;
    std::map<std::string, Sum> sums;
    for (int64_t cell = 0; cell < cells.cells.size(); ++cell) {
      const int32_t type = cells.cells.type[at(cell)];
      const auto open = open_causes(cells, gene, peaks, cell);
      const double rate = regulation.acts(g, type) ? rates.at(gene.gene).at(open) : 1;
      const double mean =
          cells.cells.rna_size[at(cell)] * rate *
          regulation.state_rate(g, type, cells.cells.scores_of(cell), cells.cells.batch_of(cell));
      auto& sum = sums[open];
      sum.expected += mean;
      sum.variance += mean + phi * mean * mean;
      const auto genes = cells.data.rna.values.row_indices(cell);
      const auto found = std::lower_bound(genes.begin(), genes.end(), static_cast<int32_t>(g));
      if (found == genes.end() || *found != g) continue;
      sum.measured += static_cast<double>(
          cells.data.rna.values.row_values(cell)[static_cast<size_t>(found - genes.begin())]);
    }
    for (const auto& [open, sum] : sums) {
      auto& [total, settings] = chi2[gene.kind];
      total += (sum.measured - sum.expected) * (sum.measured - sum.expected) / sum.variance;
      ++settings;
    }
  }
  EXPECT_EQ(chi2.size(), 6u);
  for (const auto& [kind, sum] : chi2) {
    // One degree of freedom a setting; 4.5 of its standard deviations (the law has a longer tail
    // than the normal one).
    EXPECT_NEAR(sum.first, sum.second, 4.5 * std::sqrt(2 * sum.second)) << regulation_name(kind);
  }
}

TEST(RedundancyCells, CausesOpenTogetherAsAsked) {
  for (const double asked : {0.0, 0.4}) {
    auto options = without_state();
    options.cause_correlation = asked;
    const auto pairs = mean_phi(testing::simulated(options, 2), pairs_of_causes);
    EXPECT_NEAR(pairs.mean, asked, 4 * pairs.standard_error);
    EXPECT_LT(pairs.standard_error, 0.003);
  }
  auto options = without_state();
  options.cause_correlation = 0.6;
  options.triples = 1;
  const auto every_pair_of_three = mean_phi(testing::simulated(options, 2), pairs_of_causes);
  EXPECT_NEAR(every_pair_of_three.mean, 0.6, 4 * every_pair_of_three.standard_error);
}

TEST(RedundancyCells, OpeningTogetherChangesNoMeanOpennessAndNoMeanCount) {
  auto options = without_state();
  options.cause_correlation = 0.6;
  options.open_min = 0.1;
  options.open_max = 0.4;
  const auto cells = testing::simulated(options, 2);
  const auto by_peak = transpose(cells.latent());
  const auto peaks = testing::peak_indices(cells);
  const auto n = static_cast<double>(cells.cells.size());
  double chi2 = 0, pairs = 0;
  for (const auto& gene : cells.truth.genes) {
    if (gene.peaks.size() != 2) continue;
    const double p = static_cast<double>(by_peak.row(peaks.at(gene.peaks[0])).size()) / n;
    const double q = static_cast<double>(by_peak.row(peaks.at(gene.peaks[1])).size()) / n;
    const double mean = (p + q) / 2;
    chi2 += (p - q) * (p - q) * n / (2 * mean * (1 - mean) * (1 - options.cause_correlation));
    ++pairs;
  }
  // One degree of freedom a pair.
  EXPECT_NEAR(chi2, pairs, 4 * std::sqrt(2 * pairs)) << "causes are equally often open";

  options.closed_counts = false;
  options.count_spread = 0;
  options.rna_depth_sd = 0;
  options.overdispersion = 0;
  options.donor_shift = 0;
  options.regulated_state_loading = options.state_loading = 0;
  options.repressor_counts = 1;
  const auto counted = testing::simulated(options, 2);
  std::map<Regulation, double> totals;
  const auto& counts = counted.data.rna.values;
  for (size_t i = 0; i < counts.values.size(); ++i) {
    const auto gene = at(counts.pattern.indices[i]);
    totals[counted.truth.genes[gene].kind] += static_cast<double>(counts.values[i]);
  }
  for (const auto& [kind, total] : totals) {
    const double genes = kind == Regulation::kBuffered ? 60 : 30;
    const double expected = n * genes * options.median_count;
    // Poisson, and what the causes' openness adds to it: less than as much again. Were the causes
    // thought independent, either-of sets would count a tenth less.
    EXPECT_NEAR(total, expected, 4 * std::sqrt(2 * expected)) << regulation_name(kind);
  }
}

TEST(RedundancyCells, BystandersHaveTheCorrelationAndShareThatWereAsked) {
  auto options = without_state();
  options.bystander_correlation = 0.8;
  options.bystander_share = 0.5;
  const auto cells = testing::simulated(options, 2);
  const auto pairs = mean_phi(cells, bystanders_with_causes);
  EXPECT_NEAR(pairs.mean, 0.8, 4 * pairs.standard_error);
  double with = 0, sets = 0;
  for (const auto& gene : cells.truth.genes) {
    if (gene.kind == Regulation::kNone) continue;
    EXPECT_EQ(gene.bystanders.size(), gene.bystander_of.size());
    with += gene.bystanders.empty() ? 0 : 1;
    ++sets;
  }
  EXPECT_NEAR(with / sets, 0.5, 4 * std::sqrt(0.25 / sets));
}

TEST(RedundancyCells, RepressorsLowerTheCountsOfAThirdOfEachKind) {
  const auto& cells = redundancy_cells();
  const auto peaks = testing::peak_indices(cells);
  const auto by_gene = transpose(cells.data.rna.values);
  const TrueRegulation regulation(cells.truth, cells.data.atac.var.index);
  std::map<Regulation, std::array<int, 2>> kinds;  // that raise, that lower
  std::array<double, 2> change{}, sets{};
  for (size_t g = 0; g < cells.truth.genes.size(); ++g) {
    const auto& gene = cells.truth.genes[g];
    if (gene.kind == Regulation::kNone) continue;
    const size_t lowers = gene.effect > 0 ? 1 : 0;
    ++kinds[gene.kind][lowers];
    if (gene.types.size() != cells.truth.types.size()) continue;
    std::vector<double> counts(at(cells.cells.size()));
    const auto found = by_gene.row_indices(static_cast<int64_t>(g));
    for (size_t i = 0; i < found.size(); ++i) {
      counts[at(found[i])] = by_gene.row_values(static_cast<int64_t>(g))[i];
    }
    std::array<double, 2> sum{}, size{};  // all closed, all open
    for (int64_t cell = 0; cell < cells.cells.size(); ++cell) {
      size_t open = 0;
      for (const auto& peak : gene.peaks) {
        open += cells.latent().contains(cell, peaks.at(peak)) ? 1 : 0;
      }
      if (open != 0 && open != gene.peaks.size()) continue;
      sum[open == 0 ? 0 : 1] += counts[at(cell)];
      // Sizes go with openness, by the depth of a cell.
      size[open == 0 ? 0 : 1] +=
          cells.cells.rna_size[at(cell)] *
          regulation.state_rate(static_cast<int64_t>(g), cells.cells.type[at(cell)],
                                cells.cells.scores_of(cell), cells.cells.batch_of(cell));
    }
    change[lowers] += std::log(((sum[1] + 0.5) / size[1]) / ((sum[0] + 0.5) / size[0]));
    ++sets[lowers];
  }
  for (const auto& [kind, count] : kinds) {
    EXPECT_EQ(2 * count[1], count[0]) << regulation_name(kind);
  }
  // Whole sets change rates 2.5-fold up, 4-fold down; means over more than 40 sets of logs that
  // are known to about 0.15 each, and less where all open is rare.
  EXPECT_NEAR(change[0] / sets[0], std::log(2.5), 0.1);
  EXPECT_NEAR(change[1] / sets[1], -std::log(4.0), 0.15);
}

TEST(RedundancyCells, SetsActInOneTypeWhereAsked) {
  auto options = simulate_preset("tiny");
  options.one_type = 1;
  const auto cells = testing::simulated(options);
  for (const auto& gene : cells.truth.genes) {
    if (gene.kind == Regulation::kNone) continue;
    ASSERT_EQ(gene.types.size(), 1u);
    const auto highest = std::max_element(gene.base_rate.begin(), gene.base_rate.end());
    EXPECT_EQ(gene.types[0], cells.truth.types[at(highest - gene.base_rate.begin())]);
  }
  options.one_type = 0;
  options.acting_min = 1;
  for (const auto& gene : testing::simulated(options).truth.genes) {
    EXPECT_EQ(gene.types.size(), gene.kind == Regulation::kNone ? 0u : 3u);
  }
}

TEST(RedundancyCells, SetsHaveTheSizesThatWereAsked) {
  auto options = simulate_preset("redundancy");
  const auto sizes = [&](double triples) {
    options.triples = triples;
    std::map<size_t, double> counts;
    for (const auto& gene : simulation::draw_layout(options, 1).genes) {
      EXPECT_TRUE(gene.kind != Regulation::kQuorum || gene.causes.size() == 3);
      if (gene.kind == Regulation::kNone || gene.kind == Regulation::kQuorum) continue;
      ++counts[gene.causes.size()];
    }
    return counts;
  };
  EXPECT_EQ(sizes(0), (std::map<size_t, double>{{2, 180}}));
  EXPECT_EQ(sizes(1), (std::map<size_t, double>{{3, 180}}));
  EXPECT_NEAR(sizes(0.3)[3], 0.3 * 180, 4 * std::sqrt(0.21 * 180));
}

TEST(RedundancyCells, CountsCanBeSaidOfClosedCauses) {
  auto options = simulate_preset("redundancy");
  options.count_spread = 0;
  const auto cells = testing::simulated(options);
  std::vector<double> share(cells.truth.types.size());
  for (const int32_t type : cells.cells.type) {
    share[at(type)] += 1.0 / static_cast<double>(cells.cells.size());
  }
  for (const auto& gene : cells.truth.genes) {
    const double closed =
        std::inner_product(share.begin(), share.end(), gene.base_rate.begin(), 0.0);
    EXPECT_NEAR(closed, gene.effect > 0 ? 2.5 * 0.4 : 0.4, 1e-9);
  }
}

TEST(RedundancyCells, ThePresetIsWhatItSays) {
  const auto options = simulate_preset("redundancy");
  const auto cells = testing::simulated(options);
  std::map<std::string, int> kinds;
  std::vector<double> fold;
  for (const auto& gene : cells.truth.genes) {
    std::string kind = regulation_name(gene.kind);
    if (gene.kind == Regulation::kBuffered) kind += " " + format_number(gene.buffering);
    ++kinds[kind];
    if (gene.effect < 0) fold.push_back(std::exp(-gene.effect));
  }
  EXPECT_EQ(kinds, (std::map<std::string, int>{{"none", 30},
                                               {"additive", 30},
                                               {"multiplicative", 30},
                                               {"either", 30},
                                               {"together", 30},
                                               {"quorum", 30},
                                               {"buffered 0.3", 30},
                                               {"buffered 0.5", 30}}));
  EXPECT_NEAR(std::accumulate(fold.begin(), fold.end(), 0.0) / static_cast<double>(fold.size()),
              2.5, 0.05);

  const auto by_peak = transpose(cells.latent());
  const auto peaks = testing::peak_indices(cells);
  double open = 0, causes = 0;
  for (const auto& gene : cells.truth.genes) {
    for (const auto& peak : gene.peaks) {
      open += static_cast<double>(by_peak.row(peaks.at(peak)).size());
      ++causes;
    }
  }
  EXPECT_NEAR(open / causes / static_cast<double>(options.cells), 0.25, 0.02);
}

TEST(RedundancyCells, StrengthsOfWhatIsNotPlantedChangeNothing) {
  auto options = simulate_preset("tiny");
  const auto plain = testing::simulated(options);
  options.repressor_strength = options.repressor_counts = 3;
  options.buffered_shares = {0.1};
  const auto same = testing::simulated(options);
  EXPECT_EQ(plain.data.atac.values.pattern.indices, same.data.atac.values.pattern.indices);
  EXPECT_EQ(plain.data.rna.values.values, same.data.rna.values.values);
  EXPECT_EQ(truth_table(plain.truth).row(5), truth_table(same.truth).row(5));
}

TEST(RedundancyCells, AreAFunctionOfTheSeedForAnyNumberOfThreads) {
  auto options = simulate_preset("redundancy");
  options.cells = 300;
  options.cause_correlation = 0.4;
  options.one_type = 0.3;
  options.bystander_share = 0.5;
  const auto one = testing::simulated(options, 7, 1);
  const auto three = testing::simulated(options, 7, 3);
  EXPECT_EQ(one.data.atac.values.pattern.indices, three.data.atac.values.pattern.indices);
  EXPECT_EQ(one.data.rna.values.values, three.data.rna.values.values);
}

TEST(RedundancyCells, BufferedSetsNeedAHiddenShare) {
  auto options = simulate_preset("redundancy");
  options.buffered_shares.clear();
  try {
    validate(options, "simulate");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("--buffered-shares names none"));
  }
}

}  // namespace
}  // namespace grids::core
