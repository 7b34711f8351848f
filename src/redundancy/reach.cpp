#include "redundancy/reach.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <span>

#include "base/at.hpp"
#include "math/dispersion.hpp"
#include "math/statistics.hpp"
#include "redundancy/seen_together.hpp"

namespace grids::core {
namespace {

constexpr double kNothingShown = std::numeric_limits<double>::quiet_NaN();
constexpr double kShownAt = 0.05;
constexpr double kShownHowOften = 0.8;
constexpr size_t kPair = 2;
constexpr size_t kPairSettings = 4;
/// Genes beside a quantile whose median dispersion is taken.
constexpr size_t kLikeGenes = 15;

/// What a count of this mean is worth for a log rate.
double weight_of_count(double mean, double dispersion) {
  return mean / (1 + dispersion * mean);
}

/// Rates of the four settings beside that with none seen open, where either element suffices.
std::array<double, kPairSettings> seen_rates(const ReachCase& given, double fold) {
  // Independent elements: what is open unseen does not depend on the other.
  const double missed = missed_chance(given.open, given.capture);
  const double none = 1 + (fold - 1) * (1 - (1 - missed) * (1 - missed));
  return {1, fold / none, fold / none, fold / none};
}

std::array<double, kPairSettings> seen_settings(double open) {
  const double closed = 1 - open;
  return {closed * closed, open * closed, open * closed, open * open};
}

/// Cells of each setting, as many as seen on average.
std::vector<Setting> expected_settings(const ReachCase& given) {
  const auto shares = seen_settings(given.open);
  std::vector<Setting> settings;
  double until = 0;
  for (Setting s = 0; s < kPairSettings; ++s) {
    until += shares[s] * given.cells;
    while (static_cast<double>(settings.size()) + 0.5 <= until) settings.push_back(s);
  }
  return settings;
}

/// Cells of a type, or of all, and what is asked of them.
struct ReachCells {
  std::vector<int32_t> all;
  int64_t test = 0;
  std::vector<double> gene_counts;  ///< mean of a cell, by gene
  double open = 0;                  ///< of the typical peak
};

/// The median share among peaks that are open in `least` of the cells; the most open peak's where
/// none is.
double typical_openness(const Study& study, std::span<const int32_t> cells, double least) {
  std::vector<int64_t> open(at(study.peaks.size()), 0);
  for (const int32_t cell : cells) {
    for (const int32_t peak : study.open.row(cell)) ++open[at(peak)];
  }
  const auto count = static_cast<double>(cells.size());
  std::vector<double> shares;
  for (const int64_t each : open) {
    const double share = static_cast<double>(each) / count;
    // A peak that is open everywhere tells nothing apart.
    if (share >= least && share <= 1 - least) shares.push_back(share);
  }
  if (shares.empty()) {
    const auto most = *std::max_element(open.begin(), open.end());
    return std::min(static_cast<double>(most) / count, 1 - least);
  }
  std::sort(shares.begin(), shares.end());
  return sorted_quantile(shares, 0.5);
}

/// No type: all.
ReachCells cells_that_reach(const Study& study, std::optional<int32_t> type, double least_open) {
  ReachCells result;
  for (int32_t cell = 0; cell < study.cells.size(); ++cell) {
    if (type && study.cells.type.codes[at(cell)] != *type) continue;
    result.all.push_back(cell);
    result.test += study.cells.split[at(cell)] == Split::kTest ? 1 : 0;
  }
  result.gene_counts.assign(at(study.genes.size()), 0);
  for (const int32_t cell : result.all) {
    const auto genes = study.counts.pattern.row(cell);
    const auto counts = study.counts.row_values(cell);
    for (size_t k = 0; k < genes.size(); ++k) result.gene_counts[at(genes[k])] += counts[k];
  }
  for (double& counts : result.gene_counts) counts /= static_cast<double>(result.all.size());
  result.open = typical_openness(study, result.all, least_open);
  return result;
}

/// Genes whose mean counts are nearest to a quantile of those that are seen at all.
std::vector<int32_t> genes_at(const ReachCells& cells, double quantile) {
  std::vector<int32_t> seen;
  for (size_t gene = 0; gene < cells.gene_counts.size(); ++gene) {
    if (cells.gene_counts[gene] > 0) seen.push_back(static_cast<int32_t>(gene));
  }
  if (seen.empty()) return seen;
  std::sort(seen.begin(), seen.end(), [&](int32_t a, int32_t b) {
    const double of_a = cells.gene_counts[at(a)], of_b = cells.gene_counts[at(b)];
    return of_a != of_b ? of_a < of_b : a < b;
  });
  const size_t count = std::min(kLikeGenes, seen.size());
  const auto middle =
      static_cast<size_t>(std::lround(quantile * static_cast<double>(seen.size() - 1)));
  const size_t first = std::min(middle - std::min(middle, count / 2), seen.size() - count);
  return {seen.begin() + static_cast<std::ptrdiff_t>(first),
          seen.begin() + static_cast<std::ptrdiff_t>(first + count)};
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return sorted_quantile(values, 0.5);
}

/// Counts of a gene in the cells.
std::vector<double> counts_of(const Study& study, const ReachCells& cells, int32_t gene) {
  std::vector<double> counts;
  counts.reserve(cells.all.size());
  for (const int32_t cell : cells.all) {
    const auto row = study.counts.pattern.row(cell);
    const auto found = std::lower_bound(row.begin(), row.end(), gene);
    const bool is_there = found != row.end() && *found == gene;
    counts.push_back(is_there ? study.counts.row_values(cell)[at(found - row.begin())] : 0);
  }
  return counts;
}

/// Counts as total RNA and type have them: each type has a rate.
std::vector<double> expected_counts(const Study& study, const ReachCells& cells,
                                    std::span<const double> counts) {
  std::vector<double> sums(study.cells.type.names.size()), depths(sums.size());
  for (size_t i = 0; i < counts.size(); ++i) {
    const auto type = at(study.cells.type.codes[at(cells.all[i])]);
    sums[type] += counts[i];
    depths[type] += study.cells.total_rna[at(cells.all[i])];
  }
  std::vector<double> expected;
  expected.reserve(counts.size());
  for (const int32_t cell : cells.all) {
    const auto type = at(study.cells.type.codes[at(cell)]);
    // A type without a count of the gene is expected to have next to none.
    const double rate = std::max(sums[type], 0.1) / depths[type];
    expected.push_back(rate * study.cells.total_rna[at(cell)]);
  }
  return expected;
}

/// The dispersion at which a cell of mean counts is worth what the cells are on average.
double dispersion_of_mean_cell(std::span<const double> counts, std::span<const double> expected) {
  constexpr double kLeast = 1e-4, kMost = 1e3;
  const auto n = static_cast<double>(counts.size());
  const double own = moment_dispersion(counts, expected, std::max(n - 1, 1.0), kLeast, kMost);
  double worth = 0, mean = 0;
  for (const double each : expected) {
    worth += weight_of_count(each, own) / n;
    mean += each / n;
  }
  return std::max(0.0, (mean / worth - 1) / mean);
}

/// Mean counts and dispersion of genes that are alike: medians.
ReachCase gene_at(const Study& study, const ReachCells& cells, double quantile) {
  ReachCase result;
  std::vector<double> means, dispersions;
  for (const int32_t gene : genes_at(cells, quantile)) {
    const auto counts = counts_of(study, cells, gene);
    means.push_back(cells.gene_counts[at(gene)]);
    dispersions.push_back(dispersion_of_mean_cell(counts, expected_counts(study, cells, counts)));
  }
  if (means.empty()) return result;
  result.counts = median_of(std::move(means));
  result.dispersion = median_of(std::move(dispersions));
  return result;
}

}  // namespace

double smallest_fold(const ReachCase& given) {
  if (!(given.open > 0) || !(given.open < 1) || !(given.counts > 0)) return kNothingShown;
  const double information =
      given.cells * weight_of_count(given.counts, given.dispersion) * given.open * (1 - given.open);
  const double reach = normal_upper_quantile(kShownAt) + normal_upper_quantile(1 - kShownHowOften);
  const double seen = std::exp(reach / std::sqrt(information));
  const double missed = missed_chance(given.open, given.capture);
  if (missed * seen >= 1) return kNothingShown;
  return seen * (1 - missed) / (1 - missed * seen);
}

PairReach reach_of_pair(const ReachCase& given, double fold, const RuleOptions& rule,
                        const SettingRateOptions& options, RandomStream& random) {
  const auto shares = seen_settings(given.open);
  const auto relative = seen_rates(given, fold);
  const double mean_rate = std::inner_product(shares.begin(), shares.end(), relative.begin(), 0.0);
  SettingRates rates;
  rates.elements = kPair;
  rates.covariance.assign(kPairSettings * kPairSettings, 0);
  rates.freedom = std::numeric_limits<double>::infinity();
  std::array<double, kPairSettings> variance{};
  for (size_t s = 0; s < kPairSettings; ++s) {
    const double cells = given.cells * shares[s];
    const double mean = given.counts * relative[s] / mean_rate;
    const double counts = cells * mean;
    if (cells < static_cast<double>(options.min_cells) || counts < options.min_counts) {
      return {kNothingShown, kNothingShown};
    }
    if (counts < options.few_counts) {
      rates.freedom = std::min(rates.freedom, std::max(kLeastFreedom, counts));
    }
    variance[s] = 1 / (cells * weight_of_count(mean, given.dispersion));
    rates.log_rate.push_back(std::log(relative[s]));
  }
  for (size_t s = 1; s < kPairSettings; ++s) {
    for (size_t t = 1; t < kPairSettings; ++t) {
      rates.covariance[s * kPairSettings + t] = variance[0] + (s == t ? variance[s] : 0);
    }
  }
  const auto settings = expected_settings(given);
  const std::vector<int32_t> strata(settings.size(), 0);
  const SeenTogether seen(kPair, settings, strata);
  const auto judged = judge_rates(rates, seen, given.capture, rule, random);
  return {judged.power_redundant, judged.detectable <= 1 ? judged.detectable : kNothingShown};
}

std::vector<ReachRow> reach_of(const Study& study, const ReachOptions& options,
                               const Context& context) {
  std::vector<std::optional<int32_t>> kinds = {std::nullopt};
  const auto& types = study.cells.type.names;
  for (size_t type = 0; type < types.size(); ++type) kinds.emplace_back(static_cast<int32_t>(type));
  std::vector<ReachRow> rows;
  for (const auto& type : kinds) {
    context.check_cancelled();
    const auto cells = cells_that_reach(study, type, options.least_open);
    for (const double quantile : options.quantiles) {
      ReachCase gene = gene_at(study, cells, quantile);
      gene.open = cells.open;
      gene.cells = static_cast<double>(cells.test);
      for (const double capture : options.captures) {
        ReachRow row;
        row.cell_type = type ? types[at(*type)] : kAllTypes;
        row.quantile = quantile;
        row.test = gene;
        row.test.capture = capture;
        row.cells = static_cast<double>(cells.all.size());
        row.fold = smallest_fold(row.test);
        ReachCase all = row.test;
        all.cells = row.cells;
        // One stream a row: rows do not depend on each other.
        RandomStream random(context.seed, Purpose::kRedundancy, 0,
                            static_cast<uint32_t>(rows.size()));
        row.of_test = reach_of_pair(row.test, options.fold, options.rule, {}, random);
        row.of_cells = reach_of_pair(all, options.fold, options.rule, {}, random);
        rows.push_back(std::move(row));
      }
    }
  }
  return rows;
}

}  // namespace grids::core
