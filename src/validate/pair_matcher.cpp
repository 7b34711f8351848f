#include "validate/pair_matcher.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"

namespace grids::core {
namespace {

constexpr double kFactor = 1.5;       // between distances
constexpr double kBeside = 1000;      // bp that are added to both: near 0 all are alike
constexpr int64_t kFar = 10'000'000;  // bp; beyond it distance no longer matters
constexpr size_t kFewest = 5;         // matches, before openness is given up for more
constexpr size_t kMost = 200;         // matches of a pair
constexpr double kOpennessReach = 0.1;

/// At most `kMost`, evenly over all of them.
std::vector<int32_t> thinned(std::vector<int32_t> list) {
  if (list.size() <= kMost) return list;
  std::vector<int32_t> kept;
  kept.reserve(kMost);
  for (size_t i = 0; i < kMost; ++i) kept.push_back(list[i * list.size() / kMost]);
  return kept;
}

}  // namespace

PairMatcher::PairMatcher(const Pairs& pairs)
    : pairs_(pairs), finder_(pairs.peaks), member_(pairs.peaks.size(), 0) {
  if (!pairs.openness.empty()) peers_.emplace(pairs.openness);
}

void PairMatcher::begin(const PairSet& set) {
  if (set_ != nullptr) {
    for (const auto& member : set_->members) member_[at(member.peak)] = 0;
  }
  set_ = &set;
  for (const auto& member : set.members) member_[at(member.peak)] = 1;
}

std::vector<int32_t> PairMatcher::matches(int32_t peak) const {
  const PairGene& gene = pairs_.genes[at(set_->gene)];
  const auto distance = pair_distance(gene, pairs_.peaks[at(peak)]);
  if (!distance || *distance > kFar) return thinned(far_away(gene, peak));
  return thinned(open_as_often(peak, as_far(gene, peak, *distance)));
}

std::vector<int32_t> PairMatcher::as_far(const PairGene& gene, int32_t peak,
                                         int64_t distance) const {
  const double beside = static_cast<double>(distance) + kBeside;
  const auto nearest = static_cast<int64_t>(std::ceil(beside / kFactor - kBeside));
  const auto furthest = static_cast<int64_t>(std::floor(beside * kFactor - kBeside));
  std::vector<int32_t> found;
  finder_.overlapping(gene.chromosome, gene.sites.front() - furthest,
                      gene.sites.back() + furthest + 1, [&](int32_t other) {
                        if (other == peak || member_[at(other)] != 0) return;
                        const auto away = *pair_distance(gene, pairs_.peaks[at(other)]);
                        if (away >= nearest && away <= furthest) found.push_back(other);
                      });
  return found;
}

std::vector<int32_t> PairMatcher::far_away(const PairGene& gene, int32_t peak) const {
  std::vector<int32_t> found;
  const auto take = [&](int32_t other) {
    if (other == peak || member_[at(other)] != 0) return;
    const auto away = pair_distance(gene, pairs_.peaks[at(other)]);
    if (!away || *away > kFar) found.push_back(other);
  };
  if (peers_) {
    for (const int32_t other : peers_->around(peak, kMost / 2)) take(other);
    return found;
  }
  const auto step = std::max<size_t>(1, pairs_.peaks.size() / (2 * kMost));
  for (size_t i = 0; i < pairs_.peaks.size(); i += step) take(static_cast<int32_t>(i));
  return found;
}

std::vector<int32_t> PairMatcher::open_as_often(int32_t peak,
                                                const std::vector<int32_t>& candidates) const {
  if (!peers_) return candidates;
  const double open = peers_->quantile(peak);
  std::vector<int32_t> found;
  for (double reach = kOpennessReach; found.size() < kFewest && reach < 2; reach *= 2) {
    found.clear();
    for (const int32_t other : candidates) {
      if (std::abs(peers_->quantile(other) - open) <= reach) found.push_back(other);
    }
  }
  return found;
}

}  // namespace grids::core
