/// All judged sets of a run together, in figures that power does not bias: a call needs power, so
/// the share of called sets says as much of cells and counts as of genes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "io/columns.hpp"

namespace grids::core {

/// What is read of each row of redundancy.tsv.
struct JudgedShare {
  double hidden = 0;
  double error = 0;            ///< standard, of `hidden`
  double counts = 0;           ///< in the scarcest setting
  double power = 0;            ///< the smaller of the two powers
  std::string call;
};

/// Of sets whose scarcest setting has as many counts.
struct SharesSummary {
  std::string counts;      ///< "all", "5 to 20", …
  int64_t sets = 0;        ///< judged
  double mean = 0;         ///< of H, by random effects (DerSimonian & Laird 1986)
  double mean_low = 0, mean_high = 0;  ///< its 95 % interval
  double spread = 0;       ///< τ: standard deviation of true H between sets
  /// Of H drawn towards the mean, each by its own error (empirical Bayes): quantiles.
  double lower_decile = 0, median = 0, upper_decile = 0;
  double powered = 0;      ///< share of sets with both powers at least 0.8
  std::vector<std::pair<std::string, int64_t>> calls;
};

/// Sets without a finite H and error are left out. First all, then those between counts of 5, 20,
/// 80 and more, so that runs of other depths can be held beside each other.
std::vector<SharesSummary> summarise_shares(std::span<const JudgedShare> sets);

/// From redundancy.tsv.
std::vector<JudgedShare> read_shares(const Table& redundancy);

/// redundancy_summary.tsv.
Table shares_table(std::span<const SharesSummary> summaries);
TableText describe_shares();

}  // namespace grids::core
