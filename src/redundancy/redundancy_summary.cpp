#include "redundancy/redundancy_summary.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/at.hpp"
#include "base/nan.hpp"
#include "math/random_effects.hpp"
#include "math/statistics.hpp"
#include "redundancy/redundancy_columns.hpp"
#include "redundancy/rule.hpp"

namespace grids::core {
namespace {

constexpr double kCountBounds[] = {5, 20, 80};
constexpr double kPowered = 0.8;
constexpr RedundancyCall kAllCalls[] = {
    RedundancyCall::kRedundant,         RedundancyCall::kQuorum,
    RedundancyCall::kCooperative,       RedundancyCall::kIndependent,
    RedundancyCall::kStandInsOrProxies, RedundancyCall::kNotCalled};

double at_share(const std::vector<double>& ascending, double share) {
  return ascending[static_cast<size_t>(
      std::lround(share * static_cast<double>(ascending.size() - 1)))];
}

SharesSummary summarise(std::string counts, std::span<const JudgedShare> sets) {
  SharesSummary summary;
  summary.counts = std::move(counts);
  summary.sets = std::ssize(sets);
  for (const auto call : kAllCalls) {
    const auto number = std::count_if(sets.begin(), sets.end(), [&](const JudgedShare& set) {
      return set.call == call_name(call);
    });
    summary.calls.emplace_back(call_name(call), number);
  }
  if (sets.empty()) {
    for (double* number :
         {&summary.mean, &summary.mean_low, &summary.mean_high, &summary.spread,
          &summary.lower_decile, &summary.median, &summary.upper_decile, &summary.powered}) {
      *number = kNaN;
    }
    return summary;
  }
  std::vector<Estimate> shares;
  shares.reserve(sets.size());
  for (const auto& set : sets) shares.push_back({set.hidden, set.error});
  const auto effects = random_effects(shares);
  const double reach = normal_upper_quantile(0.025) * effects.error;
  summary.mean = effects.mean;
  summary.mean_low = effects.mean - reach;
  summary.mean_high = effects.mean + reach;
  summary.spread = std::sqrt(effects.between);
  std::vector<double> shrunken;
  double powered = 0;
  for (const auto& set : sets) {
    shrunken.push_back(drawn_to_mean({set.hidden, set.error}, effects));
    powered += set.power >= kPowered ? 1 : 0;
  }
  std::sort(shrunken.begin(), shrunken.end());
  summary.lower_decile = at_share(shrunken, 0.1);
  summary.median = at_share(shrunken, 0.5);
  summary.upper_decile = at_share(shrunken, 0.9);
  summary.powered = powered / static_cast<double>(sets.size());
  return summary;
}

Columns<SharesSummary> shares_columns() {
  std::vector<Column<SharesSummary>> columns = {
      {column::kCountsRange, &SharesSummary::counts},
      {column::kJudgedSets, &SharesSummary::sets},
      {column::kMeanShare, &SharesSummary::mean},
      {column::kMeanShareLow, &SharesSummary::mean_low},
      {column::kMeanShareHigh, &SharesSummary::mean_high},
      {column::kShareSpread, &SharesSummary::spread},
      {column::kShareLowerDecile, &SharesSummary::lower_decile},
      {column::kShareMedian, &SharesSummary::median},
      {column::kShareUpperDecile, &SharesSummary::upper_decile},
      {column::kPoweredShare, &SharesSummary::powered}};
  for (size_t i = 0; i < std::size(kAllCalls); ++i) {
    columns.push_back({call_name(kAllCalls[i]), "sets with this call",
                       [i](const SharesSummary& row) { return row.calls[i].second; }});
  }
  return {
      "redundancy_summary.tsv",
      "a row for all judged sets and for each range of counts: figures that power does not bias",
      std::move(columns)};
}

}  // namespace

std::vector<JudgedShare> read_shares(const Table& redundancy) {
  std::vector<JudgedShare> sets;
  for (size_t i = 0; i < redundancy.rows(); ++i) {
    sets.push_back({redundancy.number(i, column::kHiddenShare),
                    redundancy.number(i, column::kHiddenError),
                    redundancy.number(i, column::kMeasuredCounts),
                    std::min(redundancy.number(i, column::kPowerRedundant),
                             redundancy.number(i, column::kPowerCooperative)),
                    redundancy.text(i, column::kCall),
                    std::isfinite(redundancy.number(i, column::kHiddenLow))});
  }
  return sets;
}

std::vector<SharesSummary> summarise_shares(std::span<const JudgedShare> sets) {
  std::vector<JudgedShare> usable;
  for (const auto& set : sets) {
    if (set.firm && std::isfinite(set.hidden) && std::isfinite(set.error) && set.error > 0) {
      usable.push_back(set);
    }
  }
  std::vector<SharesSummary> summaries = {summarise("all", usable)};
  for (size_t b = 0; b < std::size(kCountBounds); ++b) {
    const double least = kCountBounds[b];
    const bool last = b + 1 == std::size(kCountBounds);
    const double most = last ? std::numeric_limits<double>::infinity() : kCountBounds[b + 1];
    std::vector<JudgedShare> within;
    for (const auto& set : usable) {
      if (set.counts >= least && set.counts < most) within.push_back(set);
    }
    summaries.push_back(summarise(
        last ? fmt::format("{} and more", least) : fmt::format("{} to {}", least, most - 1),
        within));
  }
  return summaries;
}

Table shares_table(std::span<const SharesSummary> summaries) {
  return shares_columns().table(summaries);
}

TableText describe_shares() {
  return shares_columns().describe();
}

}  // namespace grids::core
