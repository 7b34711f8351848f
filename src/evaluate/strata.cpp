#include "evaluate/strata.hpp"

#include <cmath>

#include "base/at.hpp"
#include "base/nan.hpp"
#include "math/group_sample.hpp"

namespace grids::core {
namespace {

/// Sums over cells that have a value.
struct StratumMoments {
  double count = 0;
  double mean = 0;
  double square = 0;  // squared deviations of the influence
};

StratumMoments moments_of(std::span<const size_t> members, std::span<const double> values,
                          std::span<const double> influence) {
  StratumMoments result;
  double sum = 0;
  double influences = 0;
  for (const size_t i : members) {
    if (std::isnan(values[i])) continue;
    result.count += 1;
    sum += values[i];
    influences += influence[i];
  }
  result.mean = sum / result.count;
  for (const size_t i : members) {
    if (std::isnan(values[i])) continue;
    const double gap = influence[i] - influences / result.count;
    result.square += gap * gap;
  }
  return result;
}

/// A part of what is estimated: its weight, value and variance.
struct StratumPart {
  double weight;
  double value;
  double variance;
};

/// Σ weight · value over Σ weight.
CellMean combined(std::span<const StratumPart> parts) {
  double weight = 0;
  double value = 0;
  double variance = 0;
  for (const StratumPart& part : parts) {
    weight += part.weight;
    value += part.weight * part.value;
    variance += part.weight * part.weight * part.variance;
  }
  if (weight == 0) return {kNaN, kNaN};
  return {value / weight, std::sqrt(variance) / weight};
}

}  // namespace

Strata::Strata(std::span<const int32_t> types, int64_t type_count, std::span<const int32_t> asked)
    : sizes_(group_sizes(types, type_count)),
      members_(at(type_count)),
      stand_for_(asked.size()),
      judged_(static_cast<double>(types.size())) {
  for (size_t i = 0; i < asked.size(); ++i) members_[at(types[at(asked[i])])].push_back(i);
  for (size_t type = 0; type < members_.size(); ++type) {
    for (const size_t i : members_[type]) {
      stand_for_[i] = sizes_[type] / static_cast<double>(members_[type].size());
    }
  }
}

CellMean Strata::mean(std::span<const double> values, std::span<const double> influence) const {
  std::vector<StratumMoments> moments;
  StratumMoments pooled;  // within types
  for (const auto& members : members_) {
    moments.push_back(moments_of(members, values, influence));
    if (moments.back().count < 2) continue;
    pooled.count += moments.back().count - 1;
    pooled.square += moments.back().square;
  }
  std::vector<StratumPart> parts;
  for (size_t type = 0; type < moments.size(); ++type) {
    const StratumMoments& mine = moments[type];
    if (mine.count == 0) continue;
    const double variance =
        mine.count < 2 ? pooled.square / pooled.count : mine.square / (mine.count - 1);
    parts.push_back({sizes_[type], mine.mean, variance / mine.count});
  }
  return combined(parts);
}

CellMean Strata::mean_of_type(int32_t type, std::span<const double> values,
                              std::span<const double> influence) const {
  const StratumMoments mine = moments_of(members_[at(type)], values, influence);
  if (mine.count == 0) return {kNaN, kNaN};
  if (mine.count < 2) return {mine.mean, kNaN};
  return {mine.mean, std::sqrt(mine.square / (mine.count - 1) / mine.count)};
}

CellMean Strata::share_of_type(int32_t type, std::span<const double> holds) const {
  double right = 0;
  const auto& members = members_[at(type)];
  for (const size_t i : members) right += holds[i];
  const auto count = static_cast<double>(members.size());
  if (count == 0) return {kNaN, kNaN};
  const double smoothed = (right + 1) / (count + 2);
  return {right / count, std::sqrt(smoothed * (1 - smoothed) / count)};
}

CellMean Strata::share(std::span<const double> holds) const {
  std::vector<StratumPart> parts;
  for (int32_t type = 0; type < type_count(); ++type) {
    const CellMean mine = share_of_type(type, holds);
    if (std::isnan(mine.value)) continue;
    parts.push_back({size(type), mine.value, mine.standard_error * mine.standard_error});
  }
  return combined(parts);
}

CellMean Strata::balanced_share(std::span<const double> holds) const {
  std::vector<StratumPart> parts;
  for (int32_t type = 0; type < type_count(); ++type) {
    const CellMean mine = share_of_type(type, holds);
    if (std::isnan(mine.value)) continue;
    parts.push_back({1, mine.value, mine.standard_error * mine.standard_error});
  }
  return combined(parts);
}

}  // namespace grids::core
